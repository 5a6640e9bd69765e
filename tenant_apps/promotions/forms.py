import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import EurosField

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class VoucherForm(forms.Form):
    """A promotional code: a percentage or a sum, for a time."""

    code = forms.RegexField(
        r"^\s*[A-Za-z0-9-]{3,20}\s*$",
        label=_("Code"),
        help_text=_("3 to 20 letters and digits"),
        error_messages={"invalid": _("3 to 20 letters and digits, no accent.")},
    )
    label = forms.CharField(label=_("What the customer reads"), max_length=80)
    percent = forms.IntegerField(label=_("Percentage"), min_value=1, max_value=100, required=False)
    amount_cents = EurosField(label=_("or a sum (€)"), required=False)
    minimum_cents = EurosField(label=_("From an order of (€)"), required=False)
    first_date = forms.DateField(label=_("From"), widget=DATE)
    last_date = forms.DateField(label=_("Until"), widget=DATE)
    uses_limit = forms.IntegerField(
        label=_("Number of uses"), min_value=1, required=False, help_text=_("Empty: without limit")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data["percent"]) == bool(data["amount_cents"]):
            self.add_error("percent", _("Give a percentage or a sum, not both."))
        first, last = data.get("first_date"), data.get("last_date")
        if isinstance(first, dt.date) and isinstance(last, dt.date) and last < first:
            self.add_error("last_date", _("It would end before it begins."))
        return data

    @property
    def values(self) -> dict[str, Any]:
        """As `services.create` takes them."""
        data = self.cleaned_data
        names = ("code", "label", "percent", "first_date", "last_date", "uses_limit")
        kept = {name: data[name] for name in names}
        return kept | {"amount_cents": data["amount_cents"] or None, "minimum_cents": data["minimum_cents"] or 0}


class GroupVoucherForm(VoucherForm):
    """The same code in the pizzerias that head office chooses."""

    pizzerias = forms.TypedMultipleChoiceField(
        label=_("Pizzerias"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose a pizzeria at least.")},
    )  # fmt: skip

    def __init__(self, *args: Any, pizzerias: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pizzerias"].choices = pizzerias  # type: ignore[attr-defined]
