"""Where an order meets its money: the one module that takes payments and tells the group's figures of them."""

import datetime as dt
import uuid
from dataclasses import replace

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from shared_apps.core.calendar import PARIS, business_day
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.sales import services as sales
from tenant_apps.orders import lifecycle
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import acts, following
from tenant_apps.orders.services.acts import By
from tenant_apps.payments import services as payments
from tenant_apps.payments.models import Payment
from tenants.hosts import Shop


class WrongAmount(RuleError):
    """Nothing to take, or more than is still due."""


class NotYetPaid(RuleError):
    """The order leaves the shop's hands only when its payments reach its total."""

    def __init__(self, due_cents: int) -> None:
        super().__init__(_("%(due)s is still to be paid.") % {"due": euros(due_cents)})


def due_cents(order: Order) -> int:
    """What is still to be paid, in cents."""
    taken = order.payments.aggregate(sum=Sum("amount_cents"))["sum"] or 0
    return order.total_cents - taken


def owed_cents(order: Order) -> int:
    """What the shop may keep of what it takes for it."""
    return 0 if order.state == State.CANCELLED else order.total_cents


def kept_cents(order: Order) -> int:
    return order.payments.aggregate(sum=Sum("amount_cents"))["sum"] or 0


def to_collect_cents(order: Order) -> int:
    """What is still to be paid by hand: what an online card holds for it is as good as paid."""
    return max(0, owed_cents(order) - kept_cents(order) - order.online_payments.held_cents())


@transaction.atomic
def take_payment(
    *,
    shop: Shop,
    order_id: int,
    means: Payment.Means,
    amount_cents: int,
    submission: uuid.UUID,
    by: By,
    now: dt.datetime,
) -> Order:
    """Takes money for an order; the same submission again changes nothing. Raises WrongAmount."""
    order = acts.locked(order_id)
    if Payment.objects.filter(submission=submission, order=order).exists():
        return order
    _take(shop, order, means, amount_cents, submission, by, now)
    acts.tell(shop=shop, order=order)
    return order


def _take(
    shop: Shop,
    order: Order,
    means: Payment.Means,
    amount_cents: int,
    submission: uuid.UUID,
    by: By,
    now: dt.datetime,
) -> None:
    due = to_collect_cents(order)
    if order.state not in lifecycle.OPEN or not 0 < amount_cents <= due:
        raise WrongAmount(_("The amount must be between 0,01 € and %(due)s.") % {"due": euros(due)})
    payments.take(
        order_id=order.pk,
        means=means,
        amount_cents=amount_cents,
        taken_by_id=by.user_id,
        submission=submission,
        now=now,
    )
    _count(shop, order, amount_cents, now)


def _count(shop: Shop, order: Order, amount_cents: int, now: dt.datetime) -> None:
    """Money counts in the hour it is taken, orders in the hour they are placed."""
    cell = replace(acts.cell(shop=shop, order=order), day=business_day(now), hour=now.astimezone(PARIS).hour)
    sales.add(cell=cell, taken_cents=amount_cents)


def take_captured(*, shop: Shop, order: Order, amount_cents: int, submission: uuid.UUID, now: dt.datetime) -> Payment:
    """Money that Stripe has taken for a locked order: recorded whatever has become of the order, since it is taken."""
    payment, _is_new = payments.take(
        order_id=order.pk,
        means=Payment.Means.ONLINE_CARD,
        amount_cents=amount_cents,
        taken_by_id=None,
        submission=submission,
        now=now,
    )
    _count(shop, order, amount_cents, now)
    return payment


@transaction.atomic
def hand_over(
    *,
    shop: Shop,
    order_id: int,
    by: By,
    now: dt.datetime,
    means: Payment.Means | None = None,
    submission: uuid.UUID | None = None,
) -> Order:
    """Collected or delivered; takes what is still due by `means` in the same act. Raises MoveRefused, NotYetPaid."""
    order = acts.locked(order_id)
    if order.state == State.HANDED_OVER and submission and order.payments.filter(submission=submission).exists():
        return order  # the same act, sent again
    lifecycle.check(current=State(order.state), target=State.HANDED_OVER, actor=by.capacity)
    due = to_collect_cents(order)
    if due and (means is None or submission is None):
        raise NotYetPaid(due)
    if due and means and submission:
        _take(shop, order, means, due, submission, by, now)
    acts.move(shop=shop, order=order, target=State.HANDED_OVER, by=by, now=now, stamp="handed_over_at")
    following.follow_later(shop=shop, order=order, now=now)
    acts.tell(shop=shop, order=order)
    return order
