"""What Stripe shows of a payment online, written down under the order's lock: seen again, late or out of order it changes
nothing, so that the customer's return, a webhook and reconciliation may all bring the same news.
"""

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction

from shared_apps.gateway import services as gateway
from shared_apps.gateway.stripe_api import Seen
from shared_apps.messages.models import Message
from tenant_apps.orders import online_steps
from tenant_apps.orders.lifecycle import Actor, State
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.online_steps import Facts
from tenant_apps.orders.services import accepting, acts, cases, refunding, settlement, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import OnlinePayment, Refund
from tenants.hosts import Shop

State_ = OnlinePayment.State
SYSTEM = By(Actor.SYSTEM)


def patience() -> dt.timedelta:
    return dt.timedelta(minutes=settings.ONLINE_PAYMENT_MINUTES)


def facts_of(order: Order) -> Facts:
    """As its rows are now; the order is locked by whoever decides from them."""
    pending = Refund.objects.filter(order=order, state=Refund.State.PENDING)
    return Facts(
        state=State(order.state),
        placed_at=order.placed_at,
        promised_at=order.slot.starts_at,
        owed=order.owed_cents,
        kept=settlement.kept_cents(order),
        attempts=list(OnlinePayment.objects.filter(order=order).select_related("order").order_by("attempt")),
        patience=patience(),
        refund_asked_at=pending.order_by("asked_at").values_list("asked_at", flat=True).first(),
    )


def look_again(shop: Shop, order: Order, now: dt.datetime) -> None:
    due_at = online_steps.look_again_at(facts_of(order), now)
    gateway.follow_up(pizzeria_id=shop.id, order_number=order.pk, due_at=due_at)


@transaction.atomic
def look_again_later(*, shop: Shop, order_id: int, now: dt.datetime) -> None:
    look_again(shop, acts.locked(order_id), now)


@transaction.atomic
def apply(shop: Shop, attempt: OnlinePayment, seen: Seen, now: dt.datetime) -> OnlinePayment:
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
    look_again(shop, order, now)
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
    attempt.save()
    cases.settle(order=order, kind=Case.Kind.TO_COLLECT, now=now)
    refunding.settle_overpaid(shop=shop, order=order, by=SYSTEM, now=now)
    acts.tell(shop=shop, order=order)


def _closed(order: Order, attempt: OnlinePayment, now: dt.datetime) -> None:
    """Nothing comes of it. A sum that the shop counted on is to be collected otherwise."""
    if attempt.state not in OnlinePayment.LIVE:
        return
    was_counted_on = attempt.state == State_.AUTHORISED
    attempt.state, attempt.url = State_.CLOSED, ""
    if was_counted_on:
        cases.open_once(order=order, kind=Case.Kind.TO_COLLECT, now=now)
