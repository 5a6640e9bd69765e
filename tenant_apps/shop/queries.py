import datetime as dt
import math
from dataclasses import dataclass

from shared_apps.catalogue.models import ServiceMode
from tenant_apps.shop.hours import Hours, Window, grid
from tenant_apps.shop.models import Closure, LocalOffer, OpeningRange, ShopSettings, Slot

ROAD_FACTOR = 1.35  # roads against the straight line
METRES_PER_MINUTE = 20_000 / 60


def settings() -> ShopSettings:
    return ShopSettings.objects.get()


def hours() -> Hours:
    return Hours(
        ranges=tuple(OpeningRange.objects.values_list("weekday", "opens", "closes")),
        closures=frozenset(Closure.objects.values_list("day", flat=True)),
    )


def local_offers() -> dict[int, LocalOffer]:
    """Where the shop departs from the group's card, by variant."""
    return {offer.variant_id: offer for offer in LocalOffer.objects.all()}


def delivery_minutes(distance_m: float) -> int:
    """An estimate of the way to the customer from the straight line: 1.35 times as far, at 20 km/h."""
    return math.ceil(distance_m * ROAD_FACTOR / METRES_PER_MINUTE)


@dataclass(frozen=True, slots=True)
class OfferedSlot:
    window: Window
    free_work: int
    slot_id: int | None  # None until somebody takes a place in it


def offered_slots(
    *, now: dt.datetime, mode: ServiceMode | str, work: int, distance_m: float = 0, shop: ShopSettings, hours: Hours
) -> list[OfferedSlot]:
    """The slots where this work still fits, soonest first. What it shows may be taken by somebody else since."""
    minutes = shop.preparation_minutes + (delivery_minutes(distance_m) if mode == ServiceMode.DELIVERY else 0)
    not_before = now + dt.timedelta(minutes=minutes)
    windows = list(grid(hours.ahead(now, shop.days_ahead), minutes=shop.slot_minutes, not_before=not_before))
    if not windows:
        return []
    kept = {
        slot.starts_at: slot
        for slot in Slot.objects.filter(starts_at__gte=windows[0].start, starts_at__lte=windows[-1].start)
    }
    offered = [_offered(window, kept.get(window.start), shop.slot_work) for window in windows]
    return [slot for slot in offered if slot.free_work >= work]


def _offered(window: Window, slot: Slot | None, capacity: int) -> OfferedSlot:
    if slot is None:
        return OfferedSlot(window, capacity, None)
    return OfferedSlot(window, slot.capacity - slot.taken, slot.pk)
