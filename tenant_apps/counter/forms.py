from decimal import ROUND_HALF_UP, Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from tenant_apps.payments.models import Payment


class PaymentForm(forms.Form):
    """Money taken: by default all that is due."""

    means = forms.ChoiceField(label=_("Means of payment"), choices=Payment.Means)
    amount = forms.DecimalField(label=_("Amount (€)"), min_value=Decimal("0.01"), decimal_places=2, localize=True)
    submission = forms.UUIDField(widget=forms.HiddenInput)

    @property
    def cents(self) -> int:
        return int((self.cleaned_data["amount"] * 100).to_integral_value(ROUND_HALF_UP))
