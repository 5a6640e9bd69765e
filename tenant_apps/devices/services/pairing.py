"""From a name that the manager chose to a device that stays signed in, and back."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.accounts.permissions import Purpose
from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from tenant_apps.devices import secrets
from tenant_apps.devices.models import Device
from tenant_apps.devices.services import throttling
from tenants.hosts import Shop

CODE_LASTS = dt.timedelta(minutes=10)


class WrongCode(RuleError):
    def __init__(self) -> None:
        super().__init__(_("This code is wrong, used or older than 10 minutes: ask the manager for another one."))


@transaction.atomic
def add(*, shop: Shop, name: str, purpose: Purpose, by_id: int | None, now: dt.datetime) -> tuple[Device, str]:
    """A device to be paired, and the code to type on it within 10 minutes."""
    device = Device.objects.create(name=name, purpose=purpose, created_at=now)
    _keep(shop, device, by_id, {}, {"purpose": purpose.value})
    return device, _new_code(shop, device, now)


@transaction.atomic
def renew_code(*, shop: Shop, device_id: int, by_id: int | None, now: dt.datetime) -> tuple[Device, str]:
    """Another code for a device; the browser that was paired keeps it until the code is used."""
    device = Device.objects.select_for_update().get(pk=device_id, revoked_at=None)
    _keep(shop, device, by_id, {}, {"code": now.isoformat(timespec="minutes")})
    return device, _new_code(shop, device, now)


def _new_code(shop: Shop, device: Device, now: dt.datetime) -> str:
    code = secrets.new_code()
    device.code_digest, device.code_until_at = secrets.code_digest(code, scope=shop.schema_name), now + CODE_LASTS
    device.save(update_fields=["code_digest", "code_until_at"])
    return code


def pair(*, shop: Shop, code: str, now: dt.datetime) -> tuple[Device, str]:
    """The device that the code is for, and its token, which is shown to nobody again. Raises WrongCode, TooManyTries."""
    with transaction.atomic():
        (counter,) = throttling.open_for(["pairing"], now)
        digest = secrets.code_digest(code, scope=shop.schema_name)
        device = Device.objects.select_for_update().filter(code_digest=digest, code_until_at__gt=now).first()
        if device:
            return device, _paired(device, now)
        throttling.count(counter, throttling.PAIRING, now)
    raise WrongCode


def _paired(device: Device, now: dt.datetime) -> str:
    token = secrets.new_token()
    device.token_digest, device.code_digest, device.code_until_at = secrets.token_digest(token), "", None
    device.operator, device.operator_seen_at, device.with_password = None, None, False
    device.paired_at = device.last_seen_at = now
    device.save()
    return token


@transaction.atomic
def change(
    *, shop: Shop, device_id: int, name: str, lock_minutes: int, asks_each_time: bool, by_id: int | None
) -> Device:
    device = Device.objects.select_for_update().get(pk=device_id, revoked_at=None)
    after = {"name": name, "lock_minutes": lock_minutes, "asks_each_time": asks_each_time}
    before = {field: getattr(device, field) for field in after}
    device.name, device.lock_minutes, device.asks_each_time = name, lock_minutes, asks_each_time
    device.save(update_fields=list(after))
    if before != after:
        _keep(shop, device, by_id, before, after)
    return device


@transaction.atomic
def revoke(*, shop: Shop, device_id: int, by_id: int | None, now: dt.datetime) -> None:
    """From the next request on it is nobody's; its screen fetches at once, and finds that out. Twice is once."""
    device = Device.objects.select_for_update().get(pk=device_id)
    if device.revoked_at:
        return
    device.revoked_at, device.token_digest, device.code_digest, device.code_until_at = now, None, "", None
    device.operator, device.operator_seen_at, device.with_password = None, None, False
    device.save()
    _keep(shop, device, by_id, {"revoked": False}, {"revoked": True})
    hints.changed(scope=shop.schema_name, topics=["orders", "devices"])


def _keep(shop: Shop, device: Device, by_id: int | None, before: dict[str, object], after: dict[str, object]) -> None:
    AuditEntry.objects.create(
        actor_id=by_id, pizzeria_id=shop.id, act="devices", subject=device.name, before=before, after=after
    )
