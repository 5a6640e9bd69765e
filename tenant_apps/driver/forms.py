from django import forms

from tenant_apps.payments.models import Payment


class DeliveredForm(forms.Form):
    """What was due is taken at the door."""

    means = forms.ChoiceField(choices=[("", ""), *Payment.Means.choices], required=False)
    submission = forms.UUIDField(required=False)
