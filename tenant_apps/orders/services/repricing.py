"""Agreeing to a price on a line of an order already placed, until the kitchen takes it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.baskets.services import AgreedPrice
from shared_apps.sales import services as sales
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import pricing
from tenant_apps.orders.lifecycle import Actor, MoveRefused
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.orders.services import acts, discounting, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries
from tenants.hosts import Shop


@transaction.atomic
def reprice(*, shop: Shop, order_id: int, line_id: int, agreed: AgreedPrice, by: By, now: dt.datetime) -> Order:
    """The line keeps the card's price beside the new one, who and why. Raises MoveRefused, WrongPrice, BeyondLimit."""
    order = acts.locked(order_id)
    if by.capacity not in (Actor.COUNTER, Actor.MANAGER) or order.is_remake or not order.can_still_change:
        raise MoveRefused(_("A price is agreed to by the counter, until the kitchen takes the order."))
    lines = list(order.lines.all())
    line = next((line for line in lines if line.pk == line_id), None)
    if line is None:
        raise acts.UnknownOrder
    before = line.total_cents
    if line.list_price_cents is None:
        line.list_price_cents = line.unit_price_cents
    line.unit_price_cents, line.price_reason, line.price_by_id = agreed.cents, agreed.reason.strip(), agreed.user_id
    pricing.check_lines(lines=lines, agreed=line, by_manager=agreed.by_manager, settings=shop_queries.settings())
    total = order.total_cents
    order.items_cents += line.total_cents - before
    discounting.recompute(order=order)
    if settlement.due_cents(order) < 0:
        raise pricing.WrongPrice(_("More than this price was already paid."))
    _keep(shop, order, line, order.total_cents - total, by, now)
    acts.tell(shop=shop, order=order)
    return order


def _keep(shop: Shop, order: Order, line: OrderLine, delta: int, by: By, now: dt.datetime) -> None:
    line.save(update_fields=["unit_price_cents", "list_price_cents", "price_reason", "price_by"])
    order.save(update_fields=["items_cents", "discount_cents", "total_cents"])
    detail = {"line": line.label, "price_cents": line.unit_price_cents, "list_price_cents": line.list_price_cents}
    acts.record(order=order, by=by, now=now, from_state=order.state, reason=line.price_reason, detail=detail)
    OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(total_cents=order.total_cents)
    sales.add(cell=acts.cell(shop=shop, order=order), ordered_cents=delta)
