"""Where an order meets its money: the one module that takes payments and gives them back, then seals that in the till's
journal and tells the group's figures (`bookkeeping`), in one transaction."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from tenant_apps.drawer.services import cash
from tenant_apps.orders import lifecycle, meal_vouchers
from tenant_apps.orders.lifecycle import Actor, State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import acts, bookkeeping, cases, following, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import CreditNote, Payment, Refund
from tenant_apps.payments.services import credit_notes, refunds, taking
from tenants.hosts import Shop

CASH_LIMIT_CENTS = 100_000  # CMF L112-6 and D112-3: a debt of more is not paid in cash
AT_THE_TILL = frozenset({Actor.COUNTER, Actor.MANAGER})  # their cash is in the drawer; a driver carries theirs
SYSTEM = By(Actor.SYSTEM)
TIPPED = (Payment.Means.CASH, Payment.Means.CARD_TERMINAL)


class WrongAmount(RuleError):
    """Nothing to take, or more than is still due."""


class NoLegalData(RuleError):
    """The shop lost the identity that its receipts name: nothing more is taken by hand until it has it again."""

    def __init__(self) -> None:
        super().__init__(_("This pizzeria takes no money: its legal name, SIRET or VAT number is missing."))


class TooMuchCash(RuleError):
    """More cash for one order than the law lets anybody take."""

    def __init__(self) -> None:
        super().__init__(_("At most 1 000,00 € of an order is paid in cash (code monétaire et financier, D112-3)."))


class NotEligible(RuleError):
    """More than meal vouchers may pay of this order."""

    def __init__(self, left_cents: int) -> None:
        words = _("Meal vouchers pay food, neither alcohol nor the delivery: at most %(left)s here.")
        super().__init__(words % {"left": euros(left_cents)})


class WrongChange(RuleError):
    """Less cash handed than what it pays, change on another means, or a tip where none is taken."""


class NotYetPaid(RuleError):
    """The order leaves the shop's hands only when its payments reach its total."""

    def __init__(self, due_cents: int) -> None:
        super().__init__(_("%(due)s is still to be paid.") % {"due": euros(due_cents)})


class AgeNotChecked(RuleError):
    """Alcohol is handed to nobody who has not shown that they are of age (CSP L3342-1)."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "There is alcohol in it: ask for an identity document (18 or over), or refuse the alcohol and give the rest."
            )
        )


@dataclass(frozen=True, slots=True)
class Tender:
    """One act of taking money, named so that it happens once."""

    means: Payment.Means
    submission: uuid.UUID
    amount_cents: int | None = None  # all that is due, or that these means may pay of it
    tendered_cents: int | None = None  # cash handed; None is the exact sum
    tip_cents: int = 0
    credit_code: str = ""  # of the note that pays
    rest: Payment.Means | None = None  # by which, at the handover, what these means may not pay is paid
    taken_at: dt.datetime | None = (
        None  # when a driver who was offline took it: sealed beside the moment of the sealing
    )


def kept_cents(order: Order) -> int:
    """Taken less given back, in cents."""
    kept = order.payments.aggregate(sum=Sum(F("amount_cents") - F("refunded_cents")))["sum"]
    return kept or 0


def due_cents(order: Order) -> int:
    """What is still to be paid, in cents; below zero it is to be given back."""
    return order.owed_cents - kept_cents(order)


def to_collect_cents(order: Order) -> int:
    """What is still to be paid by hand: what a card holds online is as good as paid."""
    return max(0, due_cents(order) - order.online_payments.held_cents())


@transaction.atomic
def take_payment(*, shop: Shop, order_id: int, tender: Tender, by: By, now: dt.datetime) -> Order:
    """Takes money for an order; the same submission again changes nothing.

    Raises NoLegalData, WrongAmount, TooMuchCash, NotEligible, WrongChange, UnknownNote, NoteOver.
    """
    order, owing = _with_what_it_replaces(order_id)
    if Payment.objects.filter(submission=tender.submission, order=owing).exists():
        return order
    take(shop=shop, order=owing, tender=tender, by=by, now=now)
    acts.tell(shop=shop, order=order)
    return order


def take(*, shop: Shop, order: Order, tender: Tender, by: By, now: dt.datetime) -> Payment:
    """The same for an order that is locked already: the one place where money comes in."""
    if not shop.has_legal_data:
        raise NoLegalData
    payments = list(order.payments.all())
    due = order.owed_cents - sum(payment.kept_cents for payment in payments) - order.online_payments.held_cents()
    amount = _proposed(order, payments, tender, due) if tender.amount_cents is None else tender.amount_cents
    if order.state in (State.CANCELLED, State.AWAITING_PAYMENT) or not 0 < amount <= due:
        raise WrongAmount(_("The amount must be between 0,01 € and %(due)s.") % {"due": euros(max(0, due))})
    _check_means(order, payments, tender, amount, due)
    _check_change(tender, amount)
    payment = _record(order, tender, amount, by, now)
    if payment.means == Payment.Means.CASH and by.capacity in AT_THE_TILL:
        telling.open_cash_drawer(shop=shop, now=now)
    bookkeeping.taken(
        shop=shop,
        order=order,
        payment=payment,
        tip_cents=tender.tip_cents,
        by=by,
        now=now,
        taken_at=tender.taken_at or now,
    )
    return payment


def _proposed(order: Order, payments: list[Payment], tender: Tender, due: int) -> int:
    """All that is due, or as much of it as these means may pay."""
    if tender.means in Payment.MEAL_VOUCHERS:
        return meal_vouchers.eligible(order=order, payments=payments, due_cents=due).suggested_cents
    if tender.means == Payment.Means.CREDIT_NOTE:
        return min(due, credit_notes.find(code=tender.credit_code).balance_cents)
    return due


def take_captured(*, shop: Shop, order: Order, amount_cents: int, submission: uuid.UUID, now: dt.datetime) -> Payment:
    """Money that Stripe has taken for a locked order: recorded whatever has become of the order, since it is taken."""
    payment, is_new = taking.take(
        order_id=order.pk,
        means=Payment.Means.ONLINE_CARD,
        amount_cents=amount_cents,
        taken_by_id=None,
        submission=submission,
        now=now,
    )
    if is_new:
        bookkeeping.taken(shop=shop, order=order, payment=payment, tip_cents=0, by=SYSTEM, now=now, taken_at=now)
    return payment


def _check_means(order: Order, payments: list[Payment], tender: Tender, amount: int, due: int) -> None:
    if tender.means == Payment.Means.CASH:
        cash = sum(payment.kept_cents for payment in payments if payment.means == Payment.Means.CASH)
        if cash + amount > CASH_LIMIT_CENTS:
            raise TooMuchCash
    if tender.means in Payment.MEAL_VOUCHERS:
        left = meal_vouchers.eligible(order=order, payments=payments, due_cents=due).left_cents
        if amount > left:
            raise NotEligible(left)


def _check_change(tender: Tender, amount: int) -> None:
    if tender.tendered_cents is not None:
        if tender.means != Payment.Means.CASH:
            raise WrongChange(_("Change is given on cash only."))
        if tender.tendered_cents < amount + tender.tip_cents:
            raise WrongChange(_("That is less than what it pays: take this sum as a part, or ask for more."))
    if tender.tip_cents and tender.means not in TIPPED:
        raise WrongChange(_("A tip is left in cash or by card."))


def _record(order: Order, tender: Tender, amount: int, by: By, now: dt.datetime) -> Payment:
    payment, _is_new = taking.take(
        order_id=order.pk,
        means=tender.means,
        amount_cents=amount,
        taken_by_id=by.user_id,
        submission=tender.submission,
        now=now,
        tendered_cents=tender.tendered_cents,
        tip_cents=tender.tip_cents,
        credit_note=_note(tender, amount, now),
    )
    if payment.means == Payment.Means.CASH and by.capacity in AT_THE_TILL:
        cash.came_in(payment=payment)
    return payment


def _note(tender: Tender, amount: int, now: dt.datetime) -> CreditNote | None:
    if tender.means != Payment.Means.CREDIT_NOTE:
        return None
    return credit_notes.redeem(code=tender.credit_code, amount_cents=amount, now=now)


def pay_back(
    *,
    shop: Shop,
    order: Order,
    amount_cents: int,
    act: refunds.Act,
    by: By,
    means: Payment.Means | None = None,
    among: Collection[str] = Payment.Means.values,
) -> list[Refund]:
    """Gives back that much of a locked order's payments: the one place where money goes out.

    By the means of the payments `among` which to choose, those of `means` first; all of it as a credit note when that
    is asked for. Raises MoreThanTaken.
    """
    payments = [payment for payment in refunds.locked(order_id=order.pk) if payment.means in among]
    parts = refunds.allocate(payments=payments, amount_cents=amount_cents, first=means)
    as_note = means == Payment.Means.CREDIT_NOTE
    given = [
        refunds.give_back(payment=payment, amount_cents=cents, act=act, as_credit_note=as_note)
        for payment, cents in parts
    ]
    for refund in given:
        if refund.means == Payment.Means.CASH and by.capacity in AT_THE_TILL:
            cash.went_out(refund=refund)
        if refund.state == Refund.State.DONE:  # what the bank does not have yet is sealed when it has it
            bookkeeping.given_back(shop=shop, order=order, refund=refund, by=by, now=act.now)
        else:
            following.follow_now(shop=shop, order=order, now=act.now)
    return given


def settle(*, shop: Shop, order: Order, by: By, now: dt.datetime) -> None:
    """A discount left nothing due: what was taken is the sale."""
    bookkeeping.sold(shop=shop, order=order, by=by, now=now)


def conclude_refund(*, shop: Shop, order: Order, refund: Refund, failure: str, by: By, now: dt.datetime) -> bool:
    """A pending refund is done, or failed and the money is still ours; False when that was known already."""
    is_news = refunds.conclude(refund=refund, failure=failure, now=now)
    if is_news and not failure:
        bookkeeping.given_back(shop=shop, order=order, refund=refund, by=by, now=now)
    return is_news


def _with_what_it_replaces(order_id: int) -> tuple[Order, Order]:
    """The order, and the one whose money is due with it: itself, or the one that was not delivered and is made again."""
    order, original = acts.locked_with_replaced(order_id)
    return order, original if original and original.state == State.FAILED else order


@transaction.atomic
def hand_over(
    *,
    shop: Shop,
    order_id: int,
    by: By,
    now: dt.datetime,
    tender: Tender | None = None,
    made_at: dt.datetime | None = None,
    others: Iterable[Order] = (),
    saw_age: bool = False,
) -> Order:
    """Collected or delivered; takes what is still due in the same act.

    `made_at`: a driver without network delivered it then; `others` wait for the same driver; `saw_age`: of alcohol, an
    identity document was seen (without it, `alcohol.refuse` first). Raises MoveRefused, AgeNotChecked, NotYetPaid, as
    `take_payment`.
    """
    order, owing = _with_what_it_replaces(order_id)
    is_known = tender and owing.payments.filter(submission=tender.submission).exists()
    if order.state == State.HANDED_OVER and is_known:
        return order  # the same act, sent again
    lifecycle.check(current=State(order.state), target=State.HANDED_OVER, actor=by.capacity)
    for done in dict.fromkeys((owing, order)):
        _check_age(done, saw_age=saw_age)
    if to_collect_cents(owing) and tender and not is_known:
        take(shop=shop, order=owing, tender=tender, by=by, now=now)
        _take_rest(shop, owing, tender, by, now)
    due = to_collect_cents(owing)
    if due:
        raise NotYetPaid(due)
    for done in dict.fromkeys((owing, order)):
        _over(shop, done, by, now, made_at)
    acts.tell(shop=shop, order=order, others=others)
    return order


def _check_age(order: Order, *, saw_age: bool) -> None:
    if order.alcohol != Order.Alcohol.TO_CHECK:
        return
    if not saw_age:
        raise AgeNotChecked
    order.alcohol = Order.Alcohol.CHECKED
    order.save(update_fields=["alcohol"])


def _take_rest(shop: Shop, order: Order, tender: Tender, by: By, now: dt.datetime) -> None:
    """A meal voucher pays a part; the rest comes by another means in the same act."""
    if tender.rest and to_collect_cents(order):
        submission = uuid.uuid5(tender.submission, "rest")
        rest = Tender(tender.rest, submission, taken_at=tender.taken_at)
        take(shop=shop, order=order, tender=rest, by=by, now=now)


def _over(shop: Shop, order: Order, by: By, now: dt.datetime, made_at: dt.datetime | None) -> None:
    if not order.is_remake:
        bookkeeping.sold(shop=shop, order=order, by=by, now=now)
    acts.move(
        shop=shop,
        order=order,
        target=State.HANDED_OVER,
        by=by,
        now=made_at or now,
        stamp="handed_over_at",
        detail=acts.sent(made_at, now),
    )
    cases.close_delivery(order=order, user_id=by.user_id, resolution=str(_("Delivered in the end")), now=now)
    following.follow_later(shop=shop, order=order, now=now)
