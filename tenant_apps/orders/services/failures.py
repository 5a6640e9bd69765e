"""« Échec »: an order that nobody took at the door. The driver says why; somebody in the shop then says what follows.

Each decision settles stock and money in one act, writes its event and closes the case that the failure opened.
"""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.messages.models import Message
from tenant_apps.orders import ledger
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.models import Case, FailureReason, Order, RemakeReason
from tenant_apps.orders.services import acts, cases, changing, refunding, remaking, settlement, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import ReversalLine
from tenants.hosts import Shop

Fate = ReversalLine.Fate
AGAIN_MINUTES = 10  # until a driver leaves with it once more
ROUNDED_TO_MINUTES = 5


class FollowUp(models.TextChoices):
    SECOND_DELIVERY = "second_delivery", gettext_lazy("Deliver it again")
    REMAKE = "remake", gettext_lazy("Make it again")
    REFUND = "refund", gettext_lazy("Give the money back")
    LOSS = "loss", gettext_lazy("Write it off")


class StillPaid(RuleError):
    """A paid order is not written off: its money goes back, or it goes to its door."""

    def __init__(self, taken_cents: int) -> None:
        words = _("%(taken)s was taken for this order: give it back, or deliver the order again.")
        super().__init__(words % {"taken": euros(taken_cents)})


class NothingToRefund(RuleError):
    """No money was taken for this order."""

    def __init__(self) -> None:
        super().__init__(_("Nothing was taken for this order: there is nothing to give back. Write it off instead."))


@transaction.atomic
def fail(
    *,
    shop: Shop,
    order_id: int,
    reason: FailureReason,
    words: str,
    by: By,
    now: dt.datetime,
    made_at: dt.datetime | None = None,
    others: Iterable[Order] = (),
) -> Order:
    """Nobody took it. The customer is told, and it waits for a person's decision. Raises MoveRefused."""
    order = acts.locked(order_id)
    order.arrives_at = None
    order.save(update_fields=["arrives_at"])
    detail = {"words": words, **acts.sent(made_at, now)}
    acts.move(
        shop=shop, order=order, target=State.FAILED, by=by, now=made_at or now, reason=reason.value, detail=detail
    )
    said = f"{reason.label} : {words}" if words else str(reason.label)
    cases.open_case(order=order, kind=Case.Kind.FAILED_DELIVERY, words=said, now=now)
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.UNDELIVERED, version=_attempts(order))
    acts.tell(shop=shop, order=order, others=others)
    return order


def _attempts(order: Order) -> int:
    """Tells apart the letters of each attempt."""
    return order.events.filter(to_state=State.FAILED).exclude(from_state=State.FAILED).count()


@transaction.atomic
def deliver_again(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """Back in the shop, to be delivered a second time; the customer is told when. Raises MoveRefused."""
    order = _failed(order_id)
    expected_at = _rounded_up(now + dt.timedelta(minutes=AGAIN_MINUTES + order.travel_minutes))
    order.left_at, order.estimated_until_at = None, max(expected_at, order.slot.ends_at)
    order.save(update_fields=["left_at", "estimated_until_at"])
    detail = {"until_at": order.estimated_until_at.isoformat()}
    acts.move(
        shop=shop, order=order, target=State.READY, by=by, now=now, reason=FollowUp.SECOND_DELIVERY, detail=detail
    )
    cases.close_delivery(order=order, user_id=by.user_id, resolution=str(FollowUp.SECOND_DELIVERY.label), now=now)
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.SECOND_DELIVERY, version=_attempts(order))
    acts.tell(shop=shop, order=order)
    return order


def _rounded_up(moment: dt.datetime) -> dt.datetime:
    step = ROUNDED_TO_MINUTES * 60
    return dt.datetime.fromtimestamp(-(-int(moment.timestamp()) // step) * step, dt.UTC)


def _failed(order_id: int) -> Order:
    order = acts.locked(order_id)
    if order.state != State.FAILED:
        words = _("This order is “%(state)s”: this can no longer be done.")
        raise MoveRefused(words % {"state": State(order.state).label})
    return order


@transaction.atomic
def make_again(
    *, shop: Shop, order_id: int, drinks_back: bool, submission: uuid.UUID, by: By, now: dt.datetime
) -> Order:
    """All of it, first in the kitchen; what was due for the first is paid when the second is delivered.

    Raises MoveRefused, CannotBeRemade, NotForThisRole, OutOfStock, NotOnTheCard.
    """
    order = acts.locked(order_id)
    made = Order.objects.filter(submission=submission).first()
    if made:
        return made
    order = _failed(order_id)
    last = order.events.filter(to_state=State.FAILED).exclude(from_state=State.FAILED).order_by("-id").first()
    damaged = last is not None and last.reason == FailureReason.DAMAGED
    made = remaking.remake(
        shop=shop,
        order_id=order_id,
        submission=submission,
        quantities={line.pk: line.quantity for line in order.lines.all()},
        reason=RemakeReason.DAMAGED if damaged else RemakeReason.OTHER,
        words=last.failure if last else "",
        by=by,
        now=now,
    )
    _settle_stock(shop, order, drinks_back, by, now)
    acts.record(order=order, by=by, now=now, from_state=order.state, reason=FollowUp.REMAKE)
    cases.close_delivery(order=order, user_id=by.user_id, resolution=str(FollowUp.REMAKE.label), now=now)
    return made


@transaction.atomic
def give_up(
    *,
    shop: Shop,
    order_id: int,
    follow_up: FollowUp,
    drinks_back: bool,
    submission: uuid.UUID,
    by: By,
    now: dt.datetime,
) -> Order:
    """REFUND of what was paid, or LOSS of what was not: the order is over, what was cooked is waste. Sent again, it is one.

    Raises MoveRefused, NothingToRefund, StillPaid, and what `refunding.give_back` raises.
    """
    order = acts.locked(order_id)
    if order.state == State.CANCELLED and order.events.filter(detail__submission=str(submission)).exists():
        return order
    order = _failed(order_id)
    taken = settlement.kept_cents(order) + order.online_payments.held_cents()
    if follow_up == FollowUp.REFUND and not taken:
        raise NothingToRefund
    if follow_up == FollowUp.LOSS and taken:
        raise StillPaid(taken)
    order = changing.cancel(shop=shop, order_id=order_id, by=by, now=now, reason=follow_up.value)
    _settle_stock(shop, order, drinks_back, by, now)
    if settlement.due_cents(order) < 0:  # what a card paid online is on its way back already
        reason = str(follow_up.label)
        refunding.give_back(shop=shop, order_id=order_id, reason=reason, submission=submission, by=by, now=now)
    detail = {"submission": str(submission), "drinks_back": drinks_back, "given_back_cents": taken}
    acts.record(order=order, by=by, now=now, from_state=order.state, reason=follow_up.value, detail=detail)
    return order


def _settle_stock(shop: Shop, order: Order, drinks_back: bool, by: By, now: dt.datetime) -> None:
    """What the kitchen made is thrown away; what it did not make came back closed, or not."""
    parts: list[refunding.Part] = []
    for line in ledger.reversible_lines(order):
        fate = Fate.RETURNED if drinks_back and not line.is_cooked else Fate.WASTED
        if line.pieces_left:
            parts.append((line, line.pieces_left, fate, 0))
    refunding.restock(shop=shop, order=order, parts=parts, by=by, now=now)
