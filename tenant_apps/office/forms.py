from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Ingredient
from tenant_apps.stock.models import Movement

ACTS = (Movement.Reason.RECEPTION, Movement.Reason.COUNT, Movement.Reason.WASTE)


class MovementForm(forms.Form):
    """A reception, a count or a waste, in the ingredient's unit."""

    reason = forms.ChoiceField(label=_("What happened"), choices=[(reason.value, reason.label) for reason in ACTS])
    quantity = forms.DecimalField(
        label=_("Quantity"), min_value=Decimal(0), max_digits=12, decimal_places=2, localize=True
    )
    waste_reason = forms.ChoiceField(
        label=_("Why, for a waste"), choices=[("", "—"), *Movement.WasteReason.choices], required=False
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reason") == Movement.Reason.WASTE and not data.get("waste_reason"):
            self.add_error("waste_reason", _("Say why it is thrown away: out of date, dropped, burnt, a mistake…"))
        return data

    @property
    def why(self) -> Movement.WasteReason:
        return Movement.WasteReason(self.cleaned_data["waste_reason"] or Movement.WasteReason.OTHER)


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


class SubstitutionForm(forms.Form):
    """An ingredient that another stands for: how much of it for 1 unit of the other, why, until when."""

    replaced = forms.ModelChoiceField(label=_("Ingredient replaced"), queryset=Ingredient.objects.all())
    replacement = forms.ModelChoiceField(
        label=_("Used in its place"), queryset=Ingredient.objects.filter(allergens_declared=True)
    )
    ratio = forms.DecimalField(
        label=_("How much of it for 1 of the other"),
        initial=1,
        min_value=Decimal("0.0001"),
        max_digits=8,
        decimal_places=4,
        localize=True,
        help_text=_("In their units: 1 for as much, 1.5 for half as much again."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    until_at = forms.DateTimeField(
        label=_("Until"),
        required=False,
        help_text=_("Empty: until somebody ends it."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class TakingsForm(forms.Form):
    jour = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
