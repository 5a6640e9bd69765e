import uuid

from django import forms

from tenant_apps.payments.models import Payment


class HandOverForm(forms.Form):
    """What is still due is taken with the order itself."""

    means = forms.ChoiceField(choices=[("", ""), *Payment.Means.choices], required=False)
    submission = forms.UUIDField(required=False)

    @property
    def means_taken(self) -> Payment.Means | None:
        return Payment.Means(self.cleaned_data["means"]) if self.cleaned_data["means"] else None

    @property
    def act(self) -> uuid.UUID | None:
        return self.cleaned_data["submission"]
