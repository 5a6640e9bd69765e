"""Placing an order: everything it is, promises and costs, in one transaction of few statements (ADR 0008).

Locks, in the one order of the system: slot, ingredients by id, rows of the read model. Then one hint.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from shared_apps.catalogue.models import ServiceMode
from shared_apps.gateway import services as gateway
from shared_apps.messages.models import Message
from shared_apps.sales import services as sales
from tenant_apps.orders import pricing, quoting
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order, new_reference
from tenant_apps.orders.quoting import Asked, Quote
from tenant_apps.orders.services import acts, blocking, discounting, inserting, settlement, slots, telling, terms
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.refusals import NoSlot, NotTrading
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.promotions import services as promotions
from tenant_apps.shop import promise
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.services import SlotFull
from tenant_apps.stock.services import reservations
from tenant_apps.stock.services.reservations import OutOfStock
from tenants.hosts import Shop


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
    terms_version: str,
    customer_id: int | None = None,
    paid: Tender | None = None,
    shown: str | None = None,
    pays_online: bool = False,
    voucher_code: str = "",
) -> Order:
    """Takes an order; the same submission again returns the order it already made.

    One that `pays_online` holds its time and its ingredients and awaits its payment: `online.open_page` comes next.
    `terms_version` is the name of the terms of sale that the customer accepts (`legal.services.accept_terms`); empty where none
    were shown.
    `shown` is what whoever orders saw of its prices, ingredients and allergens (`quoting.shown`): they order nothing else.

    Raises NotTrading, NumberBlocked, ChannelClosed, OutOfZone, BelowMinimum, MustBePrepaid, WrongPrice, BeyondLimit,
    NoSlot, SlotFull, NoAlcoholNow, AdultsOnly, PricesChanged, RecipesChanged, OutOfStock, NotOnTheCard, NotValid (the code); with
    `paid`, which is the whole total, as `settlement.take_payment`.
    """
    already = placed(submission=submission)
    if already is not None:
        return already
    try:
        with transaction.atomic():
            return _place(
                shop, submission, lines, wishes, contact, channel, by, now, terms_version, customer_id, paid, shown,
                pays_online, voucher_code,
            )  # fmt: skip
    except (NoSlot, SlotFull) as refusal:
        raise type(refusal)(slots.following(shop, lines, wishes, contact, channel, now)) from None
    except OutOfStock as refusal:
        following = slots.following_with_stock(shop, lines, wishes, contact, channel, now)
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
    terms_version: str,
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
        fee, travel_minutes = terms.delivery(shop, contact, quote, shop_settings)
        if not (paid or pays_online):
            terms.check_prepaid(quote.items_cents + fee - discount, shop_settings)
    pays_online = pays_online and quote.items_cents + fee > discount  # a code may leave nothing to pay
    offered = slots.offered_slots(wishes, quote.work, travel_minutes, channel, situation, now)
    if channel == Order.Channel.WEB:
        slots.check_channel(wishes, offered, shop_settings, now)
    slot_id, window = slots.take_slot(wishes, offered, quote.work, shop_settings, now)
    quote = quote.at(window.start)
    quoting.check_shown(shown=shown, quote=quote)
    alcohol = terms.check_alcohol(quote, shop_settings, is_adult=wishes.is_adult, moments=(now, window.start))
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
        terms_version=terms_version,
        alcohol=alcohol,
        adult_declared=wishes.is_adult,
        placed_at=now,
    )
    inserting.insert(shop, order, window.end, quote, by)
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
