"""Alcohol that is not handed over, to somebody who does not show that they are of age: the rest of the order is."""

import datetime as dt

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.catalogue.models import VatClass
from shared_apps.messages.models import Message
from shared_apps.sales import services as sales
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import ledger, quoting
from tenant_apps.orders.lifecycle import Actor, MoveRefused, State
from tenant_apps.orders.models import Order
from tenant_apps.orders.reversing import Reversible
from tenant_apps.orders.services import acts, discounting, refunding, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import ReversalLine
from tenants.hosts import Shop

HANDED_OVER_BY = frozenset({Actor.DRIVER, Actor.COUNTER, Actor.MANAGER})
IN_HAND = frozenset({State.READY, State.ON_THE_WAY, State.FAILED})  # made, and not given yet


class Age(models.TextChoices):
    """What whoever hands an order over saw of the age of who receives it."""

    SEEN = "seen", gettext_lazy("18 or over, by an identity document")
    REFUSED = "refused", gettext_lazy("Not shown: without the alcohol")


@transaction.atomic
def refuse(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """Its alcohol leaves the order and is in stock again; what was paid for it goes back. Asked twice, it is done once.

    What an online card paid goes back by itself, the rest is a case for the counter, as after any change. One that is made
    again for an order that nobody took refuses that of both. Raises MoveRefused.
    """
    order, original = acts.locked_with_replaced(order_id)
    if order.alcohol == Order.Alcohol.REFUSED:
        return order
    _take_out(shop, order, by, now, in_stock_again=True)
    if original and original.state == State.FAILED and original.alcohol == Order.Alcohol.TO_CHECK:
        _take_out(shop, original, by, now, in_stock_again=False)  # its bottles were settled when it was made again
    return order


def _take_out(shop: Shop, order: Order, by: By, now: dt.datetime, *, in_stock_again: bool) -> None:
    lines = ledger.reversible_lines(order)
    alcohol = [line for line in lines if line.line.variant.product.vat_class == VatClass.ALCOHOL]
    _check(order, by, nothing_else=len(lines) == len(alcohol))
    before, total = quoting.sold(order).products, order.total_cents
    if in_stock_again:
        parts = [(line, line.pieces_left, ReversalLine.Fate.RETURNED, 0) for line in alcohol]
        refunding.restock(shop=shop, order=order, parts=parts, by=by, now=now)
    _rewrite(order, alcohol)
    words = [f"{line.line.quantity} × {line.line.label}" for line in alcohol]
    detail = {"refused": words, "total_cents": [total, order.total_cents]}
    acts.record(order=order, by=by, now=now, from_state=order.state, reason="alcohol_refused", detail=detail)
    if not order.is_remake:
        _count(shop, order, before, order.total_cents - total)
        refunding.settle_overpaid(shop=shop, order=order, by=by, now=now)
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.CHANGED)
    acts.tell(shop=shop, order=order, stock=True)


def _check(order: Order, by: By, *, nothing_else: bool) -> None:
    if by.capacity not in HANDED_OVER_BY or order.alcohol != Order.Alcohol.TO_CHECK or order.state not in IN_HAND:
        raise MoveRefused(_("Alcohol is refused where the order is handed over, before it is."))
    if nothing_else:
        raise MoveRefused(_("There is nothing but alcohol in it: it is not handed over at all."))
    if order.reversals.exists():  # its lines are what was paid back
        raise MoveRefused(
            _("Part of this order was paid back: pay its alcohol back by the line too, then hand over the rest.")
        )


def _rewrite(order: Order, alcohol: list[Reversible]) -> None:
    order.lines.filter(pk__in=[line.line.pk for line in alcohol]).delete()
    order.items_cents -= sum(line.line.total_cents for line in alcohol)
    discounting.recompute(order=order, keeps_codes=True)
    order.alcohol = Order.Alcohol.REFUSED
    order.version += 1
    order.seen_version = order.version  # it has left the kitchen
    order.save(update_fields=["items_cents", "discount_cents", "total_cents", "alcohol", "version", "seen_version"])


def _count(shop: Shop, order: Order, before: dict[int, int], delta: int) -> None:
    OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(total_cents=order.total_cents)
    after = quoting.sold(order).products
    gone = {key: after.get(key, 0) - sold for key, sold in before.items() if after.get(key, 0) != sold}
    sales.add(cell=acts.cell(shop=shop, order=order), ordered_cents=delta, products=gone)
