import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue.models import ServiceMode
from shared_apps.catalogue.recipes import Card, Component, Substitute, Substitutes
from tenant_apps.shop import promise, public_holidays
from tenant_apps.shop.hours import Hours, Window, grid
from tenant_apps.shop.models import ShopSettings, TradingChange

# What the shop changes of the group's card: no alcohol, its own prices, what it withdrew, what stands for what (ADR 0028). The
# substitutions are those of `stock`, read here so that nobody has to read them apart.
CHANGES = """
        (SELECT sells_alcohol FROM shop_shopsettings),
        ARRAY(SELECT variant_id FROM shop_localoffer ORDER BY id),
        ARRAY(SELECT price_cents FROM shop_localoffer ORDER BY id),
        ARRAY(SELECT withdrawn FROM shop_localoffer ORDER BY id),
        (SELECT json_agg(json_build_array(substitution.id, replaced.id, replaced.name, substitution.ratio::text,
                         substitution.until_at, stand_in.id, stand_in.name, stand_in.unit, stand_in.allergens,
                         stand_in.drawing, stand_in.origin, stand_in.is_dough, stand_in.species)
                         ORDER BY substitution.id)
         FROM stock_substitution AS substitution
         JOIN catalogue_ingredient AS replaced ON replaced.id = substitution.replaced_id
         JOIN catalogue_ingredient AS stand_in ON stand_in.id = substitution.replacement_id
         WHERE CASE WHEN %(only)s::bigint[] IS NULL THEN substitution.ended_at IS NULL
                    ELSE substitution.id = ANY(%(only)s) END)
"""
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
        {CHANGES}
    FROM shop_shopsettings
"""


@dataclass(frozen=True, slots=True)
class Local:
    """What the shop changes of a variant of the group's card."""

    price_cents: int | None
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What the shop changes of the group's card: offers by variant, and the ingredients that it replaces."""

    offers: Mapping[int, Local]
    substitutes: Sequence[Substitute] = ()
    sells_alcohol: bool = False

    def applying(self, at: dt.datetime) -> Substitutes:
        """What stands for what in an order wanted at that moment."""
        return {one.replaced_id: one for one in self.substitutes if one.applies(at)}


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a shop says of itself when somebody orders, read in one statement."""

    settings: ShopSettings
    hours: Hours
    # start → id, free work, free deliveries; those that somebody took a place in
    slots: Mapping[dt.datetime, tuple[int, int, int]]
    changes: Changes


def situation(now: dt.datetime) -> Situation:
    with connection.cursor() as cursor:
        cursor.execute(SITUATION, {"now": now, "only": None})
        row = cursor.fetchone()
    values, rest = row[: len(SETTINGS)], row[len(SETTINGS) :]
    weekly, closures, special, (starts, ids, *free), changes = rest[:3], rest[3], rest[4:7], rest[7:11], rest[11:]
    own = ShopSettings.from_db(None, SETTINGS, values)
    return Situation(
        settings=own,
        hours=Hours(
            tuple(zip(*weekly, strict=True)),
            frozenset(closures),
            tuple(zip(*special, strict=True)),
            public_holidays.closed(own.closed_holidays, region=own.holiday_region, around=timezone.localdate(now)),
        ),
        slots=dict(zip(starts, zip(ids, *free, strict=True), strict=True)),
        changes=_changes(changes),
    )


def changes(*, only: Iterable[int] | None = None) -> Changes:
    """What the shop changes now; with `only`, these substitutions whether they are over or not."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {CHANGES}", {"only": None if only is None else list(only)})
        return _changes(cursor.fetchone())


def _changes(row: Sequence[Any]) -> Changes:
    sells_alcohol, *offers, substitutes = row
    return Changes(
        {key: Local(*own) for key, *own in zip(*offers, strict=True)},
        tuple(_substitute(*values) for values in substitutes or ()),
        sells_alcohol,
    )


def _substitute(
    key: int, replaced_id: int, replaced_name: str, ratio: str, until_at: str | None, *ingredient: Any
) -> Substitute:
    stand_in, name, unit, allergens, drawing, origin, is_dough, species = ingredient
    return Substitute(
        substitution_id=key,
        replaced_id=replaced_id,
        replaced_name=replaced_name,
        ratio=Decimal(ratio),
        until_at=dt.datetime.fromisoformat(until_at) if until_at else None,
        component=Component(stand_in, name, unit, Decimal(1), True, tuple(allergens), drawing, origin, is_dough),
        is_meat=bool(species),
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


def whole_card(own: Changes | None = None, *, at: dt.datetime | None = None) -> Card:
    """The group's card as this shop sells it: its own prices, without what it withdrew, made as it makes it now.

    `own` when it was read already; `at` when it is wanted, now unless given.
    """
    own = changes() if own is None else own
    return _local(catalogue.whole_card(), own, keep_withdrawn=False).with_substitutes(_applying(own, at))


def group_card() -> Card:
    """The same products without what the shop changes of them."""
    return catalogue.whole_card()


def part_of_card(
    *,
    variant_ids: Iterable[int],
    extra_ids: Iterable[int],
    own: Changes | None = None,
    at: dt.datetime | None = None,
) -> Card:
    """What a basket or an order needs of the card, at this shop's prices and as this shop makes it."""
    own = changes() if own is None else own
    card = catalogue.part_of_card(variant_ids=variant_ids, extra_ids=extra_ids)
    return _local(card, own, keep_withdrawn=True).with_substitutes(_applying(own, at))


def _applying(own: Changes, at: dt.datetime | None) -> Substitutes:
    return own.applying(at or timezone.now()) if own.substitutes else {}


def _local(card: Card, own: Changes, *, keep_withdrawn: bool) -> Card:
    offers = {}
    for key, offer in card.offers.items():
        local = own.offers.get(key)
        withdrawn = (local is not None and local.withdrawn) or (offer.is_alcohol and not own.sells_alcohol)
        if withdrawn and not keep_withdrawn:
            continue
        if local and local.price_cents is not None:
            offer = replace(offer, price_cents=local.price_cents)
        offers[key] = replace(offer, published=False) if withdrawn else offer
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
    made_from: dt.datetime | None = None,
) -> Iterator[OfferedSlot]:
    """The slots where this work still fits, soonest first. What it shows may be taken by somebody else since.

    A delivery needs a driver's place too. `queue` is the work not yet ready by the start of its slot, and
    `closed_until` the moment before which the channel takes nothing, `made_from` the one before which the kitchen does not
    have what it takes.
    """
    settings = shop.settings
    not_before = max(now, closed_until or now)
    if made_from:
        ready = dt.timedelta(minutes=settings.preparation_minutes + travel_minutes)
        not_before = max(not_before, made_from + ready)
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
