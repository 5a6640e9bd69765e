from decimal import ROUND_HALF_UP, Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from tenant_apps.orders.forms import ADDRESS, CheckoutForm
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import rush
from tenant_apps.payments.models import Payment


class PaymentForm(forms.Form):
    """Money taken: by default all that is due."""

    means = forms.ChoiceField(label=_("Means of payment"), choices=Payment.Means)
    amount = forms.DecimalField(label=_("Amount (€)"), min_value=Decimal("0.01"), decimal_places=2, localize=True)
    submission = forms.UUIDField(widget=forms.HiddenInput)

    @property
    def cents(self) -> int:
        return int((self.cleaned_data["amount"] * 100).to_integral_value(ROUND_HALF_UP))


class TakingForm(CheckoutForm):
    """What the caller says, the phone number first."""

    channel = forms.ChoiceField(
        label=_("Taken"),
        choices=[(Order.Channel.PHONE, _("On the phone")), (Order.Channel.COUNTER, _("At the counter"))],
    )
    mode = forms.ChoiceField(
        label=_("How"),
        choices=[(mode, mode.label) for mode in (ServiceMode.COLLECTION, ServiceMode.DELIVERY, ServiceMode.EAT_IN)],
    )
    field_order = ("phone", "name", "channel", "mode", "street", "postcode", "city", "details", "when", "note")

    def leave_out_the_address(self) -> None:
        """One page takes every mode: the address stays on it, and is asked for only when it is needed."""
        for name in ADDRESS:
            self.fields[name].required = False


class RushForm(forms.Form):
    minutes = forms.TypedChoiceField(choices=[(minutes, minutes) for minutes in rush.RUSH_MINUTES], coerce=int)


class ClosingForm(forms.Form):
    """What is closed or opened again: one mode or all; no minutes is until the end of the service."""

    channel = forms.ChoiceField(choices=[*((mode.value, mode.label) for mode in rush.CLOSED_UNTIL), ("all", "all")])
    minutes_closed = forms.TypedChoiceField(
        choices=[("", ""), *((minutes, minutes) for minutes in rush.CLOSED_MINUTES)],
        coerce=int,
        empty_value=None,
        required=False,
    )

    @property
    def modes(self) -> list[ServiceMode]:
        channel = self.cleaned_data["channel"]
        return list(rush.CLOSED_UNTIL) if channel == "all" else [ServiceMode(channel)]

    @property
    def minutes(self) -> int | None:
        return self.cleaned_data["minutes_closed"]
