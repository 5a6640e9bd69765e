from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from shared_apps.core.fields import EurosField
from tenant_apps.drawer.models import DENOMINATIONS, CashMovement
from tenant_apps.orders.forms import ADDRESS, BY_HAND, CheckoutForm
from tenant_apps.orders.models import Order, RemakeReason
from tenant_apps.orders.services import rush
from tenant_apps.orders.services.failures import FollowUp
from tenant_apps.orders.services.refunding import Returned
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment, ReversalLine
from tenant_apps.till.services.issuing import Buyer

Kind = CashMovement.Kind
# What stays with a draft that is parked or handed over.
TYPED = ("phone", "name", "channel", "mode", "street", "postcode", "city", "details", "note", "allergy_note")


class PaymentForm(forms.Form):
    """Money taken: by default all that is due, or as much of it as the means may pay."""

    means = forms.ChoiceField(
        label=_("Means of payment"), choices=[*BY_HAND, (Payment.Means.CREDIT_NOTE, Payment.Means.CREDIT_NOTE.label)]
    )
    amount = EurosField(label=_("Amount (€)"), max_euros=9999, required=False, help_text=_("Empty: all that is due"))
    tendered = EurosField(label=_("Cash handed (€)"), max_euros=9999, required=False)
    tip = EurosField(label=_("Tip (€)"), required=False)
    credit_code = forms.CharField(label=_("Code of the credit note"), max_length=20, required=False)
    submission = forms.UUIDField(widget=forms.HiddenInput)

    @property
    def tender(self) -> Tender:
        data, means = self.cleaned_data, Payment.Means(self.cleaned_data["means"])
        return Tender(
            means,
            data["submission"],
            amount_cents=data["amount"],
            tendered_cents=data["tendered"] if means == Payment.Means.CASH else None,
            tip_cents=data["tip"] or 0,
            credit_code=data["credit_code"],
        )


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
    paid_by = forms.ChoiceField(label=_("Paid now"), choices=[("", _("No, later")), *BY_HAND], required=False)
    field_order = ("phone", "name", "channel", "mode", "street", "postcode", "city", "details", "when", "note")

    def leave_out_the_address(self) -> None:
        """One page takes every mode: the address stays on it, and is asked for only when it is needed."""
        for name in ADDRESS:
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.service_mode != ServiceMode.DELIVERY:
            data |= dict.fromkeys(ADDRESS, "")  # a known caller's, filled in for nothing: not kept with the order
        if data.get("paid_by") and data.get("channel") == Order.Channel.PHONE:
            self.add_error("paid_by", _("Somebody on the phone pays nothing now: at the counter only."))
        return data


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


class ReturnForm(forms.Form):
    """What of an order is paid back: `line-<id>` pieces of a line and `fate-<id>` what becomes of them."""

    delivery = forms.BooleanField(required=False)
    gesture = EurosField(required=False)
    means = forms.ChoiceField(choices=[("", ""), *Payment.Means.choices], required=False)
    reason = forms.CharField(max_length=200)
    submission = forms.UUIDField()

    @property
    def lines(self) -> dict[int, tuple[int, ReversalLine.Fate]]:
        found = {}
        for name in self.data:
            key, pieces = name.removeprefix("line-"), str(self.data[name])
            fate = str(self.data.get(f"fate-{key}", ReversalLine.Fate.WASTED))
            if name.startswith("line-") and key.isdecimal() and pieces.isdecimal() and int(pieces):
                known = fate in ReversalLine.Fate.values
                found[int(key)] = (int(pieces), ReversalLine.Fate(fate) if known else ReversalLine.Fate.WASTED)
        return found

    @property
    def returned(self) -> Returned:
        data = self.cleaned_data
        means = Payment.Means(data["means"]) if data["means"] else None
        return Returned(data["reason"], self.lines, data["delivery"], data["gesture"] or 0, means)


class GiveBackForm(forms.Form):
    means = forms.ChoiceField(choices=[("", ""), *Payment.Means.choices], required=False)
    reason = forms.CharField(max_length=200)
    submission = forms.UUIDField()

    @property
    def means_first(self) -> Payment.Means | None:
        return Payment.Means(self.cleaned_data["means"]) if self.cleaned_data["means"] else None


class DiscountForm(forms.Form):
    """A percentage of the items, or a sum."""

    percent = forms.IntegerField(min_value=1, max_value=100, required=False)
    sum = EurosField(required=False)
    reason = forms.CharField(max_length=200)
    submission = forms.UUIDField()


class NoteForm(forms.Form):
    """A credit note given by hand."""

    amount = EurosField(label=_("Amount (€)"))
    reason = forms.CharField(label=_("Reason"), max_length=200)
    submission = forms.UUIDField(widget=forms.HiddenInput)


class FloatForm(forms.Form):
    float_cents = EurosField(label=_("Float in the drawer (€)"), max_euros=9999)


class CashForm(forms.Form):
    """Cash put in or taken out by hand, or the drawer only opened."""

    kind = forms.ChoiceField(choices=[(kind, kind.label) for kind in (Kind.PUT_IN, Kind.TAKEN_OUT, Kind.NO_SALE)])
    amount = EurosField(label=_("Amount (€)"), max_euros=9999, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200)
    submission = forms.UUIDField(widget=forms.HiddenInput)


class CountForm(forms.Form):
    """How many of each note and coin (`piece-<cents>`); who takes the drawer over, if somebody does."""

    reason = forms.CharField(label=_("Why it differs"), max_length=200, required=False)
    next = forms.TypedChoiceField(label=_("Hand it over to"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, colleagues: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["next"].choices = [("", _("Nobody: close it")), *colleagues]  # type: ignore[attr-defined]

    @property
    def pieces(self) -> dict[int, int]:
        typed = {cents: str(self.data.get(f"piece-{cents}", "")).strip() for cents in DENOMINATIONS}
        return {cents: int(number) for cents, number in typed.items() if number.isdecimal()}

    @property
    def rows(self) -> list[tuple[int, str]]:
        """Each note and coin with what was typed."""
        return [(cents, str(self.data.get(f"piece-{cents}", ""))) for cents in DENOMINATIONS]


class PriceForm(forms.Form):
    """A lower price of one piece of a line, and why."""

    line = forms.IntegerField()
    price = forms.DecimalField(min_value=Decimal(0), max_value=Decimal(999), decimal_places=2, localize=True)
    reason = forms.CharField(max_length=120)

    @property
    def cents(self) -> int:
        return int((self.cleaned_data["price"] * 100).to_integral_value(ROUND_HALF_UP))


class RemakeForm(forms.Form):
    """Why, and how many of each line: `line-<id>` is the pieces of one."""

    reason = forms.ChoiceField(choices=RemakeReason)
    words = forms.CharField(max_length=200, required=False)
    submission = forms.UUIDField()

    @property
    def quantities(self) -> dict[int, int]:
        sent = ((name.removeprefix("line-"), str(self.data[name])) for name in self.data if name.startswith("line-"))
        return {int(key): int(pieces) for key, pieces in sent if key.isdecimal() and pieces.isdecimal()}


class PeriodForm(forms.Form):
    """Business days, both included."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class BlockForm(forms.Form):
    phone = forms.CharField(label=_("Phone"), max_length=24, widget=forms.TextInput(attrs={"inputmode": "tel"}))
    reason = forms.CharField(label=_("Reason"), max_length=200)
    until_date = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("Empty: for ever"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_phone(self) -> str:
        try:
            return phones.parse(self.cleaned_data["phone"])
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None


class InvoiceForm(forms.Form):
    """Whom an invoice is made out to."""

    name = forms.CharField(label=_("Name or company"), max_length=120)
    address = forms.CharField(label=_("Full address"), max_length=200)
    siren = forms.CharField(label="SIREN", max_length=11, required=False)
    vat_number = forms.CharField(label=_("VAT number of the buyer"), max_length=20, required=False)

    def clean_siren(self) -> str:
        siren = self.cleaned_data["siren"].replace(" ", "")
        if siren and not (siren.isdigit() and len(siren) == 9):
            raise forms.ValidationError(_("A SIREN has 9 figures."))
        return siren

    def clean_vat_number(self) -> str:
        number = self.cleaned_data["vat_number"].replace(" ", "").upper()
        if number and not (4 <= len(number) <= 13 and number[:2].isalpha() and number.isalnum()):
            raise forms.ValidationError(_("A VAT number begins with two letters, such as FR12345678901."))
        return number

    @property
    def buyer(self) -> Buyer:
        data = self.cleaned_data
        return Buyer(data["name"], data["address"], data["siren"], data["vat_number"])


class AssignForm(forms.Form):
    shift = forms.IntegerField()


class FollowUpForm(forms.Form):
    """What becomes of an order that was not delivered."""

    follow_up = forms.ChoiceField(choices=FollowUp)
    drinks_back = forms.BooleanField(required=False)
    submission = forms.UUIDField()
