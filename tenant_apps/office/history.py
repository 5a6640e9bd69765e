"""The history of what was changed, in the words of the screens where it is changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.accounts.models import AuditEntry, Role
from shared_apps.catalogue.models import Ingredient
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock, day, quantity, weekdays
from tenant_apps.devices.models import Device
from tenant_apps.shop.configuration import DAYS
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Reception

LABELS = {
    "zone_kind": gettext_lazy("Where it delivers"),
    "zone_communes": gettext_lazy("Communes and postcodes"),
    "zone_polygon": gettext_lazy("Outline on the map"),
    "delivery_bands": gettext_lazy("Fees by distance"),
    "closed_holidays": gettext_lazy("Public holidays when it is closed"),
    "holiday_region": gettext_lazy("Public holidays of"),
    "closed": gettext_lazy("Closed"),
    "hours": gettext_lazy("Hours"),
    "price_cents": gettext_lazy("Our price"),
    "withdrawn": gettext_lazy("Not sold here"),
    "percent": gettext_lazy("Discount"),
    "amount_cents": gettext_lazy("Sum taken off"),
    "uses_limit": gettext_lazy("Number of uses"),
    "roles": gettext_lazy("Roles"),
    "name": gettext_lazy("Name"),
    "purpose": gettext_lazy("Use"),
    "code": gettext_lazy("Pairing code made"),
    "revoked": gettext_lazy("Revoked"),
    "lock_minutes": gettext_lazy("Minutes before it locks"),
    "asks_each_time": gettext_lazy("Asks for the PIN each time"),
    "pin": gettext_lazy("PIN"),
    "low_threshold": gettext_lazy("Alert at"),
    "par": gettext_lazy("Full stock"),
    "state": gettext_lazy("State"),
    "expected_at": gettext_lazy("Expected"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "weekdays": gettext_lazy("Usual days"),
    "delivers_by": gettext_lazy("At the latest at"),
    "lead_days": gettext_lazy("Days of notice"),
    "is_active": gettext_lazy("In use"),
    "replacement": gettext_lazy("Used instead"),
    "ratio": gettext_lazy("Quantity for 1 of the other"),
    "reason": gettext_lazy("Reason"),
    "until_at": gettext_lazy("Until"),
}
CHOICES = {
    "roles": dict(Role.choices),
    "state": dict(Reception.State.choices),
    "pin": {"set": gettext_lazy("chosen"), "removed": gettext_lazy("removed")},
    "purpose": dict(Device._meta.get_field("purpose").flatchoices),
}
Units = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    before: str
    after: str


def differences(entry: AuditEntry, units: Units) -> list[Difference]:
    """`units` are those of the ingredients, by name."""
    names = sorted(entry.before.keys() | entry.after.keys(), key=_rank)
    told = [
        (name, entry.before.get(name), entry.after.get(name))
        for name in names
        if entry.before.get(name) != entry.after.get(name)
    ]
    unit = {name: units.get(name) or units.get(entry.subject, "") for name, _before, _after in told}
    return [
        Difference(_label(name), _said(name, old, unit[name]), _said(name, new, unit[name])) for name, old, new in told
    ]


def units() -> Units:
    return dict(Ingredient.objects.values_list("name", "unit"))


def _rank(name: str) -> tuple[int, str]:
    """The days of the week in their order, the rest by name."""
    return (DAYS.index(name), "") if name in DAYS else (len(DAYS), name)


def _label(name: str) -> str:
    if name in LABELS:
        return str(LABELS[name])
    if name in DAYS:
        return capfirst(f"{name}.")
    try:
        return capfirst(str(ShopSettings._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name  # an ingredient


def _said(name: str, value: object, unit: str) -> str:
    if value in (None, "", []):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_cents"):
        return euros(int(str(value)))
    if name.endswith("_at") or name == "code":
        moment = dt.datetime.fromisoformat(str(value))
        return f"{day(moment)}, {clock(moment)}"
    if name.endswith("percent"):
        return f"{value}\u00a0%"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed(name, value)
    return _measured(str(_choice(name, value)), unit) if unit else str(_choice(name, value))


def _listed(name: str, values: Sequence[object]) -> str:
    if name == "zone_polygon":
        return _("%(count)s corners") % {"count": len(values)}
    if name == "weekdays":
        return weekdays(values)  # type: ignore[arg-type]
    if name == "delivery_bands":
        return ", ".join(_band(value) for value in values)
    return ", ".join(str(_choice(name, value)) for value in values)


def _band(value: object) -> str:
    metres, fee, _minimum = (int(part) for part in value)  # type: ignore[attr-defined]
    return f"{metres}\u00a0m\u00a0: {euros(fee)}"


def _choice(name: str, value: object) -> object:
    if name in CHOICES:
        return CHOICES[name].get(str(value), value)
    if name in ("zone_kind", "holiday_region", "closed_holidays"):
        field: Any = ShopSettings._meta.get_field(name)
        return dict(getattr(field, "base_field", field).flatchoices).get(value, value)
    return value


def _measured(text: str, unit: str) -> str:
    try:
        return quantity(Decimal(text), unit)
    except InvalidOperation:
        return text
