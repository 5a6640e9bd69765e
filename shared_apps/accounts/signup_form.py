"""Apart from the other forms: django-allauth imports it while it makes its own."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import User
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from tenants.requests import Request


class SignupForm(forms.Form):
    """What we ask beside the e-mail and the password."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = forms.CharField(
        label=_("Phone"),
        max_length=24,
        help_text=_("The pizzeria calls only about an order."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    field_order = ("name", "email", "phone", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"email": _("E-mail"), "password1": _("Password")}
        for field, label in labels.items():
            if field in self.fields:
                self.fields[field].label = label
        if "password1" in self.fields:
            self.fields["password1"].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
            self.fields["password1"].help_text = _("At least 10 characters.")

    def clean_phone(self) -> str:
        try:
            return phones.parse(self.cleaned_data["phone"])
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None

    def signup(self, request: Request, user: User) -> None:
        user.name, user.phone = self.cleaned_data["name"], self.cleaned_data["phone"]
        user.email = user.email.lower()
        user.save()
