"""Giving a customer's money back: some of a sale that is returned, or what was paid above what is owed.

Locks as everywhere: order, ingredients by id, payments, the read model. Then one hint.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import VatClass
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.messages.models import Message
from tenant_apps.orders import ledger, quoting
from tenant_apps.orders.lifecycle import Actor, State
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.reversing import Reversible
from tenant_apps.orders.services import acts, bookkeeping, settlement, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import Payment, Refund, Reversal, ReversalLine
from tenant_apps.payments.services.refunds import Act
from tenant_apps.shop import queries as shop_queries
from tenant_apps.stock.services import returns
from tenants.hosts import Shop

Fate = ReversalLine.Fate
SYSTEM = By(Actor.SYSTEM)


class CannotBeRefunded(RuleError):
    """Not paid in full, not begun by the kitchen, cancelled, or made for nothing."""


class NothingToRefund(RuleError):
    """No line, no sum, or more pieces than are left."""

    def __init__(self) -> None:
        super().__init__(_("Choose what is paid back: at most what was paid, and why."))


class CookedIsWasted(RuleError):
    """What the kitchen made never goes back in stock."""

    def __init__(self) -> None:
        super().__init__(_("What the kitchen made does not go back in stock: throw it away, or leave it."))


class BeyondRefundLimit(RuleError):
    """More than the counter gives back without the manager."""

    def __init__(self, limit_cents: int) -> None:
        super().__init__(
            _("At most %(limit)s of an order is given back here: beyond, the manager does it.")
            % {"limit": euros(limit_cents)}
        )


@dataclass(frozen=True, slots=True)
class Returned:
    """What is taken back of an order, and why."""

    reason: str
    lines: Mapping[int, tuple[int, Fate]] = field(default_factory=dict)  # id of a line → pieces, what becomes of them
    delivery: bool = False
    gesture_cents: int = 0
    means: Payment.Means | None = None  # to give back first; a credit note for all of it


@transaction.atomic
def refund(*, shop: Shop, order_id: int, returned: Returned, submission: uuid.UUID, by: By, now: dt.datetime) -> Order:
    """Some or all of a sale is paid back, to its own means; the same submission again changes nothing.

    Raises CannotBeRefunded, NothingToRefund, CookedIsWasted, BeyondRefundLimit, MoreThanTaken.
    """
    order = acts.locked(order_id)
    if Reversal.objects.filter(submission=submission).exists():
        return order
    _check(order, returned, by)
    lines = ledger.reversible_lines(order)
    parts = _parts(lines, returned)
    delivery = ledger.delivery_left_cents(order) if returned.delivery else 0
    amount = sum(worth for _line, _pieces, _fate, worth in parts) + delivery + returned.gesture_cents
    if not 0 < amount <= order.owed_cents:
        raise NothingToRefund
    check_limit(by=by, cents=order.reversed_cents + amount)
    restock(shop=shop, order=order, parts=parts, by=by, now=now)
    _settle_alcohol(order, lines, returned)
    reversal = _reverse(order, returned, parts, delivery, amount, submission, by, now)
    act = Act(reversal.reason, by.user_id, submission, now, reversal.pk, by.capacity)
    settlement.pay_back(shop=shop, order=order, amount_cents=amount, act=act, by=by, means=returned.means)
    _after(shop, order, by, now, reversal.reason, amount)
    return order


def _settle_alcohol(order: Order, lines: Iterable[Reversible], returned: Returned) -> None:
    """When none of it is left to hand over, no age is to be checked."""
    if order.alcohol != Order.Alcohol.TO_CHECK:
        return
    left = [
        line.pieces_left - returned.lines.get(line.line.pk, (0, Fate.KEPT))[0]
        for line in lines
        if line.line.variant.product.vat_class == VatClass.ALCOHOL
    ]
    if not any(left):
        order.alcohol = Order.Alcohol.REFUSED
        order.save(update_fields=["alcohol"])


def _check(order: Order, returned: Returned, by: By) -> None:
    _check_role(by)
    if not returned.reason.strip() or returned.gesture_cents < 0:
        raise NothingToRefund
    if order.state in (State.AWAITING_PAYMENT, State.ACCEPTED, State.CANCELLED) or order.is_remake:
        raise CannotBeRefunded(_("Before the kitchen takes it, an order is changed or cancelled instead."))
    if settlement.due_cents(order) > 0:
        raise CannotBeRefunded(_("This order is not paid in full: agree to a discount instead."))


def _check_role(by: By) -> None:
    if by.capacity not in (Actor.COUNTER, Actor.MANAGER):
        raise CannotBeRefunded(_("The counter or the manager gives money back."))


def check_limit(*, by: By, cents: int) -> None:
    """What the counter gives back of an order without the manager. Raises BeyondRefundLimit."""
    if by.capacity == Actor.COUNTER:
        limit = shop_queries.settings().refund_limit_cents
        if cents > limit:
            raise BeyondRefundLimit(limit)


Part = tuple[Reversible, int, Fate, int]  # a line, its pieces, what becomes of them, what they are worth in cents


def _parts(lines: Iterable[Reversible], returned: Returned) -> list[Part]:
    known = {line.line.pk: line for line in lines}
    parts = []
    for key, (pieces, fate) in returned.lines.items():
        line = known.get(key)
        if line is None or not 0 < pieces <= line.pieces_left:
            raise NothingToRefund
        if fate == Fate.RETURNED and line.is_cooked:
            raise CookedIsWasted
        parts.append((line, pieces, fate, line.worth(pieces)))
    return parts


def restock(*, shop: Shop, order: Order, parts: list[Part], by: By, now: dt.datetime) -> None:
    """What is returned is on hand again, what is wasted is counted as waste."""
    needs: dict[Fate, dict[int, Decimal]] = {Fate.RETURNED: {}, Fate.WASTED: {}, Fate.KEPT: {}}
    asked = quoting.asked([line.line for line, _pieces, _fate, _worth in parts])
    own = shop_queries.changes(only=order.stand_ins.values_list("substitution_id", flat=True))
    card = quoting.card_for(asked, own=own, at=order.slot.starts_at) if asked else None
    for line, (_line, pieces, fate, _worth) in zip(asked, parts, strict=True):
        if card is None:
            break
        for key, quantity in card.compose_placed(line.configuration).needs.items():
            needs[fate][key] = needs[fate].get(key, Decimal(0)) + pieces * quantity
    returns.record(
        order_id=order.pk,
        returned=needs[Fate.RETURNED],
        wasted=needs[Fate.WASTED],
        actor_id=by.user_id,
        pizzeria_id=shop.id,
        now=now,
    )


def _reverse(
    order: Order,
    returned: Returned,
    parts: list[Part],
    delivery: int,
    amount: int,
    submission: uuid.UUID,
    by: By,
    now: dt.datetime,
) -> Reversal:
    reversal = Reversal.objects.create(
        order=order,
        amount_cents=amount,
        delivery_cents=delivery,
        gesture_cents=returned.gesture_cents,
        reason=returned.reason.strip()[:200],
        at=now,
        decided_by_id=by.user_id,
        submission=submission,
    )
    ReversalLine.objects.bulk_create(
        ReversalLine(reversal=reversal, line=line.line, quantity=pieces, amount_cents=worth, fate=fate)
        for line, pieces, fate, worth in parts
    )
    Order.objects.filter(pk=order.pk).update(reversed_cents=F("reversed_cents") + amount)  # guarded
    order.reversed_cents += amount
    return reversal


def _after(shop: Shop, order: Order, by: By, now: dt.datetime, reason: str, amount: int) -> None:
    detail = {"refunded_cents": amount}
    acts.record(order=order, by=by, now=now, from_state=order.state, reason=reason, detail=detail)
    told = order.refunds.values("submission").distinct().count()
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.REFUNDED, version=told)
    acts.tell(shop=shop, order=order, stock=True)


@transaction.atomic
def give_back(
    *,
    shop: Shop,
    order_id: int,
    reason: str,
    submission: uuid.UUID,
    by: By,
    now: dt.datetime,
    means: Payment.Means | None = None,
) -> Order:
    """All that was paid above what is owed: the order was cancelled, or costs less. The same submission is one act.

    Raises CannotBeRefunded, NothingToRefund, BeyondRefundLimit.
    """
    order = acts.locked(order_id)
    if Refund.objects.filter(submission=submission).exists():
        return order
    _check_role(by)
    amount = -settlement.due_cents(order)
    if amount <= 0 or not reason.strip():
        raise NothingToRefund
    check_limit(by=by, cents=amount)
    act = Act(reason.strip()[:200], by.user_id, submission, now, capacity=by.capacity)
    settlement.pay_back(shop=shop, order=order, amount_cents=amount, act=act, by=by, means=means)
    _close_case(order, by.user_id, now)
    _after(shop, order, by, now, act.reason, amount)
    return order


def settle_overpaid(*, shop: Shop, order: Order, by: By, now: dt.datetime) -> int:
    """After a locked order came to cost less than was paid, or nothing: what online cards paid goes back by itself, the
    rest is a case for the counter. Returns what is left to give back, in cents.
    """
    if order.state != State.CANCELLED and settlement.due_cents(order) <= 0 < settlement.kept_cents(order):
        bookkeeping.sold(shop=shop, order=order, by=by, now=now)
    online = [Payment.Means.ONLINE_CARD.value]
    over = -settlement.due_cents(order)
    if over <= 0:
        return 0
    paid_online = sum(payment.kept_cents for payment in order.payments.filter(means__in=online))
    automatic = min(over, paid_online)
    if automatic:
        name = uuid.uuid5(order.submission, f"overpaid:{order.version}:{order.state}")
        reason = _t("Order cancelled") if order.state == State.CANCELLED else _t("Order changed")
        act = Act(reason, by.user_id, name, now, capacity=by.capacity)
        settlement.pay_back(shop=shop, order=order, amount_cents=automatic, act=act, by=by, among=online)
        told = order.refunds.values("submission").distinct().count()
        telling.tell_customer(shop=shop, order=order, kind=Message.Kind.REFUNDED, version=told)
    if over > automatic:
        open_case(order=order, now=now)
    return over - automatic


def open_case(*, order: Order, now: dt.datetime) -> None:
    if not Case.objects.filter(order=order, kind=Case.Kind.MONEY_BACK, closed_at=None).exists():
        Case.objects.create(order=order, kind=Case.Kind.MONEY_BACK, opened_at=now)


def _close_case(order: Order, user_id: int | None, now: dt.datetime) -> None:
    Case.objects.filter(order=order, kind=Case.Kind.MONEY_BACK, closed_at=None).update(
        closed_at=now, closed_by_id=user_id, resolution=_t("Given back")
    )


@transaction.atomic
def conclude(*, shop: Shop, refund_id: int, now: dt.datetime, failure: str = "") -> None:
    """What became of a pending refund: the bank has it, or says why not and the money is a case. Known twice, told once."""
    pending = Refund.objects.get(pk=refund_id)
    order = acts.locked(pending.order_id)
    asked = By(Actor(pending.asked_as), pending.asked_by_id) if pending.asked_as else SYSTEM  # the bank is no operator
    if not settlement.conclude_refund(shop=shop, order=order, refund=pending, failure=failure, by=asked, now=now):
        return
    if failure:
        open_case(order=order, now=now)
    acts.tell(shop=shop, order=order)
