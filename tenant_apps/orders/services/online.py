"""Paying online: the page is opened, what became of it is followed, Stripe and our rows are brought to agree.

`follow` is the one way in for the customer's return, Stripe's webhook, the kitchen's claim, a change, a cancellation and
reconciliation. It reads the payment at Stripe's, writes what it saw under the order's lock, then does the next step, one
at a time: no lock is held during a call, and each call has a key of its own, so that it may be made again.
"""

import datetime as dt
import logging
import uuid

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.gateway import services as gateway
from shared_apps.gateway import stripe_api
from shared_apps.gateway.stripe_api import Purchase, Refused, Seen, Unreachable
from shared_apps.messages.models import Message
from tenant_apps.orders import online_steps
from tenant_apps.orders.lifecycle import Actor, MoveRefused, State
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.online_steps import SOON, Act, Facts, Step
from tenant_apps.orders.services import accepting, acts, cases, changing, settlement, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import OnlinePayment
from tenants.hosts import Shop

State_ = OnlinePayment.State
SYSTEM = By(Actor.SYSTEM)
LEAST_CENTS = 50  # Stripe takes no less
STEPS_AT_MOST = 20
NOT_PAID = "not_paid"  # why an order was cancelled

logger = logging.getLogger(__name__)


class NothingToPay(RuleError):
    """It is paid, or the rest is too small for a card online."""

    def __init__(self) -> None:
        super().__init__(_("Nothing is left to pay online for this order."))


def patience() -> dt.timedelta:
    return dt.timedelta(minutes=settings.ONLINE_PAYMENT_MINUTES)


def open_page(*, shop: Shop, order_id: int, now: dt.datetime) -> str:
    """The address of Stripe's page where the rest of the order is paid: one page, however often it is asked for.

    Raises MoveRefused, NothingToPay, OnlinePaymentDown.
    """
    attempt = _begin(shop, order_id, now)
    if not attempt.url:
        seen = gateway.open_session(purchase=_purchase(shop, attempt), now=now)
        attempt = _apply(shop, attempt, seen, now)
    if attempt.state != State_.OPEN:  # given up, or paid, while Stripe answered
        raise NothingToPay
    return attempt.url


@transaction.atomic
def _begin(shop: Shop, order_id: int, now: dt.datetime) -> OnlinePayment:
    order = acts.locked(order_id)
    if order.state not in (State.AWAITING_PAYMENT, State.ACCEPTED):
        raise MoveRefused(_("This order can no longer be paid online: please pay when you receive it."))
    facts = facts_of(order)
    wanted = facts.owed - facts.kept - facts.held
    if wanted < LEAST_CENTS:
        raise NothingToPay
    current = next((one for one in facts.attempts if one.is_pending), None)
    if current and current.amount_cents == wanted and now < current.opened_at + patience():
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


def facts_of(order: Order) -> Facts:
    """As its rows are now; the order is locked by whoever decides from them."""
    return Facts(
        state=State(order.state),
        placed_at=order.placed_at,
        promised_at=order.slot.starts_at,
        owed=settlement.owed_cents(order),
        kept=settlement.kept_cents(order),
        attempts=list(OnlinePayment.objects.filter(order=order).select_related("order").order_by("attempt")),
        patience=patience(),
    )


def follow(*, shop: Shop, order_id: int, now: dt.datetime) -> None:
    """Brings Stripe and our rows to agree on an order; at any moment, as often as one likes, several at once.

    Raises Unreachable when Stripe does not answer: what is left is done at the next look.
    """
    try:
        for attempt in OnlinePayment.objects.filter(order=order_id).live().exclude(session_id=None):
            with gateway.breaker(now=now):
                seen = stripe_api.read_session(str(attempt.session_id))
            _apply(shop, attempt, seen, now)
        for _number in range(STEPS_AT_MOST):
            step = _plan(shop, order_id, now)
            if step is None:
                return
            _carry_out(shop, step, now)
    except Unreachable:
        _without_stripe(shop, order_id, now)
        raise


@transaction.atomic
def _plan(shop: Shop, order_id: int, now: dt.datetime) -> Step | None:
    """The next step that needs Stripe, written down before it is asked for."""
    order = acts.locked(order_id)
    step = online_steps.next_step(facts_of(order), now)
    if step and step.act == Act.ABANDON:
        changing.cancel(shop=shop, order_id=order_id, by=SYSTEM, now=now, reason=NOT_PAID)
        step = None
    if step and step.attempt and step.act == Act.CLOSE and step.attempt.state != State_.CLOSING:
        step.attempt.state = State_.CLOSING
        step.attempt.save(update_fields=["state"])
    _look_again(shop, order, now)
    return step


def _look_again(shop: Shop, order: Order, now: dt.datetime) -> None:
    due_at = online_steps.look_again_at(facts_of(order), now)
    gateway.follow_up(pizzeria_id=shop.id, order_number=order.pk, due_at=due_at)


def _carry_out(shop: Shop, step: Step, now: dt.datetime) -> None:
    attempt = step.attempt
    assert attempt is not None  # noqa: S101  only what is decided by us alone has none
    with gateway.breaker(now=now):
        seen = _close(shop, attempt) if step.act == Act.CLOSE else _capture(attempt, step.amount_cents)
    _apply(shop, attempt, seen, now)


def _close(shop: Shop, attempt: OnlinePayment) -> Seen:
    """Expires the page or lets the sum go; when it is neither any more, what it is."""
    session_id = attempt.session_id
    try:
        if session_id is None:  # asked for, no answer: the same key finds the same page
            session_id = stripe_api.create_session(_purchase(shop, attempt)).session_id
    except Refused:
        return Seen(session="expired")  # there never was one
    try:
        if attempt.intent_id and attempt.authorised_at:
            return stripe_api.cancel(attempt.intent_id, f"{attempt.key}-cancel")
        return stripe_api.expire_session(session_id)
    except Refused:
        return stripe_api.read_session(session_id)


def _capture(attempt: OnlinePayment, amount_cents: int) -> Seen:
    try:
        return stripe_api.capture(str(attempt.intent_id), amount_cents, f"{attempt.key}-capture-{amount_cents}")
    except Refused as error:
        logger.warning("Stripe refused a capture: %s", error.code)
        return stripe_api.read_session(str(attempt.session_id))


@transaction.atomic
def _apply(shop: Shop, attempt: OnlinePayment, seen: Seen, now: dt.datetime) -> OnlinePayment:
    """Writes what Stripe shows of an attempt; seen again, late or out of order it changes nothing."""
    order = acts.locked(attempt.order_id)
    attempt = OnlinePayment.objects.select_for_update(of=("self",)).select_related("order").get(pk=attempt.pk)
    _note(attempt, seen)
    if seen.intent == "succeeded":
        _captured(shop, order, attempt, seen, now)
    elif seen.intent == "requires_capture":
        _authorised(shop, order, attempt, now)
    elif seen.intent == "canceled" or seen.session == "expired":
        _closed(order, attempt, now)
    elif attempt.state == State_.OPENING and seen.session == "open":
        attempt.state = State_.OPEN
    attempt.save()
    facts = facts_of(order)
    if order.state == State.AWAITING_PAYMENT and facts.kept + facts.held >= facts.owed:
        accepting.accept(shop=shop, order=order, by=SYSTEM, now=now)
    _look_again(shop, order, now)
    return attempt


def _note(attempt: OnlinePayment, seen: Seen) -> None:
    attempt.session_id = attempt.session_id or seen.session_id or None
    attempt.intent_id = attempt.intent_id or seen.intent_id or None
    attempt.capture_before_at = seen.capture_before_at or attempt.capture_before_at
    if seen.session:
        attempt.url = seen.url


def _authorised(shop: Shop, order: Order, attempt: OnlinePayment, now: dt.datetime) -> None:
    """The first time only: held for the order if it still wants money, even on a page that was given up; else let go."""
    if attempt.authorised_at or attempt.state not in OnlinePayment.LIVE:
        return
    attempt.authorised_at = now
    facts = facts_of(order)
    if facts.owed - facts.kept - facts.held > 0:
        attempt.state = State_.AUTHORISED
        acts.record(
            order=order, by=SYSTEM, now=now, from_state=order.state, reason="authorised",
            detail={"cents": attempt.amount_cents, "attempt": attempt.attempt},
        )  # fmt: skip
        acts.tell(shop=shop, order=order)
    else:
        attempt.state = State_.CLOSING
        cases.open_once(order=order, kind=Case.Kind.LATE_PAYMENT, now=now)
        telling.tell_customer(shop=shop, order=order, kind=Message.Kind.PAID_LATE, version=attempt.attempt)


def _captured(shop: Shop, order: Order, attempt: OnlinePayment, seen: Seen, now: dt.datetime) -> None:
    if attempt.state == State_.CAPTURED:
        return
    attempt.authorised_at = attempt.authorised_at or now
    attempt.payment = settlement.take_captured(
        shop=shop,
        order=order,
        amount_cents=seen.received_cents,
        submission=uuid.uuid5(order.submission, f"online:{attempt.attempt}"),
        now=now,
    )
    attempt.state = State_.CAPTURED
    cases.settle(order=order, kind=Case.Kind.TO_COLLECT, now=now)
    acts.tell(shop=shop, order=order)


def _closed(order: Order, attempt: OnlinePayment, now: dt.datetime) -> None:
    """Nothing comes of it. A sum that the shop counted on is to be collected otherwise."""
    if attempt.state not in OnlinePayment.LIVE:
        return
    was_counted_on = attempt.state == State_.AUTHORISED
    attempt.state, attempt.url = State_.CLOSED, ""
    if was_counted_on:
        cases.open_once(order=order, kind=Case.Kind.TO_COLLECT, now=now)


@transaction.atomic
def _without_stripe(shop: Shop, order_id: int, now: dt.datetime) -> None:
    """What does not wait for Stripe: an abandoned order frees its time, the staff knows what is not taken."""
    order = acts.locked(order_id)
    facts = facts_of(order)
    step = online_steps.next_step(facts, now)
    if step and step.act == Act.CAPTURE:
        cases.open_once(order=order, kind=Case.Kind.TO_COLLECT, now=now)
        acts.tell(shop=shop, order=order)
    if order.state == State.AWAITING_PAYMENT and now >= order.placed_at + patience():
        OnlinePayment.objects.filter(order=order, state__in=OnlinePayment.PENDING).update(state=State_.CLOSING)
        changing.cancel(shop=shop, order_id=order_id, by=SYSTEM, now=now, reason=NOT_PAID)
    gateway.follow_up(pizzeria_id=shop.id, order_number=order_id, due_at=now + SOON)
