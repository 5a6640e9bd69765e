from decimal import Decimal

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


class ResolutionForm(forms.Form):
    resolution = forms.CharField(max_length=200)
