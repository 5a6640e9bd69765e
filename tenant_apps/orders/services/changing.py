"""Changing or cancelling an order until the kitchen takes it: stock, slot and figures follow in the same transaction.

A race with the kitchen has one whole outcome: both lock the order first, and the second finds it moved.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.messages.models import Message
from shared_apps.places.geometry import Location
from shared_apps.sales import services as sales
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import lifecycle, quoting
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.models import Case, Order, OrderLine
from tenant_apps.orders.quoting import Asked, Quote, Sold
from tenant_apps.orders.services import acts, cases, discounting, following, refunding, telling, terms
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.refusals import BelowMinimum, MustBePrepaid
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.shop import zones
from tenant_apps.stock.services import reservations
from tenants.hosts import Shop


@transaction.atomic
def change(
    *,
    shop: Shop,
    order_id: int,
    lines: Sequence[Asked],
    by: By,
    now: dt.datetime,
    shown: str | None = None,
    is_adult: bool = False,
) -> Order:
    """Replaces what is ordered; the slot, the address and the means stay. `shown` as in `placing.place`.

    Raises PricesChanged, RecipesChanged, MoveRefused once the kitchen has it, SlotFull, OutOfStock, NotOnTheCard, BelowMinimum,
    NoAlcoholNow, AdultsOnly.
    """
    order = acts.locked(order_id)
    _check_changeable(order, by)
    quote = quoting.quote(lines=lines).at(order.slot.starts_at)
    quoting.check_shown(shown=shown, quote=quote)
    if order.mode == ServiceMode.DELIVERY:
        minimum = _minimum_cents(shop, order)
        if quote.items_cents < minimum:
            raise BelowMinimum(minimum)
        _check_prepaid(order, quote)
    is_adult, moments = is_adult or order.adult_declared, (now, order.slot.starts_at)
    order.alcohol = terms.check_alcohol(quote, shop_queries.settings(), is_adult=is_adult, moments=moments)
    order.adult_declared = is_adult
    before = quoting.sold(order)
    shop_services.change_slot_work(slot_id=order.slot_id, delta=quote.work - order.work)
    reservations.release(order_id=order.pk, pizzeria_id=shop.id, now=now)
    reservations.reserve(
        order_id=order.pk,
        needs=quote.needs,
        needed_at=acts.kitchen_begins(order),
        pizzeria_id=shop.id,
        now=now,
        recipes=quote.recipes,
    )
    _rewrite(shop, order, before, quote, by, now)
    refunding.settle_overpaid(shop=shop, order=order, by=by, now=now)
    cases.review_shortages(now=now)
    following.follow_later(shop=shop, order=order, now=now)
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.CHANGED)
    telling.print_ticket(shop=shop, order=order, kind="changed")
    acts.tell(shop=shop, order=order, stock=True)
    return order


def _check_prepaid(order: Order, quote: Quote) -> None:
    """More than the shop delivers unpaid: what stands already may stay above, and what a card holds is paid.

    Raises MustBePrepaid.
    """
    above, total = shop_queries.settings().prepaid_above_cents, quote.items_cents + order.delivery_fee_cents
    if above is not None and total - order.online_payments.held_cents() > max(above, order.total_cents):
        raise MustBePrepaid(above)


def _minimum_cents(shop: Shop, order: Order) -> int:
    """That of its door today; the shop's ordinary one when the zone has left the door out since."""
    settings = shop_queries.settings()
    terms = None
    if order.latitude is not None and order.longitude is not None:
        door = Location(order.latitude, order.longitude, order.postcode, order.city)
        terms = zones.terms(shop=shop, place=door, settings=settings)
    return terms.minimum_cents if terms else settings.delivery_minimum_cents


def _check_changeable(order: Order, by: By) -> None:
    """For whoever may cancel it, and only before the kitchen claims it."""
    if order.state in lifecycle.OPEN and not order.can_still_change:
        raise MoveRefused(_("The kitchen has started this order: it can no longer be changed."))
    if order.lines.exclude(list_price_cents=None).exists() or order.discounts.filter(voucher=None).exists():
        raise MoveRefused(_("A price was agreed for this order: it is cancelled and taken again to be changed."))
    if order.reversals.exists():  # its lines, or its price, are what was paid back
        raise MoveRefused(_("Part of this order was paid back: it is cancelled and taken again to be changed."))
    if order.is_remake:
        raise MoveRefused(_("A remake is not changed: cancel it and make another one."))
    lifecycle.check(current=State(order.state), target=State.CANCELLED, actor=by.capacity)


def _rewrite(shop: Shop, order: Order, before: Sold, quote: Quote, by: By, now: dt.datetime) -> None:
    old_total = order.total_cents
    order.lines.all().delete()
    OrderLine.objects.bulk_create(quoting.rows(order_id=order.pk, quote=quote))
    order.items_cents = quote.items_cents
    discounting.recompute(order=order)
    order.work = quote.work
    order.changed_at = now
    order.version += 1
    order.save(
        update_fields=[
            "items_cents", "discount_cents", "total_cents", "work", "changed_at", "version", "alcohol", "adult_declared",
        ]
    )  # fmt: skip
    acts.record(
        order=order,
        by=by,
        now=now,
        from_state=order.state,
        reason="changed",
        detail={"before": before.words, "total_cents": [old_total, order.total_cents]},
    )
    OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(total_cents=order.total_cents)
    sales.add(
        cell=acts.cell(shop=shop, order=order),
        ordered_cents=order.total_cents - old_total,
        products=_difference(before.products, quote.products),
    )


def _difference(before: dict[int, int], after: dict[int, int]) -> dict[int, int]:
    keys = sorted(before.keys() | after.keys())
    return {key: after.get(key, 0) - before.get(key, 0) for key in keys if after.get(key, 0) != before.get(key, 0)}


@transaction.atomic
def cancel(*, shop: Shop, order_id: int, by: By, now: dt.datetime, reason: str = "") -> Order:
    """Cancels the order: what it held is free again; what the kitchen already used stays used. Raises MoveRefused.

    What was paid by card online goes back by itself; other money is a case until `refunding.give_back`.
    """
    order, original = acts.locked_with_replaced(order_id)
    if order.state == State.CANCELLED:
        return order
    lifecycle.check(current=State(order.state), target=State.CANCELLED, actor=by.capacity)
    shop_services.change_slot_work(
        slot_id=order.slot_id,
        delta=-order.work,
        deliveries=-int(order.mode == ServiceMode.DELIVERY and not order.is_remake),
    )
    reservations.release(order_id=order.pk, pizzeria_id=shop.id, now=now)
    discounting.free(order=order)
    if not order.awaits_payment:
        _withdraw(shop, order)
    acts.move(shop=shop, order=order, target=State.CANCELLED, by=by, now=now, stamp="cancelled_at", reason=reason)
    cases.close_all(order=order, user_id=by.user_id, now=now)
    refunding.settle_overpaid(shop=shop, order=order, by=by, now=now)
    if original and original.state == State.FAILED:  # what it replaced still was not delivered
        words = _("The remake no. %(number)s was cancelled") % {"number": order.number}
        cases.open_case(order=original, kind=Case.Kind.FAILED_DELIVERY, words=words, now=now)
    cases.review_shortages(now=now)
    following.follow_later(shop=shop, order=order, now=now)
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.CANCELLED)
    acts.tell(shop=shop, order=order, stock=True)
    return order


def _withdraw(shop: Shop, order: Order) -> None:
    """From the kitchen, which has to see it go, and from the group's figures; one that awaited its payment was in neither."""
    in_the_kitchen = order.state not in (State.ON_THE_WAY, State.FAILED)  # else nobody there has to see it go
    order.version += 1
    order.seen_version = order.seen_version if in_the_kitchen else order.version
    order.save(update_fields=["version", "seen_version"])
    if in_the_kitchen:
        telling.print_ticket(shop=shop, order=order, kind="cancelled")
    if order.is_remake:
        return
    sales.add(
        cell=acts.cell(shop=shop, order=order),
        orders=-1,
        ordered_cents=-order.total_cents,
        products={key: -hundredths for key, hundredths in quoting.sold(order).products.items()},
    )
