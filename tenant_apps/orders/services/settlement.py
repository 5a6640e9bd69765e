"""Where an order meets its money: the one module that takes payments, seals them in the till's journal and tells the
group's figures, in this order and in one transaction."""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import User
from shared_apps.core.calendar import PARIS, business_day
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.sales import services as sales
from shared_apps.sales.services import Cell
from tenant_apps.orders import lifecycle, receipts
from tenant_apps.orders.lifecycle import Actor, State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import acts, following
from tenant_apps.orders.services.acts import By
from tenant_apps.payments import services as payments
from tenant_apps.payments.models import Payment
from tenant_apps.till import queries as till_queries
from tenant_apps.till.models import Entry
from tenant_apps.till.queries import Standing
from tenant_apps.till.services import journal
from tenant_apps.till.services import sealing as till
from tenant_apps.till.services.journal import Draft
from tenant_apps.till.services.sealing import About
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
    taken_at: dt.datetime | None = None,
) -> None:
    collect, due = to_collect_cents(order), due_cents(order)
    if order.state in (State.CANCELLED, State.AWAITING_PAYMENT) or not 0 < amount_cents <= collect:
        raise WrongAmount(_("The amount must be between 0,01 € and %(due)s.") % {"due": euros(collect)})
    payments.take(
        order_id=order.pk,
        means=means,
        amount_cents=amount_cents,
        taken_by_id=by.user_id,
        submission=submission,
        now=now,
    )
    about = _about(order, by)
    draft = till.payment_draft(about=about, means=means, amount_cents=amount_cents, taken_at=taken_at or now)
    _seal(shop, order, about, [draft], now, paid_up=amount_cents == due)


def take_when_placing(
    *, shop: Shop, order: Order, means: Payment.Means, submission: uuid.UUID, by: By, now: dt.datetime
) -> None:
    """The whole total of an order that is being placed, in the same transaction."""
    _take(shop, order, means, order.total_cents, submission, by, now)


def _about(order: Order, by: By) -> About:
    """A customer is never named in what is sealed."""
    name = None
    if by.user_id and by.capacity not in (Actor.CUSTOMER, Actor.SYSTEM):
        name = User.objects.filter(pk=by.user_id).values_list("name", flat=True).first()
    return About(order.number, order.channel, order.mode, name or "", by.capacity)


def _seal(shop: Shop, order: Order, about: About, drafts: list[Draft], now: dt.datetime, *, paid_up: bool) -> None:
    """Seals what was taken, with the sale when the takings reach the total, and tells the group's figures."""
    entries = []
    if paid_up:
        stands = till_queries.standing(order_number=order.number)
        bill = receipts.bill(order=order, day=business_day(now))
        if stands.sale is None:
            drafts = [*drafts, till.sale_draft(shop=shop, about=about, bill=bill, takings=_takings(stands, drafts))]
        else:
            reason = _("The order was changed after its receipt")
            corrected = till.correction_draft(about=about, stands=stands, bill=bill, reason=str(reason))
            drafts = [*drafts, *([corrected] if corrected else [])]
    if drafts:
        entries = journal.seal(shop=shop, drafts=drafts, now=now)
        count(shop=shop, entries=entries)


def _takings(stands: Standing, drafts: list[Draft]) -> list[tuple[str, int]]:
    """Means → cents over the whole life of the order."""
    by_means = dict(stands.by_means)
    for draft in drafts:
        means = draft.content["means"]
        by_means[means] = by_means.get(means, 0) + draft.taken_cents
    return [(means, cents) for means, cents in by_means.items() if cents]


def count(*, shop: Shop, entries: Sequence[Entry]) -> None:
    """What was just sealed about one order, in the group's figures: on the day whose closing counts it."""
    taken, turnover = sum(e.taken_cents for e in entries), sum(e.turnover_cents for e in entries)
    if not (taken or turnover):
        return
    first = entries[-1]
    cell = Cell(shop.id, first.day, first.at.astimezone(PARIS).hour, first.content["channel"], first.content["mode"])
    sales.add(cell=cell, taken_cents=taken, turnover_cents=turnover)


def take_captured(*, shop: Shop, order: Order, amount_cents: int, submission: uuid.UUID, now: dt.datetime) -> Payment:
    """Money that Stripe has taken for a locked order: recorded whatever has become of the order, since it is taken."""
    due = due_cents(order)
    payment, is_new = payments.take(
        order_id=order.pk,
        means=Payment.Means.ONLINE_CARD,
        amount_cents=amount_cents,
        taken_by_id=None,
        submission=submission,
        now=now,
    )
    if is_new:
        about = _about(order, By(Actor.SYSTEM))
        draft = till.payment_draft(about=about, means=payment.means, amount_cents=amount_cents, taken_at=now)
        paid_up = order.state != State.CANCELLED and amount_cents == due
        _seal(shop, order, about, [draft], now, paid_up=paid_up)
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
    taken_at: dt.datetime | None = None,
) -> Order:
    """Collected or delivered; takes what is still due by `means` in the same act. Raises MoveRefused, NotYetPaid.

    `taken_at` is when a driver who was offline took the money: sealed beside the moment of the sealing.
    """
    order = acts.locked(order_id)
    if order.state == State.HANDED_OVER and submission and order.payments.filter(submission=submission).exists():
        return order  # the same act, sent again
    lifecycle.check(current=State(order.state), target=State.HANDED_OVER, actor=by.capacity)
    due = to_collect_cents(order)
    if due and (means is None or submission is None):
        raise NotYetPaid(due)
    if due and means and submission:
        _take(shop, order, means, due, submission, by, now, taken_at)
    elif not order.is_remake and not due_cents(order):  # else the sale is sealed when the card's sum is captured
        _seal(shop, order, _about(order, by), [], now, paid_up=True)
    acts.move(shop=shop, order=order, target=State.HANDED_OVER, by=by, now=now, stamp="handed_over_at")
    following.follow_later(shop=shop, order=order, now=now)
    acts.tell(shop=shop, order=order)
    return order
