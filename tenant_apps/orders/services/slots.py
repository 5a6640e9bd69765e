"""The time of an order: what is offered, the place it takes, and the next times after a refusal."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice

from django.utils import timezone

from shared_apps.catalogue.models import ServiceMode
from tenant_apps.orders import queries as order_queries
from tenant_apps.orders import quoting
from tenant_apps.orders.models import Order
from tenant_apps.orders.quoting import Asked
from tenant_apps.orders.services import terms
from tenant_apps.orders.services.refusals import ChannelClosed, NoSlot
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.shop.hours import Window
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.queries import OfferedSlot, Situation
from tenant_apps.shop.services import SlotFull
from tenant_apps.shop.times import SHOWN, in_words
from tenant_apps.stock import queries as stock_queries
from tenants.hosts import Shop


def offered_slots(
    wishes: Wishes,
    work: int,
    travel_minutes: int,
    channel: Order.Channel,
    situation: Situation,
    now: dt.datetime,
    made_from: dt.datetime | None = None,
) -> Iterator[OfferedSlot]:
    """`made_from` is the moment before which the stock does not allow it."""
    web = channel == Order.Channel.WEB
    return shop_queries.offered_slots(
        now=now,
        work=work,
        travel_minutes=travel_minutes,
        shop=situation,
        delivered=wishes.mode == ServiceMode.DELIVERY,
        queue=order_queries.queue(),
        closed_until=situation.settings.web_closed_until(wishes.mode, now) if web else None,
        made_from=made_from,
    )


def following(
    shop: Shop, lines: Sequence[Asked], wishes: Wishes, contact: Contact, channel: Order.Channel, now: dt.datetime
) -> list[str]:
    """The next times in words, as they are after a refusal: read again, somebody has just taken one."""
    return _times(shop, lines, wishes, contact, channel, now, made_from=None)


def following_with_stock(
    shop: Shop, lines: Sequence[Asked], wishes: Wishes, contact: Contact, channel: Order.Channel, now: dt.datetime
) -> list[str]:
    """The next times for which the stock, with what is expected, allows all of it."""
    needs = quoting.quote(lines=lines).needs
    made_from = stock_queries.outlook(needs, now=now).from_when(needs)
    return _times(shop, lines, wishes, contact, channel, now, made_from) if made_from else []


def _times(
    shop: Shop,
    lines: Sequence[Asked],
    wishes: Wishes,
    contact: Contact,
    channel: Order.Channel,
    now: dt.datetime,
    made_from: dt.datetime | None,
) -> list[str]:
    situation = shop_queries.situation(now)
    quote, travel_minutes = quoting.quote(lines=lines, own=situation.changes), 0
    if wishes.mode == ServiceMode.DELIVERY:
        travel_minutes = terms.delivery(shop, contact, quote, situation.settings)[1]
    return _words(offered_slots(wishes, quote.work, travel_minutes, channel, situation, now, made_from), now)


def _words(offered: Iterator[OfferedSlot], now: dt.datetime) -> list[str]:
    return [in_words(slot.window, timezone.localdate(now)) for slot in islice(offered, SHOWN)]


def check_channel(
    wishes: Wishes, offered: Iterator[OfferedSlot], shop_settings: ShopSettings, now: dt.datetime
) -> None:
    """A closed channel takes orders for after it opens again, chosen knowingly. Raises ChannelClosed."""
    until_at = shop_settings.web_closed_until(wishes.mode, now)
    if until_at and (wishes.starts_at is None or wishes.starts_at < until_at):
        raise ChannelClosed(wishes.mode, until_at, _words(offered, now))


def take_slot(
    wishes: Wishes, offered: Iterator[OfferedSlot], work: int, shop_settings: ShopSettings, now: dt.datetime
) -> tuple[int, Window]:
    """A place in the slot asked for; as soon as possible passes over a slot that fills up meanwhile.

    Raises NoSlot, SlotFull.
    """
    for slot in offered:
        if wishes.starts_at not in (None, slot.window.start):
            continue
        try:
            slot_id = shop_services.take_slot(
                window=slot.window,
                work=work,
                capacity=shop_settings.slot_work,
                slot_id=slot.slot_id,
                deliveries=int(wishes.mode == ServiceMode.DELIVERY),
                delivery_capacity=shop_settings.delivery_capacity(slot.window.start, now),
            )
        except SlotFull:
            if wishes.starts_at is not None:
                raise
            continue
        return slot_id, slot.window
    raise NoSlot
