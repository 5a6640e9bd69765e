"""Paying online: the page is opened, what became of it is followed, Stripe and our rows are brought to agree.

`follow` is the one way in for the customer's return, Stripe's webhook, the kitchen's claim, a change, a cancellation and
reconciliation. It reads the payment at Stripe's, writes what it saw under the order's lock, then does the next step, one
at a time: no lock is held during a call, and each call has a key of its own, so that it may be made again.
"""

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.gateway import services as gateway
from shared_apps.gateway import stripe_api
from shared_apps.gateway.stripe_api import Purchase, Refused, Seen, Unreachable
from tenant_apps.orders import online_steps
from tenant_apps.orders.lifecycle import Actor, MoveRefused, State
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.online_steps import SOON, Act, Step
from tenant_apps.orders.services import acts, cases, changing, outcomes, repaying
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import OnlinePayment
from tenants.hosts import Shop

State_ = OnlinePayment.State
SYSTEM = By(Actor.SYSTEM)
LEAST_CENTS = 50  # Stripe takes no less
STEPS_AT_MOST = 20
NOT_PAID = "not_paid"  # why an order was cancelled

logger = logging.getLogger(__name__)


class TooLateToPay(RuleError):
    """Its time and its ingredients are about to be free again."""

    def __init__(self) -> None:
        super().__init__(_("The time to pay this order is over: please order again."))


class NothingToPay(RuleError):
    """It is paid, or the rest is too small for a card online."""

    def __init__(self) -> None:
        super().__init__(_("Nothing is left to pay online for this order."))


def open_page(*, shop: Shop, order_id: int, now: dt.datetime) -> str:
    """The address of Stripe's page where the rest of the order is paid: one page, however often it is asked for.

    Raises MoveRefused, TooLateToPay, NothingToPay, OnlinePaymentDown.
    """
    attempt = _begin(shop, order_id, now)
    if not attempt.url:
        seen = gateway.open_session(purchase=_purchase(shop, attempt), now=now)
        attempt = outcomes.apply(shop, attempt, seen, now)
    if attempt.state != State_.OPEN:  # given up, or paid, while Stripe answered
        raise NothingToPay
    return attempt.url


@transaction.atomic
def _begin(shop: Shop, order_id: int, now: dt.datetime) -> OnlinePayment:
    order = acts.locked(order_id)
    if order.state not in (State.AWAITING_PAYMENT, State.ACCEPTED):
        raise MoveRefused(_("This order can no longer be paid online: please pay when you receive it."))
    if order.awaits_payment and now >= order.placed_at + outcomes.patience():
        raise TooLateToPay
    facts = outcomes.facts_of(order)
    wanted = facts.owed - facts.kept - facts.held
    if wanted < LEAST_CENTS:
        raise NothingToPay
    current = next((one for one in facts.attempts if one.is_pending), None)
    if current and current.amount_cents == wanted and now < current.opened_at + outcomes.patience():
        return current
    if current:
        current.state = State_.CLOSING
        current.save(update_fields=["state"])
    attempt = OnlinePayment.objects.create(
        order=order, attempt=len(facts.attempts) + 1, amount_cents=wanted, opened_at=now
    )
    gateway.follow_up(pizzeria_id=shop.id, order_number=order.pk, due_at=now + SOON)
    return attempt


def _purchase(shop: Shop, attempt: OnlinePayment) -> Purchase:
    order = attempt.order
    return Purchase(
        key=f"{attempt.key}-open",
        label=str(_("Order no. %(number)s, %(pizzeria)s") % {"number": order.number, "pizzeria": shop.name}),
        amount_cents=attempt.amount_cents,
        opened_at=attempt.opened_at,
        metadata={"pizzeria": shop.slug, "order": str(order.number), "attempt": str(attempt.attempt)},
        success_url=_address(shop, order, "paid"),
        cancel_url=_address(shop, order, "order"),
        email=order.contact_email,
    )


def _address(shop: Shop, order: Order, page: str) -> str:
    return shop.url + reverse(f"storefront:{page}", urlconf=settings.ROOT_URLCONF, args=(order.reference,))


def follow(*, shop: Shop, order_id: int, now: dt.datetime) -> None:
    """Brings Stripe and our rows to agree on an order; at any moment, as often as one likes, several at once.

    Raises Unreachable when Stripe does not answer: what is left is done at the next look.
    """
    try:
        for attempt in OnlinePayment.objects.filter(order=order_id).live().select_related("order"):
            with gateway.breaker(now=now):
                seen = _read(shop, attempt)
            outcomes.apply(shop, attempt, seen, now)
        for _number in range(STEPS_AT_MOST):
            step = _plan(shop, order_id, now)
            if step is None:
                break
            _carry_out(shop, step, now)
        repaying.repay(shop=shop, order_id=order_id, now=now)
    except Unreachable:
        _without_stripe(shop, order_id, now)
        raise


def _read(shop: Shop, attempt: OnlinePayment) -> Seen:
    """What became of an attempt. One whose opening was never answered is asked for again: its key finds its page.

    So it is ours at once, whoever paid there, and not only when our patience ends.
    """
    try:
        session_id = attempt.session_id or stripe_api.create_session(_purchase(shop, attempt)).session_id
    except Refused as error:
        logger.warning("Stripe refused to open a session: %s", error.code)
        return Seen(session="expired")  # there never was one
    return stripe_api.read_session(session_id)


@transaction.atomic
def _plan(shop: Shop, order_id: int, now: dt.datetime) -> Step | None:
    """The next step that needs Stripe, written down before it is asked for."""
    order = acts.locked(order_id)
    step = online_steps.next_step(outcomes.facts_of(order), now)
    if step and step.act == Act.ABANDON:
        order = changing.cancel(shop=shop, order_id=order_id, by=SYSTEM, now=now, reason=NOT_PAID)
        step = None
    if step and step.attempt and step.act == Act.CLOSE and step.attempt.state != State_.CLOSING:
        step.attempt.state = State_.CLOSING
        step.attempt.save(update_fields=["state"])
    outcomes.look_again(shop, order, now)
    return step


def _carry_out(shop: Shop, step: Step, now: dt.datetime) -> None:
    attempt = step.attempt
    assert attempt is not None  # noqa: S101  only what is decided by us alone has none
    with gateway.breaker(now=now):
        seen = _close(shop, attempt) if step.act == Act.CLOSE else _capture(attempt, step.amount_cents)
    outcomes.apply(shop, attempt, seen, now)


def _close(shop: Shop, attempt: OnlinePayment) -> Seen:
    """Expires the page or lets the sum go; when it is neither any more, what it is."""
    if attempt.session_id is None:
        return _read(shop, attempt)  # the next step closes what it finds
    try:
        if attempt.intent_id and attempt.authorised_at:
            return stripe_api.cancel(attempt.intent_id, f"{attempt.key}-cancel")
        return stripe_api.expire_session(attempt.session_id)
    except Refused:
        return stripe_api.read_session(attempt.session_id)


def _capture(attempt: OnlinePayment, amount_cents: int) -> Seen:
    try:
        return stripe_api.capture(str(attempt.intent_id), amount_cents, f"{attempt.key}-capture-{amount_cents}")
    except Refused as error:
        logger.warning("Stripe refused a capture: %s", error.code)
        return stripe_api.read_session(str(attempt.session_id))


@transaction.atomic
def _without_stripe(shop: Shop, order_id: int, now: dt.datetime) -> None:
    """What does not wait for Stripe: an abandoned order frees its time, the staff knows what is not taken."""
    order = acts.locked(order_id)
    facts = outcomes.facts_of(order)
    step = online_steps.next_step(facts, now)
    if step and step.act == Act.CAPTURE:
        cases.open_once(order=order, kind=Case.Kind.TO_COLLECT, now=now)
        acts.tell(shop=shop, order=order)
    if order.state == State.AWAITING_PAYMENT and now >= order.placed_at + outcomes.patience():
        OnlinePayment.objects.filter(order=order, state__in=OnlinePayment.PENDING).update(state=State_.CLOSING)
        changing.cancel(shop=shop, order_id=order_id, by=SYSTEM, now=now, reason=NOT_PAID)
    gateway.follow_up(pizzeria_id=shop.id, order_number=order_id, due_at=now + SOON)
