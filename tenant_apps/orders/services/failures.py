"""« Échec »: an order that nobody took at the door. The driver says why; somebody in the shop then says what follows.

Each decision settles stock and money in one act, writes its event and closes the case that the failure opened.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal

from django.db import models, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.catalogue.models import Product
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.messages.models import Message
from tenant_apps.orders import quoting
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.models import Case, FailureReason, Order, RemakeReason
from tenant_apps.orders.services import acts, cases, changing, remaking, road, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.stock.services import movements, reservations
from tenants.hosts import Shop

AGAIN_MINUTES = 10  # until a driver leaves with it once more
ROUNDED_TO_MINUTES = 5


class FollowUp(models.TextChoices):
    SECOND_DELIVERY = "second_delivery", gettext_lazy("Deliver it again")
    REMAKE = "remake", gettext_lazy("Make it again")
    REFUND = "refund", gettext_lazy("Give the money back")
    LOSS = "loss", gettext_lazy("Write it off")


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
    detail = {"words": words, **road.received(made_at, now)}
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
def make_again(*, shop: Shop, order_id: int, submission: uuid.UUID, by: By, now: dt.datetime) -> Order:
    """All of it, first in the kitchen; what was due for the first is paid when the second is delivered.

    Raises MoveRefused, CannotBeRemade, NotForThisRole, OutOfStock, NotOnTheCard.
    """
    order = acts.locked(order_id)
    made = Order.objects.filter(submission=submission).first()
    if made:
        return made
    order = _failed(order_id)
    last = order.events.filter(to_state=State.FAILED).order_by("-id").first()
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
    acts.record(order=order, by=by, now=now, from_state=order.state, reason=FollowUp.REMAKE)
    cases.close_delivery(order=order, user_id=by.user_id, resolution=str(FollowUp.REMAKE.label), now=now)
    return made


@transaction.atomic
def give_up(*, shop: Shop, order_id: int, follow_up: FollowUp, drinks_back: bool, by: By, now: dt.datetime) -> Order:
    """REFUND or LOSS: the order is over. What was cooked is lost; drinks may return to the stock.

    A refund leaves the money to give back as a case; a loss keeps what was taken. Raises MoveRefused, NothingToRefund.
    """
    order = _failed(order_id)
    taken = order.payments.aggregate(sum=Sum("amount_cents"))["sum"] or 0
    if follow_up == FollowUp.REFUND and not taken:
        raise NothingToRefund
    order = changing.cancel(shop=shop, order_id=order_id, by=by, now=now, reason=follow_up.value)
    if drinks_back:
        _drinks_back(shop, order, by, now)
    if follow_up == FollowUp.REFUND:
        words = _("%(sum)s to give back, by the means it was paid with") % {"sum": euros(taken)}
        cases.open_case(order=order, kind=Case.Kind.MONEY_BACK, words=words, now=now)
    return order


def _drinks_back(shop: Shop, order: Order, by: By, now: dt.datetime) -> None:
    """What stands closed in the bag, at most what the kitchen took for it."""
    lines = order.lines.filter(variant__product__category=Product.Category.DRINK)
    asked = quoting.asked(list(lines))
    if not asked:
        return
    card, consumed = quoting.card_for(asked), reservations.consumed_by(order.pk)
    needs: dict[int, Decimal] = {}
    for line in asked:
        for key, quantity in card.compose(line.configuration).needs.items():
            needs[key] = needs.get(key, Decimal(0)) + line.quantity * quantity
    back = {key: min(quantity, consumed[key]) for key, quantity in needs.items() if key in consumed}
    where = movements.Where(shop.id, shop.schema_name)
    movements.bring_back(where=where, order_id=order.pk, quantities=back, actor_id=by.user_id, now=now)
