import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Allergen, ServiceMode
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from shared_apps.core.fields import EurosField
from shared_apps.places import services as places
from shared_apps.places.geometry import Location
from tenant_apps.orders.services.alcohol import Age
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.shop.queries import OfferedSlot
from tenant_apps.shop.times import SHOWN, followed_by_times, in_words

NOTE_LENGTH = 200
REST = (Payment.Means.CASH, Payment.Means.CARD_TERMINAL, Payment.Means.CHEQUE)  # pay any part
BY_HAND = [(means, means.label) for means in Payment.BY_HAND]
WITH_THE_ORDER = [*BY_HAND, (Payment.Means.CREDIT_NOTE, Payment.Means.CREDIT_NOTE.label)]


class HandOverForm(forms.Form):
    """What is still due is taken with the order itself: of cash, what was handed and the tip left; of a credit note, its code."""

    means = forms.ChoiceField(choices=[("", ""), *WITH_THE_ORDER], required=False)
    credit_code = forms.CharField(max_length=20, required=False)
    rest = forms.ChoiceField(choices=[("", ""), *((means, means.label) for means in REST)], required=False)
    submission = forms.UUIDField(required=False)
    tendered = EurosField(required=False)
    tip = EurosField(required=False)
    asked_age = forms.ChoiceField(choices=[("", ""), *Age.choices], required=False)

    @property
    def age(self) -> Age | None:
        asked = self.cleaned_data["asked_age"]
        return Age(asked) if asked else None

    @property
    def tender(self) -> Tender | None:
        data = self.cleaned_data
        if not (data["means"] and data["submission"]):
            return None
        means = Payment.Means(data["means"])
        tendered = data["tendered"] if means == Payment.Means.CASH else None
        rest = Payment.Means(data["rest"]) if data["rest"] else None
        return Tender(
            means,
            data["submission"],
            tendered_cents=tendered,
            tip_cents=data["tip"] or 0,
            credit_code=data["credit_code"],
            rest=rest,
        )


ON_RECEIPT, ONLINE = "on_receipt", "online"
ADDRESS = ("street", "postcode", "city", "details")


class CheckoutForm(forms.Form):
    """Who orders, where it goes and when; the basket and the price are the server's."""

    when = forms.ChoiceField(label=_("Time"), required=False)
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        error_messages={"required": _("Give a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=24,
        error_messages={"required": phones.WANTED},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("To receive the confirmation of your order."),
        error_messages={"invalid": _("Give a full e-mail address, for example camille@example.com.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    street = forms.CharField(
        label=_("Number and street"),
        max_length=120,
        error_messages={"required": _("Give the number and the street.")},
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=5,
        error_messages={"required": _("Give the postcode, for example 59000.")},
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
    )
    city = forms.CharField(
        label=_("Town"),
        max_length=80,
        error_messages={"required": _("Give the town.")},
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    details = forms.CharField(
        label=_("Floor, door code"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    note = forms.CharField(label=_("Note for the pizzeria"), max_length=NOTE_LENGTH, required=False)
    allergy_note = forms.CharField(
        label=_("An allergy?"),
        max_length=NOTE_LENGTH,
        required=False,
        help_text=_("The kitchen sees it in red. Erased after 30 days."),
    )
    # Those that the account keeps: the customer decides each time whether the kitchen reads them.
    tell_allergens = forms.BooleanField(required=False)
    # Asked when there is alcohol, for each order.
    is_adult = forms.BooleanField(
        label=_("I am 18 or over"),
        error_messages={"required": _("Alcohol is sold to adults only: confirm that you are 18 or over.")},
    )
    payment = forms.ChoiceField(label=_("How you pay"), required=False, widget=forms.RadioSelect)
    location: Location | None = None
    out_of_zone = False

    def __init__(
        self,
        *args: Any,
        mode: str,
        slots: list[OfferedSlot],
        today: dt.date,
        place: Location | None,
        closed: bool = False,
        online: bool = False,
        allergens: Iterable[str] = (),
        has_alcohol: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.service_mode, self.place = mode, place
        self.allergens = ", ".join(str(Allergen(code).label) for code in allergens)
        times = [(slot.window.start.isoformat(), in_words(slot.window, today)) for slot in slots]
        self.soonest = times[0][1] if times else ""
        self.soonest_at = slots[0].window.start if slots else None
        # While a channel is closed nothing is « as soon as possible »: one chooses a later time knowingly.
        soonest = [("", _("Choose a time") if closed else _("As soon as possible"))]
        self.fields["when"].choices = [*soonest, *times]  # type: ignore[attr-defined]
        # A time taken since the page was shown is answered with the next ones.
        taken = _("This time is no longer available. Please choose another one.")
        following = [words for _start, words in times[:SHOWN]]
        self.fields["when"].error_messages["invalid_choice"] = followed_by_times(taken, following)
        if not has_alcohol:
            del self.fields["is_adult"]
        self._offer_payment(mode, online)
        if mode != ServiceMode.DELIVERY:
            self.leave_out_the_address()

    def _offer_payment(self, mode: str, online: bool) -> None:
        """Online as long as the way to Stripe is known to be open."""
        on_receipt = _("When it is delivered") if mode == ServiceMode.DELIVERY else _("When I collect it")
        choices = [(ON_RECEIPT, on_receipt), *([(ONLINE, _("Online, by card"))] if online else [])]
        self.fields["payment"].choices = choices  # type: ignore[attr-defined]
        self.fields["payment"].initial = ON_RECEIPT
        down = _("Online payment is unavailable for the moment.")
        self.fields["payment"].error_messages["invalid_choice"] = down
        self.online = online

    @property
    def pays_online(self) -> bool:
        return self.cleaned_data.get("payment") == ONLINE

    @property
    def wanted_at(self) -> dt.datetime | None:
        """The time chosen so far, else the soonest: when what is ordered is made."""
        try:
            return dt.datetime.fromisoformat(self["when"].value() or "")
        except ValueError:
            return self.soonest_at

    def leave_out_the_address(self) -> None:
        for name in ADDRESS:
            del self.fields[name]

    def clean_phone(self) -> str:
        try:
            return phones.parse(self.cleaned_data["phone"])
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.service_mode == ServiceMode.DELIVERY and {"street", "postcode", "city"} <= data.keys():
            try:
                self.location = self._locate(data)
            except RuleError as error:
                self.add_error("postcode", str(error))
        if data.get("tell_allergens") and "allergy_note" in data:
            self._tell_allergens(data)
        return data

    def _tell_allergens(self, data: dict[str, Any]) -> None:
        """Before what was typed, as the customer chose."""
        note = "; ".join(part for part in (self.allergens, data["allergy_note"]) if part)
        if len(note) > NOTE_LENGTH:
            self.add_error("allergy_note", _("Too long with the allergies that you tell: 200 characters at most."))
        data["allergy_note"] = note

    def _locate(self, data: dict[str, Any]) -> Location:
        """The address asked for; the position the visitor gave, where that is nearer the truth than the commune's."""
        found = places.locate(text=f"{data['street']}, {data['postcode']} {data['city']}")
        kept = self.place
        if kept and not found.precise and (kept.postcode, kept.city) == (data["postcode"], data["city"]):
            return kept
        return found

    @property
    def contact(self) -> Contact:
        data, place = self.cleaned_data, self.location
        return Contact(
            name=data["name"],
            phone=data["phone"],
            email=data["email"],
            street=data.get("street", ""),
            postcode=data.get("postcode", ""),
            city=data.get("city", ""),
            details=data.get("details", ""),
            latitude=place.latitude if place else None,
            longitude=place.longitude if place else None,
        )

    @property
    def wishes(self) -> Wishes:
        data = self.cleaned_data
        starts_at = dt.datetime.fromisoformat(data["when"]) if data["when"] else None
        note, allergy_note = data["note"], data["allergy_note"]
        return Wishes(ServiceMode(self.service_mode), starts_at, note, allergy_note, data.get("is_adult", False))
