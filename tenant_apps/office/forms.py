from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenant_apps.stock.models import Movement

ACTS = (Movement.Reason.RECEPTION, Movement.Reason.COUNT, Movement.Reason.WASTE)


class MovementForm(forms.Form):
    """A reception, a count or a waste, in the ingredient's unit."""

    reason = forms.ChoiceField(label=_("What happened"), choices=[(reason.value, reason.label) for reason in ACTS])
    quantity = forms.DecimalField(
        label=_("Quantity"), min_value=Decimal(0), max_digits=12, decimal_places=2, localize=True
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reason") == Movement.Reason.WASTE and not data.get("note", "").strip():
            self.add_error("note", _("Say why it is thrown away: out of date, dropped, burnt, a mistake…"))
        return data


class ThresholdForm(forms.Form):
    """In the ingredient's unit."""

    low_threshold = forms.DecimalField(
        label=_("Warn under"), min_value=Decimal(0), max_digits=12, decimal_places=2, localize=True
    )
    par = forms.DecimalField(
        label=_("Restock up to"), min_value=Decimal(0), max_digits=12, decimal_places=2, localize=True
    )


class ResolutionForm(forms.Form):
    resolution = forms.CharField(max_length=200)
