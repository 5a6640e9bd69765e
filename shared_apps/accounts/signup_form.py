"""Apart from the other forms: django-allauth imports it while it makes its own."""

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import User
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from tenants.requests import Request


class SignupForm(forms.Form):
    """What we ask beside the e-mail and the password."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        error_messages={"required": _("Give a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=24,
        help_text=_("The pizzeria calls only about an order."),
        error_messages={"required": phones.WANTED},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    field_order = ("name", "email", "phone", "password1")

    def clean_phone(self) -> str:
        try:
            return phones.parse(self.cleaned_data["phone"])
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None

    def signup(self, request: Request, user: User) -> None:
        user.name, user.phone = self.cleaned_data["name"], self.cleaned_data["phone"]
        user.email = user.email.lower()
        user.save()
