"""The way to Stripe: its breaker, the events it sends, and the orders to look at again."""

import datetime as dt
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from shared_apps.core.errors import RuleError
from shared_apps.gateway import stripe_api
from shared_apps.gateway.models import FollowUp, GatewayEvent, GatewayOutage
from shared_apps.gateway.stripe_api import Payout, Purchase, Seen
from tenants.models import Pizzeria

PAUSE = dt.timedelta(seconds=30)
KEPT = dt.timedelta(days=40)  # an event: longer than Stripe lists them
FOLLOW = "tenant_apps.orders.tasks.follow_payment"
# What tells of a payment; anything else that the account sends is taken and left.
FAMILIES = ("checkout.session.", "payment_intent.", "charge.", "refund.")

logger = logging.getLogger(__name__)


class OnlinePaymentDown(RuleError):
    """Stripe does not answer, or did not a moment ago."""

    def __init__(self) -> None:
        super().__init__(_("Online payment is unavailable for the moment."))


def is_up(*, now: dt.datetime) -> bool:
    return not GatewayOutage.objects.filter(until__gt=now).exists()


@contextmanager
def breaker(*, now: dt.datetime) -> Iterator[None]:
    """Around a call to Stripe: one that finds nobody spares the next customers the wait."""
    try:
        yield
    except stripe_api.Unreachable:
        GatewayOutage.objects.update_or_create(id=1, defaults={"until": now + PAUSE})
        raise


def open_session(*, purchase: Purchase, now: dt.datetime) -> Seen:
    """A page of Stripe's where this is paid. Raises OnlinePaymentDown; no lock may be held."""
    if not is_up(now=now):
        raise OnlinePaymentDown
    try:
        with breaker(now=now):
            return stripe_api.create_session(purchase)
    except stripe_api.Unreachable:
        raise OnlinePaymentDown from None
    except stripe_api.Refused as error:
        logger.error("Stripe refused to open a session: %s", error.code)
        raise OnlinePaymentDown from None


def payouts(*, starts_on: dt.date, ends_on: dt.date, now: dt.datetime) -> list[Payout]:
    """What Stripe paid out to the bank between two days, both included. Raises OnlinePaymentDown; no lock may be held."""
    try:
        with breaker(now=now):
            return stripe_api.paid_out_between(starts_on, ends_on)
    except stripe_api.Unreachable:
        raise OnlinePaymentDown from None
    except stripe_api.Refused as error:
        logger.error("Stripe refused to list its payouts: %s", error.code)
        raise OnlinePaymentDown from None


@dataclass(frozen=True, slots=True)
class About:
    """The order that an event of Stripe is about."""

    pizzeria_id: int
    order_number: int


class ForeignEvent(Exception):
    """Not signed by Stripe for us, or about no shop of ours."""


def receive(*, body: bytes, signature: str, now: dt.datetime) -> None:
    """Keeps an event and has its order followed, once however often it is sent. Raises ForeignEvent.

    An event is a trigger only: nothing that it says is believed, the payment is read again at Stripe's.
    """
    if not stripe_api.verified(body, signature):
        raise ForeignEvent
    try:
        event = json.loads(body)
        keep(event=event, now=now)
    except (ValueError, KeyError, TypeError):
        raise ForeignEvent from None


@transaction.atomic
def keep(*, event: dict[str, Any], now: dt.datetime) -> bool:
    """Whether it was new. Raises ForeignEvent."""
    about = _about(event)
    _kept, is_new = GatewayEvent.objects.get_or_create(
        event_id=event["id"],
        defaults={
            "kind": event["type"][:60],
            "pizzeria_id": about.pizzeria_id if about else None,
            "order_number": about.order_number if about else None,
            "received_at": now,
        },
    )
    if is_new and about:
        async_task(FOLLOW, about.pizzeria_id, about.order_number)
    return is_new


def _about(event: dict[str, Any]) -> About | None:
    """None for what is not about a payment of an order."""
    metadata = event["data"]["object"].get("metadata") or {}
    if not event["type"].startswith(FAMILIES) or "pizzeria" not in metadata:
        return None
    pizzeria = Pizzeria.objects.called(metadata["pizzeria"])
    if pizzeria is None or not str(metadata.get("order", "")).isdecimal():
        raise ForeignEvent
    return About(pizzeria.pk, int(metadata["order"]))


def follow_up(*, pizzeria_id: int, order_number: int, due_at: dt.datetime | None) -> None:
    """Has an order looked at again then, or no longer; in the transaction that makes it so."""
    if due_at is None:
        FollowUp.objects.filter(pizzeria_id=pizzeria_id, order_number=order_number).delete()
        return
    FollowUp.objects.update_or_create(pizzeria_id=pizzeria_id, order_number=order_number, defaults={"due_at": due_at})


def due(*, now: dt.datetime) -> Iterable[FollowUp]:
    return FollowUp.objects.filter(due_at__lte=now).order_by("due_at")


def forget_old_events(*, now: dt.datetime) -> int:
    return GatewayEvent.objects.filter(received_at__lt=now - KEPT).delete()[0]
