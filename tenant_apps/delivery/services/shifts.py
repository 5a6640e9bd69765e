"""Beginning and ending a shift: the slots count who is there, and the cash is counted at the end."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import User
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.live import hints
from tenant_apps.delivery import queries
from tenant_apps.delivery.models import Shift, Stop
from tenant_apps.drawer.services import cash
from tenant_apps.shop import services as shop_services
from tenants.hosts import Shop


class NotOnShift(RuleError):
    """There is no open shift of this driver to end."""

    def __init__(self) -> None:
        super().__init__(_("Your shift is already over."))


class Unexplained(RuleError):
    """The cash counted is not what it should be, and nobody says why."""

    def __init__(self, difference_cents: int) -> None:
        words = _("The count differs by %(difference)s: count again, or say why.")
        super().__init__(words % {"difference": euros(difference_cents)})


class RoundNotOver(RuleError):
    """A driver hands in the cash after the last door."""

    def __init__(self) -> None:
        super().__init__(_("There are still deliveries in your round: deliver them or give them back first."))


def start(*, shop: Shop, driver_id: int, float_cents: int, now: dt.datetime) -> Shift:
    """Begins a shift with that much cash; one that is open goes on, and a second tap changes nothing."""
    try:
        with transaction.atomic():
            shift = Shift.objects.create(driver_id=driver_id, float_cents=float_cents, started_at=now)
            name = _name(driver_id)
            cash.give_to_driver(cents=float_cents, actor_id=driver_id, name=name, now=now)
            _count_drivers(shop, now)
    except IntegrityError as error:
        if "one_open_shift_per_driver" not in str(error):
            raise
        return Shift.objects.get(driver_id=driver_id, ended_at=None)
    return shift


@transaction.atomic
def end(*, shop: Shop, driver_id: int, counted_cents: int, reason: str, now: dt.datetime) -> Shift:
    """Hands the cash in. Raises NotOnShift, RoundNotOver, Unexplained."""
    shift = Shift.objects.select_for_update().filter(driver_id=driver_id, ended_at=None).first()
    if shift is None:
        raise NotOnShift
    if Stop.objects.filter(round__shift=shift, state__in=Stop.OPEN).exists():
        raise RoundNotOver
    shift.expected_cents, shift.counted_cents = queries.cash_cents(shift), counted_cents
    if shift.difference_cents and not reason.strip():
        raise Unexplained(shift.difference_cents)
    shift.reason, shift.ended_at = reason.strip()[:200], now
    shift.save()
    cash.take_from_driver(cents=counted_cents, actor_id=driver_id, name=_name(driver_id), now=now)
    _count_drivers(shop, now)
    return shift


def _name(driver_id: int) -> str:
    return User.objects.values_list("name", flat=True).get(pk=driver_id)


def _count_drivers(shop: Shop, now: dt.datetime) -> None:
    shop_services.set_drivers_on_shift(count=Shift.objects.filter(ended_at=None).count(), now=now)
    hints.changed(scope=shop.schema_name, topics=["shifts"])
