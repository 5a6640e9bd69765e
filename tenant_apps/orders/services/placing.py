"""Placing an order: everything it is, promises and costs, in one transaction of few statements (ADR 0008).

Locks, in the one order of the system: slot, ingredients by id, rows of the read model. Then one hint.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core import sql
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.messages.models import Message
from shared_apps.places.geometry import Location
from shared_apps.sales import services as sales
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import quoting
from tenant_apps.orders.models import Order, new_reference
from tenant_apps.orders.quoting import Asked, Quote
from tenant_apps.orders.services import acts, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.shop import zones
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.queries import OfferedSlot, Situation
from tenant_apps.stock.services import reservations
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


class NoSlot(RuleError):
    """The time asked for is not, or no longer, offered."""

    def __init__(self) -> None:
        super().__init__(_("This time is no longer available. Please choose another one."))


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
) -> Order:
    """Takes an order; the same submission again returns the order it already made.

    Raises NotTrading, OutOfZone, BelowMinimum, NoSlot, SlotFull, OutOfStock, NotOnTheCard.
    """
    already = placed(submission=submission)
    if already is not None:
        return already
    try:
        with transaction.atomic():
            return _place(shop, submission, lines, wishes, contact, channel, by, now, customer_id)
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
) -> Order:
    situation = shop_queries.situation(now)
    shop_settings = situation.settings
    if not (shop.has_legal_data and shop_settings.takes_orders):
        raise NotTrading
    quote = quoting.quote(lines=lines, local=situation.local)
    fee, travel_minutes = 0, 0
    if wishes.mode == ServiceMode.DELIVERY:
        fee, travel_minutes = _delivery(shop, contact, quote, shop_settings)
    slot = _choose(wishes, quote.work, travel_minutes, situation, now)
    slot_id = shop_services.take_slot(
        window=slot.window, work=quote.work, capacity=shop_settings.slot_work, slot_id=slot.slot_id
    )
    order = Order(
        reference=new_reference(),
        submission=submission,
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
        as_soon_as_possible=wishes.starts_at is None,
        work=quote.work,
        items_cents=quote.items_cents,
        delivery_fee_cents=fee,
        total_cents=quote.items_cents + fee,
        terms_version=TERMS_VERSION,
        placed_at=now,
    )
    _insert(shop, order, slot.window.end, quote, by)
    reservations.reserve(
        order_id=order.pk, needs=quote.needs, needed_at=slot.window.start, pizzeria_id=shop.id, now=now
    )
    sales.add(
        cell=acts.cell(shop=shop, order=order), orders=1, ordered_cents=order.total_cents, products=quote.products
    )
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.CONFIRMATION)
    acts.tell(shop=shop, order=order, stock=True)
    return order


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


def _choose(wishes: Wishes, work: int, travel_minutes: int, situation: Situation, now: dt.datetime) -> OfferedSlot:
    """The slot asked for, or the soonest one where the work fits. Raises NoSlot."""
    for slot in shop_queries.offered_slots(now=now, work=work, travel_minutes=travel_minutes, shop=situation):
        if wishes.starts_at is None or slot.window.start == wishes.starts_at:
            return slot
    raise NoSlot


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
