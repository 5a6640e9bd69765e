import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.shop import promise
from tenant_apps.shop.hours import Window
from tenant_apps.shop.models import ShopSettings, Slot
from tenant_apps.shop.times import followed_by_times

GUARD = "taken + %(work)s <= capacity AND deliveries + %(deliveries)s <= delivery_capacity"


class SlotFull(RuleError):
    """Somebody took the last place of the slot first; `following` are the next times, when they are known."""

    def __init__(self, following: Sequence[str] = ()) -> None:
        super().__init__(followed_by_times(_("This time has just been taken. Please choose another one."), following))
        self.following = tuple(following)


def take_slot(
    *,
    window: Window,
    work: int,
    capacity: int,
    slot_id: int | None,
    deliveries: int = 0,
    delivery_capacity: int = 0,
) -> int:
    """Takes `work` (hundredths of a pizza) and deliveries in a slot, made with these capacities if it is new.

    Returns its id. First of the locks of an order: the row stays locked until the end of the transaction.
    Raises SlotFull.
    """
    slot_id = slot_id or _made(window, capacity, delivery_capacity)
    change_slot_work(slot_id=slot_id, delta=work, deliveries=deliveries)
    return slot_id


def _made(window: Window, capacity: int, delivery_capacity: int) -> int:
    slot = Slot(starts_at=window.start, ends_at=window.end, capacity=capacity, delivery_capacity=delivery_capacity)
    Slot.objects.bulk_create([slot], ignore_conflicts=True)
    return Slot.objects.values_list("pk", flat=True).get(starts_at=window.start)


def change_slot_work(*, slot_id: int, delta: int, deliveries: int = 0) -> None:
    """More or less work and deliveries in a slot already held; also its release. Raises SlotFull."""
    if delta == 0 and deliveries == 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shop_slot SET taken = taken + %(work)s, deliveries = deliveries + %(deliveries)s"
            f" WHERE id = %(slot)s AND {GUARD} RETURNING id",
            {"work": delta, "deliveries": deliveries, "slot": slot_id},
        )
        if cursor.fetchone() is None:
            raise SlotFull


@transaction.atomic
def set_drivers_on_shift(*, count: int, now: dt.datetime) -> None:
    """How many drivers are on shift from now on: the coming slots take as many deliveries as they can make.

    A slot keeps at least the deliveries it has already promised.
    """
    ShopSettings.objects.update(drivers_on_shift=count)
    follow_drivers(now=now)


FOLLOW_DRIVERS = """
    WITH wanted AS (
        SELECT slot.id, per_slot.deliveries FROM shop_slot AS slot CROSS JOIN shop_shopsettings AS settings
        CROSS JOIN LATERAL (SELECT settings.deliveries_per_driver * CASE
            WHEN settings.drivers_on_shift > 0 AND slot.starts_at - %(now)s <= make_interval(mins => %(known_ahead)s)
            THEN settings.drivers_on_shift ELSE settings.usual_drivers END AS deliveries) AS per_slot
        WHERE slot.starts_at > %(now)s AND slot.delivery_capacity <> greatest(slot.deliveries, per_slot.deliveries)
        ORDER BY slot.id FOR UPDATE OF slot)
    UPDATE shop_slot AS slot SET delivery_capacity = greatest(slot.deliveries, wanted.deliveries)
    FROM wanted WHERE wanted.id = slot.id
"""


@transaction.atomic
def follow_drivers(*, now: dt.datetime) -> None:
    """The coming slots already made take the deliveries of the drivers that are known for them; locked by id."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW_DRIVERS, {"now": now, "known_ahead": promise.DRIVERS_KNOWN_AHEAD_MINUTES})
