from django import forms
from django.http import QueryDict  # noqa: TID251  what a form was sent with
from django.utils.translation import gettext_lazy as _

PIN_FIELD = "operator_pin"
NOT_CARRIED = {PIN_FIELD, "csrfmiddlewaretoken"}


def carried(posted: QueryDict) -> list[tuple[str, str]]:
    """What an act was sent with, to be sent again with a PIN."""
    return [(name, value) for name, values in posted.lists() if name not in NOT_CARRIED for value in values]


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code of the device"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "autofocus": True}),
    )


class PasswordForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    code = forms.CharField(
        label=_("Code of your phone"),
        required=False,
        max_length=12,
        help_text=_("If you have one; a rescue code is good as well."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PinForm(forms.Form):
    """Somebody chooses their PIN."""

    pin = forms.CharField(
        label=_("New PIN"),
        max_length=6,
        help_text=_("4 to 6 digits, for the tablets and tills of this pizzeria."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric", "pattern": "[0-9]*"}),
    )
