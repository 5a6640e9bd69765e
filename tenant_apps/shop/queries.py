import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue.models import ServiceMode
from shared_apps.catalogue.recipes import Card
from tenant_apps.shop import promise
from tenant_apps.shop.hours import Hours, Window, grid
from tenant_apps.shop.models import LocalOffer, ShopSettings, TradingChange

SETTINGS = tuple(field.attname for field in ShopSettings._meta.concrete_fields)
SITUATION = f"""
    SELECT {", ".join(SETTINGS)},
        ARRAY(SELECT weekday::int FROM shop_openingrange ORDER BY weekday, opens),
        ARRAY(SELECT opens FROM shop_openingrange ORDER BY weekday, opens),
        ARRAY(SELECT closes FROM shop_openingrange ORDER BY weekday, opens),
        ARRAY(SELECT day FROM shop_closure WHERE day >= %(now)s::date - 1),
        ARRAY(SELECT day FROM shop_specialrange WHERE day >= %(now)s::date - 1 ORDER BY day, opens),
        ARRAY(SELECT opens FROM shop_specialrange WHERE day >= %(now)s::date - 1 ORDER BY day, opens),
        ARRAY(SELECT closes FROM shop_specialrange WHERE day >= %(now)s::date - 1 ORDER BY day, opens),
        ARRAY(SELECT starts_at FROM shop_slot WHERE starts_at >= %(now)s ORDER BY starts_at),
        ARRAY(SELECT id FROM shop_slot WHERE starts_at >= %(now)s ORDER BY starts_at),
        ARRAY(SELECT capacity - taken FROM shop_slot WHERE starts_at >= %(now)s ORDER BY starts_at),
        ARRAY(SELECT delivery_capacity - deliveries FROM shop_slot WHERE starts_at >= %(now)s ORDER BY starts_at),
        ARRAY(SELECT variant_id FROM shop_localoffer ORDER BY id),
        ARRAY(SELECT price_cents FROM shop_localoffer ORDER BY id),
        ARRAY(SELECT withdrawn FROM shop_localoffer ORDER BY id)
    FROM shop_shopsettings
"""


@dataclass(frozen=True, slots=True)
class Local:
    """What the shop changes of a variant of the group's card."""

    price_cents: int | None
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a shop says of itself when somebody orders, read in one statement."""

    settings: ShopSettings
    hours: Hours
    # start → id, free work, free deliveries; those that somebody took a place in
    slots: Mapping[dt.datetime, tuple[int, int, int]]
    local: Mapping[int, Local]  # by variant


def situation(now: dt.datetime) -> Situation:
    with connection.cursor() as cursor:
        cursor.execute(SITUATION, {"now": now})
        row = cursor.fetchone()
    values, rest = row[: len(SETTINGS)], row[len(SETTINGS) :]
    weekly, closures, special, (starts, ids, *free), local = rest[:3], rest[3], rest[4:7], rest[7:11], rest[11:]
    return Situation(
        settings=ShopSettings.from_db(None, SETTINGS, values),
        hours=Hours(tuple(zip(*weekly, strict=True)), frozenset(closures), tuple(zip(*special, strict=True))),
        slots=dict(zip(starts, zip(ids, *free, strict=True), strict=True)),
        local={key: Local(*own) for key, *own in zip(*local, strict=True)},
    )


def settings() -> ShopSettings:
    return ShopSettings.objects.get()


@dataclass(frozen=True, slots=True)
class Trading:
    """Rush mode and closed channels as they are now, and who changed them last."""

    rush_minutes: int
    rush_until_at: dt.datetime | None
    delivery_closed_until_at: dt.datetime | None
    collection_closed_until_at: dt.datetime | None
    last_change: TradingChange | None

    @property
    def more_minutes(self) -> int | None:
        """What one more tap promises; None at the most."""
        return self.rush_minutes + 10 if self.rush_minutes < 30 else None


def trading(now: dt.datetime, own: ShopSettings | None = None) -> Trading:
    """`own` when the settings were read already."""
    own = own or settings()
    minutes = own.rush_at(now)
    return Trading(
        minutes,
        own.rush_until_at if minutes else None,
        own.web_closed_until(ServiceMode.DELIVERY, now),
        own.web_closed_until(ServiceMode.COLLECTION, now),
        TradingChange.objects.select_related("actor").last(),
    )


def whole_card(local: Mapping[int, Local] | None = None) -> Card:
    """The group's card as this shop sells it: its own prices, without what it withdrew."""
    return _local(catalogue.whole_card(), local, keep_withdrawn=False)


def part_of_card(
    *, variant_ids: Iterable[int], extra_ids: Iterable[int], local: Mapping[int, Local] | None = None
) -> Card:
    """What a basket or an order needs of the card, at this shop's prices; `local` when they were read already."""
    return _local(catalogue.part_of_card(variant_ids=variant_ids, extra_ids=extra_ids), local, keep_withdrawn=True)


def _local(card: Card, local: Mapping[int, Local] | None, *, keep_withdrawn: bool) -> Card:
    if local is None:
        rows = LocalOffer.objects.values_list("variant_id", "price_cents", "withdrawn")
        local = {key: Local(price_cents, withdrawn) for key, price_cents, withdrawn in rows}
    if not local:
        return card
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
    *,
    now: dt.datetime,
    work: int,
    shop: Situation,
    travel_minutes: int = 0,
    delivered: bool = False,
    queue: Sequence[tuple[dt.datetime, int]] = (),
    closed_until: dt.datetime | None = None,
) -> Iterator[OfferedSlot]:
    """The slots where this work still fits, soonest first. What it shows may be taken by somebody else since.

    A delivery needs a driver's place too. `queue` is the work not yet ready by the start of its slot, and
    `closed_until` the moment before which the channel takes nothing.
    """
    settings = shop.settings
    not_before = max(now, closed_until or now)
    windows = grid(shop.hours.ahead(now, settings.days_ahead), minutes=settings.slot_minutes, not_before=not_before)
    for window in windows:
        new = (None, settings.slot_work, settings.delivery_capacity(window.start, now))
        slot_id, free_work, free_deliveries = shop.slots.get(window.start, new)
        if free_work < work or (delivered and free_deliveries < 1):
            continue
        if window.start >= _soonest(window, settings, queue, travel_minutes, now):
            yield OfferedSlot(window, free_work, slot_id)


def _soonest(
    window: Window,
    settings: ShopSettings,
    queue: Sequence[tuple[dt.datetime, int]],
    travel_minutes: int,
    now: dt.datetime,
) -> dt.datetime:
    """When an order that goes into this slot would be there, after all that the kitchen makes before it."""
    out_of_the_kitchen = window.start - dt.timedelta(minutes=travel_minutes)
    return promise.soonest(
        now=now,
        work_ahead=promise.queue_before(queue, out_of_the_kitchen),
        work_per_minute=settings.slot_work / settings.slot_minutes,
        preparation_minutes=settings.preparation_minutes,
        travel_minutes=travel_minutes,
        rush_minutes=settings.rush_at(now),
    )
