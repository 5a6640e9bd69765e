"""Our payments against Stripe's own lists: what nobody told us of is heard, what differs is said to somebody.

Nothing here decides on money but one thing: a sum held for an order that does not exist is let go.
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from shared_apps.core.money import euros
from shared_apps.gateway import services as gateway
from shared_apps.gateway import stripe_api
from shared_apps.gateway.stripe_api import PaidOut, Refused, Seen, Unreachable
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.services import acts, cases, online
from tenant_apps.payments.models import OnlinePayment, Refund
from tenants.hosts import Shop
from tenants.models import Pizzeria

HEARD = dt.timedelta(days=3)  # how far back an event that did not arrive is looked for
COMPARED = dt.timedelta(days=9)  # longer than a hold lasts
TOO_LONG = dt.timedelta(days=5)  # of a hold that is not captured

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that only a person can explain; of an order when it can be named."""

    words: str
    pizzeria: str = ""
    order_number: int | None = None

    def __str__(self) -> str:
        where = _("%(pizzeria)s, order no. %(number)s: ") % {"pizzeria": self.pizzeria, "number": self.order_number}
        return f"{where if self.order_number else ''}{self.words}"


def hear(*, now: dt.datetime) -> int:
    """The events that Stripe could not deliver, followed as if they had been; how many were news. Raises Unreachable."""
    heard = 0
    for event in stripe_api.undelivered_events(now - HEARD):
        try:
            heard += gateway.keep(event=event, now=now)
        except gateway.ForeignEvent:
            logger.warning("An event of Stripe's is about no shop of ours")
    return heard


def follow_due(*, now: dt.datetime) -> int:
    """A task for every order that is due to be looked at again."""
    due = list(gateway.due(now=now))
    for one in due:
        async_task(gateway.FOLLOW, one.pizzeria_id, one.order_number)
    return len(due)


def compare(*, now: dt.datetime) -> list[Difference]:
    """Every payment that Stripe lists of the last days, and every line of its payouts. Raises Unreachable."""
    intents, lines = defaultdict(list), defaultdict(list)
    for seen in stripe_api.intents_since(now - COMPARED):
        intents[seen.metadata.get("pizzeria", "")].append(seen)
    for line in stripe_api.paid_out_since(now - COMPARED):
        lines[line.metadata.get("pizzeria", "")].append(line)
    found = [Difference(_("A payment of no pizzeria: %(id)s") % {"id": seen.intent_id}) for seen in intents.pop("", ())]
    lines.pop("", None)  # of payments that are no orders'
    for slug in sorted(intents.keys() | lines.keys()):
        pizzeria = Pizzeria.objects.with_schema().called(slug)
        if pizzeria is None:
            found += [
                Difference(_("A payment of an unknown pizzeria: %(id)s") % {"id": s.intent_id}) for s in intents[slug]
            ]
            continue
        with schema_context(pizzeria.schema_name):
            found += _compare_shop(Shop.of(pizzeria), intents[slug], lines[slug], now)
    for difference in found:
        logger.error("Reconciliation: %s", difference)
    return found


def _compare_shop(shop: Shop, intents: Iterable[Seen], lines: Iterable[PaidOut], now: dt.datetime) -> list[Difference]:
    found = [_intent(shop, seen, now) for seen in intents]
    found += [_line(line) for line in lines]
    named = [replace(one, pizzeria=shop.name) for one in found if one]
    for one in named:
        if one.order_number:
            _open_case(shop, one, now)
    return named


@transaction.atomic
def _open_case(shop: Shop, difference: Difference, now: dt.datetime) -> None:
    order = acts.locked(int(difference.order_number or 0))
    cases.open_once(order=order, kind=Case.Kind.RECONCILIATION, now=now)
    acts.tell(shop=shop, order=order)


def _intent(shop: Shop, seen: Seen, now: dt.datetime) -> Difference | None:
    number, attempt = _named(seen.metadata)
    row = OnlinePayment.objects.filter(order=number, attempt=attempt).select_related("payment").first()
    if row is None:
        return _orphan(seen)
    if _agrees(row, seen):
        return _held_too_long(row, seen, now)
    try:
        online.follow(shop=shop, order_id=number, now=now)  # perhaps nobody had told us yet
        seen = stripe_api.read_intent(seen.intent_id)
    except Unreachable:
        return None
    row.refresh_from_db()
    if _agrees(row, seen):
        return None
    words = _("Stripe has taken %(theirs)s, we have %(ours)s") % {
        "theirs": euros(seen.received_cents),
        "ours": euros(row.payment.amount_cents if row.payment else 0),
    }
    return Difference(words, order_number=number)


def _named(metadata: dict[str, str]) -> tuple[int, int]:
    number, attempt = metadata.get("order", ""), metadata.get("attempt", "")
    return (int(number) if number.isdecimal() else 0, int(attempt) if attempt.isdecimal() else 0)


def _agrees(row: OnlinePayment, seen: Seen) -> bool:
    State = OnlinePayment.State  # noqa: N806
    if seen.intent == "succeeded":
        return row.payment is not None and row.payment.amount_cents == seen.received_cents
    if seen.intent == "requires_capture":
        return row.state == State.AUTHORISED
    return row.state != State.CAPTURED and row.state != State.AUTHORISED


def _orphan(seen: Seen) -> Difference | None:
    """Held or taken for an order that is not ours: a sum that is only held is let go."""
    if seen.intent == "requires_capture":
        try:
            stripe_api.cancel(seen.intent_id, f"{seen.intent_id}-orphan")
        except (Refused, Unreachable):
            return Difference(_("Held for no order: %(id)s") % {"id": seen.intent_id})
        return Difference(_("Held for no order, let go: %(id)s") % {"id": seen.intent_id})
    if seen.intent == "succeeded":
        return Difference(_("Taken for no order: %(id)s") % {"id": seen.intent_id})
    return None


def _held_too_long(row: OnlinePayment, seen: Seen, now: dt.datetime) -> Difference | None:
    if row.state == OnlinePayment.State.AUTHORISED and seen.created_at and now - seen.created_at > TOO_LONG:
        return Difference(_("Held for more than five days and not taken"), order_number=row.order_id)
    return None


def _line(line: PaidOut) -> Difference | None:
    """A line of a payout against what we have of it."""
    number, _attempt = _named(line.metadata)
    row = OnlinePayment.objects.filter(intent_id=line.intent_id).select_related("payment").first()
    if row is None or row.payment is None:
        order = Order.objects.filter(pk=number).values_list("pk", flat=True).first()
        return Difference(
            _("Paid out, and we have no such payment: %(id)s") % {"id": line.intent_id}, order_number=order
        )
    ours = row.payment.amount_cents if line.kind == "charge" else -_refunded(line)
    if line.kind == "charge" and not row.payout_id:
        row.payout_id = line.payout_id
        row.save(update_fields=["payout_id"])
    if ours == line.amount_cents:
        return None
    words = _("Stripe paid out %(theirs)s, we have %(ours)s") % {
        "theirs": euros(line.amount_cents),
        "ours": euros(ours),
    }
    return Difference(words, order_number=row.order_id)


def _refunded(line: PaidOut) -> int:
    name = line.metadata.get("refund", "")
    refund = Refund.objects.filter(pk=int(name) if name.isdecimal() else 0).exclude(state=Refund.State.FAILED).first()
    return refund.amount_cents if refund else 0
