"""Placing an order: everything it is, promises and costs, in one transaction of few statements (ADR 0008).

Locks, in the one order of the system: slot, ingredients by id, rows of the read model. Then one hint.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core import sql
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock
from shared_apps.gateway import services as gateway
from shared_apps.messages.models import Message
from shared_apps.places.geometry import Location
from shared_apps.sales import services as sales
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import pricing, quoting
from tenant_apps.orders import queries as order_queries
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order, new_reference
from tenant_apps.orders.quoting import Asked, Quote
from tenant_apps.orders.services import acts, blocking, discounting, settlement, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.promotions import services as promotions
from tenant_apps.shop import promise, zones
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.shop.hours import Window
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.queries import OfferedSlot, Situation
from tenant_apps.shop.services import SlotFull
from tenant_apps.shop.times import SHOWN, followed_by_times, in_words
from tenant_apps.stock import queries as stock_queries
from tenant_apps.stock.services import reservations
from tenant_apps.stock.services.reservations import OutOfStock
from tenant_apps.stock.services.stand_ins import RecipesChanged
from tenants.hosts import Shop

TERMS_VERSION = "2026-11"


class NotTrading(RuleError):
    """The shop takes no orders: its legal data is missing, or it closed this channel."""

    def __init__(self) -> None:
        super().__init__(_("This pizzeria takes no orders at the moment."))


class OutOfZone(RuleError):
    """The address is further than the shop delivers."""

    def __init__(self) -> None:
        super().__init__(_("This pizzeria does not deliver to this address."))


class BelowMinimum(RuleError):
    """The basket is under the shop's minimum for a delivery."""

    def __init__(self, minimum_cents: int) -> None:
        super().__init__(_("A delivery starts at %(minimum)s.") % {"minimum": euros(minimum_cents)})


class MustBePrepaid(RuleError):
    """A delivery above the shop's sum is paid when it is ordered."""

    def __init__(self, above_cents: int) -> None:
        super().__init__(
            _(
                "Above %(above)s a delivery is paid when it is ordered: pay it online, choose to collect it at the pizzeria,"
                " or come and order at the counter."
            )
            % {"above": euros(above_cents)}
        )


class NoSlot(RuleError):
    """The time asked for is not, or no longer, offered; `following` are the next times."""

    def __init__(self, following: Sequence[str] = ()) -> None:
        super().__init__(
            followed_by_times(_("This time is no longer available. Please choose another one."), following)
        )
        self.following = tuple(following)


class ChannelClosed(RuleError):
    """The shop takes no order of this mode from its site before a moment; `following` are the times after it."""

    def __init__(self, mode: ServiceMode, until_at: dt.datetime, following: Sequence[str]) -> None:
        refusal = (
            _("Delivery is closed until %(time)s.")
            if mode == ServiceMode.DELIVERY
            else _("Orders to collect are closed until %(time)s.")
        )
        super().__init__(followed_by_times(refusal % {"time": clock(until_at)}, following))
        self.following = tuple(following)


@dataclass(frozen=True, slots=True)
class Contact:
    """Who ordered and where it goes; a delivery needs the whole, a collection a name and a phone."""

    name: str
    phone: str  # E.164
    email: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    details: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How and when the order is wanted."""

    mode: ServiceMode
    starts_at: dt.datetime | None = None  # of the slot; None is as soon as possible
    note: str = ""
    allergy_note: str = ""


def placed(*, submission: uuid.UUID) -> Order | None:
    """The order that this submission has made."""
    with connection.cursor() as cursor:  # nearly always none: not worth building a query
        cursor.execute("SELECT id FROM orders_order WHERE submission = %s", [str(submission)])
        found = cursor.fetchone()
    return Order.objects.get(pk=found[0]) if found else None


def place(
    *,
    shop: Shop,
    submission: uuid.UUID,
    lines: Sequence[Asked],
    wishes: Wishes,
    contact: Contact,
    channel: Order.Channel,
    by: By,
    now: dt.datetime,
    customer_id: int | None = None,
    paid: Tender | None = None,
    shown: str | None = None,
    pays_online: bool = False,
    voucher_code: str = "",
) -> Order:
    """Takes an order; the same submission again returns the order it already made.

    One that `pays_online` holds its time and its ingredients and awaits its payment: `online.open_page` comes next.
    `shown` is what whoever orders saw of its ingredients and allergens (`quoting.shown`): they order nothing else.

    Raises NotTrading, NumberBlocked, ChannelClosed, OutOfZone, BelowMinimum, MustBePrepaid, WrongPrice, BeyondLimit,
    NoSlot, SlotFull, RecipesChanged, OutOfStock, NotOnTheCard, NotValid (the code); with `paid`, which is the whole total, as
    `settlement.take_payment`.
    """
    already = placed(submission=submission)
    if already is not None:
        return already
    try:
        with transaction.atomic():
            return _place(
                shop, submission, lines, wishes, contact, channel, by, now, customer_id, paid, shown, pays_online,
                voucher_code,
            )  # fmt: skip
    except (NoSlot, SlotFull) as refusal:
        raise type(refusal)(_following(shop, lines, wishes, contact, channel, now)) from None
    except OutOfStock as refusal:
        following = _following_with_stock(shop, lines, wishes, contact, channel, now)
        raise OutOfStock(refusal.missing, following) from None
    except IntegrityError as error:
        if "submission" not in str(error):
            raise
        return Order.objects.get(submission=submission)  # sent twice at the same moment: the other one won


def _place(
    shop: Shop,
    submission: uuid.UUID,
    lines: Sequence[Asked],
    wishes: Wishes,
    contact: Contact,
    channel: Order.Channel,
    by: By,
    now: dt.datetime,
    customer_id: int | None,
    paid: Tender | None,
    shown: str | None,
    pays_online: bool,
    voucher_code: str,
) -> Order:
    situation = shop_queries.situation(now)
    shop_settings = situation.settings
    if not (shop.has_legal_data and shop_settings.takes_orders):
        raise NotTrading
    blocking.check(phone=contact.phone, now=now)
    quote = quoting.quote(lines=lines, own=situation.changes)
    pricing.check(quote=quote, capacity=by.capacity, settings=shop_settings)
    voucher = promotions.check(code=voucher_code, items_cents=quote.items_cents, now=now) if voucher_code else None
    discount = voucher.worth(quote.items_cents) if voucher else 0
    fee, travel_minutes = 0, 0
    if wishes.mode == ServiceMode.DELIVERY:
        fee, travel_minutes = _delivery(shop, contact, quote, shop_settings)
        if not (paid or pays_online):
            check_prepaid(quote.items_cents + fee - discount, shop_settings)
    pays_online = pays_online and quote.items_cents + fee > discount  # a code may leave nothing to pay
    offered = _offered(wishes, quote.work, travel_minutes, channel, situation, now)
    if channel == Order.Channel.WEB:
        _check_channel(wishes, offered, shop_settings, now)
    slot_id, window = _take_slot(wishes, offered, quote.work, shop_settings, now)
    quote = quote.at(window.start)
    if shown not in (None, quote.shown):
        raise RecipesChanged
    order = Order(
        reference=new_reference(),
        submission=submission,
        state=State.AWAITING_PAYMENT if pays_online else State.ACCEPTED,
        channel=channel,
        mode=wishes.mode,
        customer_id=customer_id,
        contact_name=contact.name,
        contact_phone=contact.phone,
        contact_email=contact.email,
        street=contact.street,
        postcode=contact.postcode,
        city=contact.city,
        address_details=contact.details,
        latitude=contact.latitude,
        longitude=contact.longitude,
        note=wishes.note,
        allergy_note=wishes.allergy_note,
        slot_id=slot_id,
        travel_minutes=travel_minutes,
        as_soon_as_possible=wishes.starts_at is None,
        work=quote.work,
        items_cents=quote.items_cents,
        delivery_fee_cents=fee,
        discount_cents=discount,
        total_cents=quote.items_cents + fee - discount,
        terms_version=TERMS_VERSION,
        placed_at=now,
    )
    _insert(shop, order, window.end, quote, by)
    needed_at = promise.kitchen_begins(
        starts_at=window.start, travel_minutes=travel_minutes, preparation_minutes=shop_settings.preparation_minutes
    )
    reservations.reserve(
        order_id=order.pk,
        needs=quote.needs,
        needed_at=needed_at,
        pizzeria_id=shop.id,
        now=now,
        recipes=quote.recipes,
    )
    if voucher:
        discounting.use(order=order, voucher=voucher, now=now)
    if paid and order.total_cents:
        settlement.take(shop=shop, order=order, tender=paid, by=by, now=now)
    if pays_online:
        wait_until = now + dt.timedelta(minutes=settings.ONLINE_PAYMENT_MINUTES)
        gateway.follow_up(pizzeria_id=shop.id, order_number=order.pk, due_at=wait_until)
    else:
        _announce(shop, order, quote, shop_settings)
    acts.tell(shop=shop, order=order, stock=True)
    return order


def _announce(shop: Shop, order: Order, quote: Quote, shop_settings: ShopSettings) -> None:
    """It counts, the customer has it in writing and the kitchen on paper."""
    sales.add(
        cell=acts.cell(shop=shop, order=order), orders=1, ordered_cents=order.total_cents, products=quote.products
    )
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.CONFIRMATION)
    telling.print_ticket(shop=shop, order=order, kind="kitchen", printer=shop_settings.printer_address)


def _delivery(shop: Shop, contact: Contact, quote: Quote, shop_settings: ShopSettings) -> tuple[int, int]:
    """Its fee in cents and the minutes it takes. Raises OutOfZone, BelowMinimum."""
    if contact.latitude is None or contact.longitude is None:
        raise OutOfZone
    door = Location(contact.latitude, contact.longitude, contact.postcode, contact.city)
    terms = zones.terms(shop=shop, place=door, settings=shop_settings)
    if terms is None:
        raise OutOfZone
    if quote.items_cents < terms.minimum_cents:
        raise BelowMinimum(terms.minimum_cents)
    return terms.fee_cents, terms.minutes


def _offered(
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


def _following(
    shop: Shop, lines: Sequence[Asked], wishes: Wishes, contact: Contact, channel: Order.Channel, now: dt.datetime
) -> list[str]:
    """The next times in words, as they are after a refusal: read again, somebody has just taken one."""
    return _times(shop, lines, wishes, contact, channel, now, made_from=None)


def _following_with_stock(
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
        travel_minutes = _delivery(shop, contact, quote, situation.settings)[1]
    return _words(_offered(wishes, quote.work, travel_minutes, channel, situation, now, made_from), now)


def _words(offered: Iterator[OfferedSlot], now: dt.datetime) -> list[str]:
    return [in_words(slot.window, timezone.localdate(now)) for slot in islice(offered, SHOWN)]


def _check_channel(
    wishes: Wishes, offered: Iterator[OfferedSlot], shop_settings: ShopSettings, now: dt.datetime
) -> None:
    """A closed channel takes orders for after it opens again, chosen knowingly. Raises ChannelClosed."""
    until_at = shop_settings.web_closed_until(wishes.mode, now)
    if until_at and (wishes.starts_at is None or wishes.starts_at < until_at):
        raise ChannelClosed(wishes.mode, until_at, _words(offered, now))


def _take_slot(
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


def check_prepaid(total_cents: int, shop_settings: ShopSettings) -> None:
    above = shop_settings.prepaid_above_cents
    if above is not None and total_cents > above:
        raise MustBePrepaid(above)


def _insert(shop: Shop, order: Order, promised_until: dt.datetime, quote: Quote, by: By) -> None:
    """The order, its lines, its first event and its row in the read model, in one statement."""
    event = acts.event(order=order, by=by, now=order.placed_at, from_state="")
    summary = OrderSummary(
        pizzeria_id=shop.id,
        reference=order.reference,
        customer_id=order.customer_id,
        state=order.state,
        mode=order.mode,
        placed_at=order.placed_at,
        promised_until_at=promised_until,
        total_cents=order.total_cents,
    )
    placed = sql.insertion([order])
    of_order = {"order_id": "placed.id"}
    parts = [
        sql.insertion(quoting.rows(order_id=0, quote=quote), source="placed", replaced=of_order),
        sql.insertion([event], source="placed", replaced=of_order),
        sql.insertion([summary], source="placed", replaced={"number": "placed.id"}),
    ]
    statement = (
        f"WITH placed AS ({placed.text} RETURNING id), lines AS ({parts[0].text}), event AS ({parts[1].text}),"
        f" summary AS ({parts[2].text}) SELECT id FROM placed"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*placed.values, *(value for part in parts for value in part.values)])
        order.pk = cursor.fetchone()[0]
    order._state.adding = False
