from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from tenant_apps.orders.forms import ADDRESS, CheckoutForm
from tenant_apps.orders.models import Order, RemakeReason
from tenant_apps.orders.services import rush
from tenant_apps.payments.models import Payment

# What stays with a draft that is parked or handed over.
TYPED = ("phone", "name", "channel", "mode", "street", "postcode", "city", "details", "note", "allergy_note")


class PaymentForm(forms.Form):
    """Money taken: by default all that is due."""

    means = forms.ChoiceField(label=_("Means of payment"), choices=Payment.Means)
    amount = forms.DecimalField(label=_("Amount (€)"), min_value=Decimal("0.01"), decimal_places=2, localize=True)
    submission = forms.UUIDField(widget=forms.HiddenInput)

    @property
    def cents(self) -> int:
        return int((self.cleaned_data["amount"] * 100).to_integral_value(ROUND_HALF_UP))


class TakingForm(CheckoutForm):
    """What the caller says, the phone number first."""

    channel = forms.ChoiceField(
        label=_("Taken"),
        choices=[(Order.Channel.PHONE, _("On the phone")), (Order.Channel.COUNTER, _("At the counter"))],
    )
    mode = forms.ChoiceField(
        label=_("How"),
        choices=[(mode, mode.label) for mode in (ServiceMode.COLLECTION, ServiceMode.DELIVERY, ServiceMode.EAT_IN)],
    )
    paid_by = forms.ChoiceField(
        label=_("Paid now"), choices=[("", _("No, later")), *Payment.Means.choices], required=False
    )
    field_order = ("phone", "name", "channel", "mode", "street", "postcode", "city", "details", "when", "note")

    def leave_out_the_address(self) -> None:
        """One page takes every mode: the address stays on it, and is asked for only when it is needed."""
        for name in ADDRESS:
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("paid_by") and data.get("channel") == Order.Channel.PHONE:
            self.add_error("paid_by", _("Somebody on the phone pays nothing now: at the counter only."))
        return data


class RushForm(forms.Form):
    minutes = forms.TypedChoiceField(choices=[(minutes, minutes) for minutes in rush.RUSH_MINUTES], coerce=int)


class ClosingForm(forms.Form):
    """What is closed or opened again: one mode or all; no minutes is until the end of the service."""

    channel = forms.ChoiceField(choices=[*((mode.value, mode.label) for mode in rush.CLOSED_UNTIL), ("all", "all")])
    minutes_closed = forms.TypedChoiceField(
        choices=[("", ""), *((minutes, minutes) for minutes in rush.CLOSED_MINUTES)],
        coerce=int,
        empty_value=None,
        required=False,
    )

    @property
    def modes(self) -> list[ServiceMode]:
        channel = self.cleaned_data["channel"]
        return list(rush.CLOSED_UNTIL) if channel == "all" else [ServiceMode(channel)]

    @property
    def minutes(self) -> int | None:
        return self.cleaned_data["minutes_closed"]


class PriceForm(forms.Form):
    """A lower price of one piece of a line, and why."""

    line = forms.IntegerField()
    price = forms.DecimalField(min_value=Decimal(0), max_value=Decimal(999), decimal_places=2, localize=True)
    reason = forms.CharField(max_length=120)

    @property
    def cents(self) -> int:
        return int((self.cleaned_data["price"] * 100).to_integral_value(ROUND_HALF_UP))


class RemakeForm(forms.Form):
    """Why, and how many of each line: `line-<id>` is the pieces of one."""

    reason = forms.ChoiceField(choices=RemakeReason)
    words = forms.CharField(max_length=200, required=False)
    submission = forms.UUIDField()

    @property
    def quantities(self) -> dict[int, int]:
        sent = ((name.removeprefix("line-"), str(self.data[name])) for name in self.data if name.startswith("line-"))
        return {int(key): int(pieces) for key, pieces in sent if key.isdecimal() and pieces.isdecimal()}


class PeriodForm(forms.Form):
    """Business days, both included."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class BlockForm(forms.Form):
    phone = forms.CharField(label=_("Phone"), max_length=24, widget=forms.TextInput(attrs={"inputmode": "tel"}))
    reason = forms.CharField(label=_("Reason"), max_length=200)
    until_date = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("Empty: for ever"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_phone(self) -> str:
        try:
            return phones.parse(self.cleaned_data["phone"])
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None
