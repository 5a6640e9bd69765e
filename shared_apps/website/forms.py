from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.forms import OwnPasswordForm
from shared_apps.catalogue.models import Allergen
from shared_apps.core import phones
from shared_apps.core.errors import RuleError


class AddressForm(forms.Form):
    """An address, a postcode or a town; or the position that the visitor's phone gave."""

    address = forms.CharField(
        label=_("Your address, postcode or town"),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address", "enterkeyhint": "search"}),
    )
    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, widget=forms.HiddenInput)
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if not data.get("address") and (data.get("latitude") is None or data.get("longitude") is None):
            self.add_error("address", _("Give an address, a postcode or a town."))
        return data


class DetailsForm(forms.Form):
    """What somebody changes of their own account."""

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
    wants_steps = forms.BooleanField(label=_("E-mails at each step of my orders"), required=False)

    def clean_phone(self) -> str:
        try:
            return phones.parse(self.cleaned_data["phone"])
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None


class AllergensForm(forms.Form):
    """The 14 allergens; what is ticked is kept with consent, nothing ticked forgets it all."""

    allergens = forms.MultipleChoiceField(
        label=_("My allergies"), choices=Allergen, required=False, widget=forms.CheckboxSelectMultiple
    )
    agreed = forms.BooleanField(label=_("My agreement"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("allergens") and not data.get("agreed"):
            self.add_error("agreed", _("Tick that you agree: without it we keep no allergy."))
        return data


class ErasureForm(OwnPasswordForm):
    """Whose account it is, typed once more."""
