"""Who works on a device: recognised by its cookie, opened by a PIN, locked by a touch or by nobody touching it."""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth import authenticate
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import get_public_schema_name, schema_context

from shared_apps.accounts import second_factor
from shared_apps.accounts.models import Membership, Role, User
from shared_apps.accounts.permissions import OPENED_BY_PIN, SHOWN_LOCKED, Purpose
from shared_apps.core.errors import RuleError
from tenant_apps.devices import secrets
from tenant_apps.devices.models import Device, Pin, Throttle
from tenant_apps.devices.services import throttling
from tenants.database import connection
from tenants.hosts import Shop

FORGOTTEN = dt.timedelta(days=30)  # a device that nobody used for so long is paired again
NOTED_EVERY = dt.timedelta(seconds=15)


class WrongPin(RuleError):
    def __init__(self) -> None:
        super().__init__(_("This PIN is nobody’s here."))


class WrongPassword(RuleError):
    def __init__(self) -> None:
        super().__init__(_("This e-mail, this password and this code do not open this pizzeria together."))


class NotPaired(RuleError):
    """Revoked, perhaps a moment ago."""

    def __init__(self) -> None:
        super().__init__(_("This device is no longer paired with this pizzeria: ask the manager for a code."))


class NoPhoneYet(RuleError):
    """Set up where the session is one's own, not on a tablet that others use."""

    def __init__(self) -> None:
        super().__init__(
            _("Your role asks for the codes of a phone: set it up first on a computer or phone of your own.")
        )


@dataclass(slots=True)
class Known:
    """A device as one request sees it: its operator and their roles, read for this request."""

    device: Device
    operator: User | None
    roles: frozenset[Role]
    changed: bool = False  # by this request

    @property
    def pk(self) -> int:
        return self.device.pk

    @property
    def locks_in(self) -> int:
        """Seconds, for a clock of the page: a tablet's own is not to be trusted."""
        seen_at = self.device.operator_seen_at
        if self.operator is None or seen_at is None:
            return 0
        left = seen_at + dt.timedelta(minutes=self.device.lock_minutes) - timezone.now()
        return max(0, int(left.total_seconds()))

    def opens(self, permission: str) -> bool:
        """By a PIN what the device is for; by a password whatever the operator's roles open."""
        return self.device.with_password or permission in OPENED_BY_PIN[Purpose(self.device.purpose)]

    def shows(self, permission: str) -> bool:
        """To whoever stands before it."""
        return permission in SHOWN_LOCKED[Purpose(self.device.purpose)]


def recognised(*, shop: Shop, token: str, now: dt.datetime) -> Known | None:
    """The device that this cookie is of, with its operator's roles as they are now, in one statement."""
    if connection.schema_name != shop.schema_name:  # a page of somebody's account, which is the group's
        with schema_context(shop.schema_name):
            return _recognised(shop, token, now)
    return _recognised(shop, token, now)


def _recognised(shop: Shop, token: str, now: dt.datetime) -> Known | None:
    held = Membership.objects.filter(user=OuterRef("operator"), pizzeria_id=shop.id, user__is_active=True)
    device = (
        Device.objects.filter(token_digest=secrets.token_digest(token), last_seen_at__gt=now - FORGOTTEN)
        .annotate(held=ArraySubquery(held.values("role")))
        .select_related("operator")
        .first()
    )
    if device is None:
        return None
    roles = frozenset() if device.idle_at(now) else frozenset(Role(role) for role in device.held)
    return Known(device, device.operator if roles else None, roles)


def note(*, known: Known, by_hand: bool, now: dt.datetime) -> None:
    """It is in use: what its list shows, and what keeps it open. Written now and then, not at each request."""
    device = known.device
    fields: dict[str, dt.datetime] = {}
    if device.last_seen_at is None or now - device.last_seen_at > NOTED_EVERY:
        fields["last_seen_at"] = now
    if known.operator and by_hand and device.operator_seen_at and now - device.operator_seen_at > NOTED_EVERY:
        fields["operator_seen_at"] = device.operator_seen_at = now
    if fields:
        Device.objects.filter(pk=device.pk, operator=device.operator_id, revoked_at=None).update(**fields)


def identify(*, shop: Shop, known: Known, pin: str, now: dt.datetime) -> Known:
    """Whoever has this PIN becomes the operator, for one act only where the device asks each time.

    Raises WrongPin, TooManyTries.
    """
    with transaction.atomic():
        counters = throttling.open_for([f"device:{known.pk}", "shop"], now)
        found = Pin.objects.filter(digest=secrets.pin_digest(pin, scope=shop.schema_name)).first()
        roles = _roles(shop, found.user_id) if found else frozenset()
        if found and roles:
            return _opened(known, found.user_id, roles, with_password=False, now=now)
        _count_all(counters, now)
    raise WrongPin


def identify_by_password(
    *, shop: Shop, known: Known, email: str, password: str, now: dt.datetime, code: str = ""
) -> Known:
    """The same with the password, and the code of their phone if they have one: opens all that their roles open here.

    Raises WrongPassword, NoPhoneYet, TooManyTries.
    """
    with transaction.atomic():
        counters = throttling.open_for(
            [f"device:{known.pk}"], now
        )  # the shop's other devices need not wait for the hash
        with schema_context(get_public_schema_name()):
            user = authenticate(email=email.strip().lower(), password=password)
        roles = _roles(shop, user.pk) if isinstance(user, User) else frozenset()
        if isinstance(user, User) and roles and _passes(user, roles, code):
            return _opened(known, user.pk, roles, with_password=True, now=now)
        _count_all(counters, now)
    raise WrongPassword


def _passes(user: User, roles: frozenset[Role], code: str) -> bool:
    if second_factor.is_set_up(user):
        return second_factor.accepts(user, code)
    if second_factor.is_required(roles):
        raise NoPhoneYet
    return True


def _count_all(counters: list[Throttle], now: dt.datetime) -> None:
    for counter in counters:
        throttling.count(counter, throttling.SHOP if counter.key == "shop" else throttling.DEVICE, now)


def _roles(shop: Shop, user_id: int) -> frozenset[Role]:
    held = Membership.objects.filter(user=user_id, user__is_active=True, pizzeria_id=shop.id)
    return frozenset(Role(role) for role in held.values_list("role", flat=True))


def _opened(known: Known, user_id: int, roles: frozenset[Role], *, with_password: bool, now: dt.datetime) -> Known:
    device = known.device
    device.operator, device.operator_seen_at = User.objects.get(pk=user_id), now
    device.with_password = with_password
    if with_password or not device.asks_each_time:
        opened = {"operator": user_id, "operator_seen_at": now, "with_password": with_password}
        if not Device.objects.filter(pk=device.pk, revoked_at=None).update(**opened):
            raise NotPaired
    return Known(device, device.operator, roles, changed=True)


def lock(*, known: Known) -> None:
    """Nobody works on it until the next PIN."""
    Device.objects.filter(pk=known.pk).update(operator=None, operator_seen_at=None, with_password=False)
