"""What is taken off a whole order: a promotional code, or a discount that the shop agrees to, each with its reason.

`Order.discount_cents` is their sum. A percentage follows the items when they change; nothing takes off more than them.
"""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.sales import services as sales
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import discounted, pricing
from tenant_apps.orders.lifecycle import OPEN, Actor, MoveRefused
from tenant_apps.orders.models import Order, OrderDiscount
from tenant_apps.orders.services import acts, following, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.promotions import services as promotions
from tenant_apps.promotions.models import Voucher
from tenant_apps.shop import queries as shop_queries
from tenants.hosts import Shop


class WrongDiscount(RuleError):
    """No percentage nor sum, both, or no reason."""

    def __init__(self) -> None:
        super().__init__(_("Give a percentage or a sum, and say why."))


def use(*, order: Order, voucher: Voucher, now: dt.datetime) -> None:
    """Of an order being placed, which counts it already: one of the uses of the code is gone. Raises NotValid."""
    promotions.use(voucher_id=voucher.pk)
    OrderDiscount.objects.create(
        order=order,
        voucher=voucher,
        percent=voucher.percent,
        sum_cents=voucher.amount_cents,
        amount_cents=order.discount_cents,
        reason=voucher.label,
        at=now,
    )


def free(*, order: Order) -> None:
    """The order is cancelled: somebody else may use its code."""
    for voucher_id in order.discounts.exclude(voucher=None).values_list("voucher_id", flat=True):
        promotions.give_back(voucher_id=voucher_id)


def recompute(*, order: Order, keeps_codes: bool = False) -> None:
    """What the discounts of a locked order are worth on its items as they now are, and its total. The caller saves the
    order. Raises NotValid when the items no longer reach the minimum of its code, unless the order `keeps_codes`.
    """
    left = order.items_cents
    for discount, off in discounted.discounts(order=order, items_cents=order.items_cents):
        if discount.voucher and not keeps_codes:
            promotions.check_minimum(voucher=discount.voucher, items_cents=order.items_cents)
        left -= off
        if off != discount.amount_cents:
            discount.amount_cents = off
            discount.save(update_fields=["amount_cents"])
    order.discount_cents = order.items_cents - left
    order.total_cents = left + order.delivery_fee_cents


@transaction.atomic
def agree(
    *,
    shop: Shop,
    order_id: int,
    percent: int | None,
    sum_cents: int | None,
    reason: str,
    submission: uuid.UUID,
    by: By,
    now: dt.datetime,
) -> Order:
    """Off an order that is not paid in full yet: beyond, some of it is refunded. The same submission is one discount.

    Raises MoveRefused, WrongDiscount, WrongPrice, BeyondLimit.
    """
    order = acts.locked(order_id)
    if OrderDiscount.objects.filter(submission=submission).exists():
        return order
    due = settlement.due_cents(order)
    _check(order, by, due)
    if (percent is None) == (sum_cents is None) or not reason.strip() or not (percent or sum_cents or 0) > 0:
        raise WrongDiscount
    if percent is not None and percent > 100:
        raise WrongDiscount
    before = order.total_cents
    OrderDiscount.objects.create(
        order=order,
        percent=percent,
        sum_cents=sum_cents,
        amount_cents=0,
        reason=reason.strip()[:200],
        agreed_by_id=by.user_id,
        by_manager=by.capacity == Actor.MANAGER,
        at=now,
        submission=submission,
    )
    recompute(order=order)
    off = before - order.total_cents
    if off > due:
        raise pricing.WrongPrice(_("More than this price was already paid."))
    _check_limit(order, by)
    _keep(shop, order, off, reason.strip(), by, now)
    return order


def _check(order: Order, by: By, due_cents: int) -> None:
    if by.capacity not in (Actor.COUNTER, Actor.MANAGER) or order.is_remake or order.state not in OPEN:
        raise MoveRefused(_("A discount is agreed to by the counter, on an order that is under way."))
    if due_cents <= 0:
        raise MoveRefused(_("This order is paid in full: refund some of it instead."))


def _check_limit(order: Order, by: By) -> None:
    """All that the counter took off it: its lines' prices and its discounts; a code and the manager's count not."""
    if by.capacity == Actor.MANAGER:
        return
    lines = list(order.lines.all())
    list_cents = sum(line.list_total_cents for line in lines)
    agreed = order.discounts.filter(voucher=None, by_manager=False).values_list("amount_cents", flat=True)
    off = list_cents - order.items_cents + sum(agreed)
    limit = pricing.limit_cents(list_cents=list_cents, settings=shop_queries.settings())
    if off > limit:
        raise pricing.BeyondLimit(limit)


def _keep(shop: Shop, order: Order, off: int, reason: str, by: By, now: dt.datetime) -> None:
    order.save(update_fields=["discount_cents", "total_cents"])
    detail = {"discount_cents": off}
    acts.record(
        order=order, by=by, now=now, from_state=order.state, reason=f"{reason} (−{euros(off)})"[:200], detail=detail
    )
    OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(total_cents=order.total_cents)
    sales.add(cell=acts.cell(shop=shop, order=order), ordered_cents=-off)
    if settlement.due_cents(order) == 0 and order.total_cents:
        settlement.settle(shop=shop, order=order, by=by, now=now)
    following.follow_later(shop=shop, order=order, now=now)
    acts.tell(shop=shop, order=order)
