import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue.recipes import Card
from tenant_apps.shop.hours import Hours, Window, grid
from tenant_apps.shop.models import Closure, LocalOffer, OpeningRange, ShopSettings, Slot


def settings() -> ShopSettings:
    return ShopSettings.objects.get()


def hours() -> Hours:
    return Hours(
        ranges=tuple(OpeningRange.objects.values_list("weekday", "opens", "closes")),
        closures=frozenset(Closure.objects.values_list("day", flat=True)),
    )


def whole_card() -> Card:
    """The group's card as this shop sells it: its own prices, without what it withdrew."""
    return _local(catalogue.whole_card(), keep_withdrawn=False)


def part_of_card(*, variant_ids: Iterable[int], extra_ids: Iterable[int]) -> Card:
    """What a basket or an order needs of the card, at this shop's prices."""
    return _local(catalogue.part_of_card(variant_ids=variant_ids, extra_ids=extra_ids), keep_withdrawn=True)


def _local(card: Card, *, keep_withdrawn: bool) -> Card:
    local = {offer.variant_id: offer for offer in LocalOffer.objects.all()}
    offers = {}
    for key, offer in card.offers.items():
        own = local.get(key)
        if own and own.withdrawn and not keep_withdrawn:
            continue
        if own:
            price_cents = offer.price_cents if own.price_cents is None else own.price_cents
            offer = replace(offer, price_cents=price_cents, published=offer.published and not own.withdrawn)
        offers[key] = offer
    return Card(offers, card.extras)


@dataclass(frozen=True, slots=True)
class OfferedSlot:
    window: Window
    free_work: int
    slot_id: int | None  # None until somebody takes a place in it


def offered_slots(
    *, now: dt.datetime, work: int, travel_minutes: int = 0, shop: ShopSettings, hours: Hours
) -> list[OfferedSlot]:
    """The slots where this work still fits, soonest first. What it shows may be taken by somebody else since."""
    not_before = now + dt.timedelta(minutes=shop.preparation_minutes + travel_minutes)
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
