"""Whose PIN is which."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry, Membership, User
from shared_apps.core.errors import RuleError
from tenant_apps.devices import secrets
from tenant_apps.devices.models import Device, Pin
from tenant_apps.devices.services import throttling
from tenants.hosts import Shop


class PinRefused(RuleError):
    """Somebody else has it; that much is learnt by choosing, so choosing is throttled too."""

    def __init__(self) -> None:
        super().__init__(_("This PIN cannot be used here: choose another one."))


class NotOfTheShop(RuleError):
    def __init__(self) -> None:
        super().__init__(_("This person does not work in this pizzeria."))


def set_pin(*, shop: Shop, user_id: int, pin: str, by_id: int | None, now: dt.datetime) -> None:
    """Raises WeakPin, PinRefused, NotOfTheShop, TooManyTries."""
    secrets.check_pin(pin)
    with transaction.atomic():
        if by_id == user_id:
            (counter,) = throttling.open_for([f"choosing:{user_id}"], now)
            throttling.count(counter, throttling.CHOOSING, now)
        kept = _kept(shop, user_id, secrets.pin_digest(pin, scope=shop.schema_name), now)
        if kept:
            _keep(shop, user_id, by_id, "set")
    if not kept:
        raise PinRefused


def _kept(shop: Shop, user_id: int, digest: str, now: dt.datetime) -> bool:
    members = Membership.objects.filter(pizzeria_id=shop.id).values("user")
    if not members.filter(user=user_id).exists():
        raise NotOfTheShop
    Pin.objects.exclude(user__in=members).delete()  # of those who left: theirs are free again
    try:
        with transaction.atomic():
            Pin.objects.update_or_create(user_id=user_id, defaults={"digest": digest, "set_at": now})
    except IntegrityError:
        return False
    Device.objects.filter(operator=user_id, with_password=False).update(operator=None, operator_seen_at=None)
    return True


@transaction.atomic
def remove_pin(*, shop: Shop, user_id: int, by_id: int | None) -> None:
    """What they opened with it is locked."""
    if Pin.objects.filter(user=user_id).delete()[0]:
        Device.objects.filter(operator=user_id, with_password=False).update(operator=None, operator_seen_at=None)
        _keep(shop, user_id, by_id, "removed")


def _keep(shop: Shop, user_id: int, by_id: int | None, done: str) -> None:
    subject = str(User.objects.get(pk=user_id))[:120]
    AuditEntry.objects.create(actor_id=by_id, pizzeria_id=shop.id, act="pins", subject=subject, after={"pin": done})
