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
from tenant_apps.orders.services import acts
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
    due = due_cents(order)
    if order.state == State.CANCELLED or not 0 < amount_cents <= due:
        raise WrongAmount(_("The amount must be between 0,01 € and %(due)s.") % {"due": euros(due)})
    payments.take(
        order_id=order.pk,
        means=means,
        amount_cents=amount_cents,
        taken_by_id=by.user_id,
        submission=submission,
        now=now,
    )
    # Money counts in the hour it is taken, orders in the hour they are placed.
    cell = replace(acts.cell(shop=shop, order=order), day=business_day(now), hour=now.astimezone(PARIS).hour)
    sales.add(cell=cell, taken_cents=amount_cents)


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
    due = due_cents(order)
    if due and (means is None or submission is None):
        raise NotYetPaid(due)
    if due and means and submission:
        _take(shop, order, means, due, submission, by, now)
    acts.move(shop=shop, order=order, target=State.HANDED_OVER, by=by, now=now, stamp="handed_over_at")
    acts.tell(shop=shop, order=order)
    return order
