"""Forms of the shop's settings."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import Purpose
from shared_apps.core.errors import RuleError
from shared_apps.core.fields import EurosField
from tenant_apps.devices.models import Device
from tenant_apps.shop import hours
from tenant_apps.shop.hours import Ranges
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.public_holidays import Holiday, Region

SHOP_ROLES = [(role.value, role.label) for role in Role if role != Role.HEAD_OFFICE]


class SettingsForm(forms.ModelForm):
    """What a manager sets of the shop: its kitchen, its slots, its delivery, its counter."""

    discount_limit_cents = EurosField(label=_("Or this sum, the larger (€)"))
    refund_limit_cents = EurosField(label=_("What the counter gives back of an order without the manager (€)"))
    prepaid_above_cents = EurosField(
        label=_("Deliveries above this are paid when ordered (€)"), required=False, help_text=_("Empty: never")
    )
    alcohol_from = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    alcohol_until = forms.TimeField(label=_("To"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    oven_places = forms.IntegerField(label=_("Places in the oven"), min_value=1, max_value=200)
    make_minutes = forms.IntegerField(label=_("Minutes to make a pizza"), min_value=1, max_value=60)
    slot_minutes = forms.IntegerField(label=_("Length of a slot (minutes)"), min_value=5, max_value=60)
    preparation_minutes = forms.IntegerField(label=_("Minutes to prepare an order"), min_value=1, max_value=180)
    escalate_after_seconds = forms.IntegerField(
        label=_("Seconds before a ticket without a screen rings at the counter"), min_value=15, max_value=600
    )
    hurry_minutes = forms.IntegerField(label=_("A ticket hurries, minutes before its time"), min_value=0, max_value=60)
    late_minutes = forms.IntegerField(label=_("A ticket is late, minutes after its time"), min_value=0, max_value=60)
    days_ahead = forms.IntegerField(label=_("Days one can order ahead"), min_value=0, max_value=14)

    class Meta:
        model = ShopSettings
        fields = (
            "preparation_minutes", "oven_places", "make_minutes", "slot_minutes", "days_ahead", "takes_orders",
            "escalate_after_seconds", "printer_address", "printer_opens_drawer", "hurry_minutes", "late_minutes",
            "kitchen_stations", "usual_drivers", "deliveries_per_driver",
            "discount_limit_percent", "discount_limit_cents", "refund_limit_cents",
            "prepaid_above_cents", "sells_alcohol", "alcohol_from", "alcohol_until",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("alcohol_from"), data.get("alcohol_until")
        if since and until and since >= until:
            self.add_error("alcohol_until", _("Later than the beginning, and the same day."))
        return data


class HoursField(forms.CharField):
    """Ranges of hours in words; empty is closed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=80, **options)

    def clean(self, value: Any) -> Ranges:
        try:
            return hours.read(super().clean(value))
        except RuleError as refusal:
            raise forms.ValidationError(str(refusal)) from None


class WeekForm(forms.Form):
    """The usual hours of each day."""

    day_0 = HoursField(label=capfirst(WEEKDAYS[0]))
    day_1 = HoursField(label=capfirst(WEEKDAYS[1]))
    day_2 = HoursField(label=capfirst(WEEKDAYS[2]))
    day_3 = HoursField(label=capfirst(WEEKDAYS[3]))
    day_4 = HoursField(label=capfirst(WEEKDAYS[4]))
    day_5 = HoursField(label=capfirst(WEEKDAYS[5]))
    day_6 = HoursField(label=capfirst(WEEKDAYS[6]))

    @property
    def week(self) -> list[Ranges]:
        return [self.cleaned_data[f"day_{day}"] for day in range(7)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.values()):
            raise forms.ValidationError(_("The shop would never be open: write the hours of a day at least."))
        return cleaned


class HolidaysForm(forms.Form):
    """The public holidays on which the shop stays closed, and whose law they are of."""

    closed_holidays = forms.MultipleChoiceField(
        label=_("Closed on"), choices=Holiday.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    holiday_region = forms.ChoiceField(label=_("Public holidays of"), choices=Region.choices)


class DayForm(forms.Form):
    """Other hours on one day, or none: closed."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    hours = HoursField(label=_("Hours of that day"), help_text=_("Empty: closed all day"))
    reason = forms.CharField(label=_("Reason, said to customers"), max_length=80, required=False)

    def clean_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["day"]
        if day < dt.date.today() - dt.timedelta(days=1):  # noqa: DTZ011  a day before by mistake, in no time zone
            raise forms.ValidationError(_("This day is over."))
        return day


class InvitationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    email = forms.EmailField(label=_("E-mail"))
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=SHOP_ROLES, widget=forms.CheckboxSelectMultiple, error_messages={
            "required": _("Choose a role at least."),
        }
    )  # fmt: skip


class NewDeviceForm(forms.Form):
    """A tablet or till to be paired."""

    name = forms.CharField(label=_("Name"), max_length=40, help_text=_("Where it stands: “Oven tablet”, “Till”."))
    purpose = forms.ChoiceField(label=_("Used for"), choices=Purpose.choices)


class DeviceForm(forms.ModelForm):
    name = forms.CharField(label=_("Name"), max_length=40)
    lock_minutes = forms.IntegerField(label=_("Locks after (minutes)"), min_value=1, max_value=120)

    class Meta:
        model = Device
        fields = ("name", "lock_minutes", "asks_each_time")

    def clean_asks_each_time(self) -> bool:
        asks: bool = self.cleaned_data["asks_each_time"]
        return asks and self.instance.purpose != Purpose.COUNTER


class MemberPinForm(forms.Form):
    """Empty: none any more."""

    pin = forms.CharField(max_length=6, required=False)


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(choices=SHOP_ROLES, required=False)
