from django import forms
from django.utils.translation import gettext_lazy as _


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
