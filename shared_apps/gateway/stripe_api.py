"""Stripe, by its SDK: the only module that imports it. Facts come out, in our words; no object of the SDK does.

No lock may be held by a caller: each call is a network's wait (3 s to connect, 10 s to answer, tried three times).
"""

import datetime as dt
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import stripe
from django.conf import settings

Answer = TypeVar("Answer")
SESSION_LIFE = dt.timedelta(hours=1)  # Stripe takes 30 minutes at least; we expire it ourselves well before
EXPANDED = ["payment_intent.latest_charge"]


class Unreachable(Exception):
    """No answer, or one that says to come back later: what was asked may or may not be done."""


class Refused(Exception):
    """Stripe says no, and will say it again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a customer is asked to pay. The same values give the same session: a key of ours names them."""

    key: str
    label: str
    amount_cents: int
    opened_at: dt.datetime
    metadata: dict[str, str]
    success_url: str
    cancel_url: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as Stripe shows it now. `intent` is its PaymentIntent's status, the one that decides; empty before."""

    session_id: str = ""
    session: str = ""
    url: str = ""
    intent_id: str = ""
    intent: str = ""
    amount_cents: int = 0
    received_cents: int = 0
    capture_before_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenRefund:
    refund_id: str
    status: str  # pending, requires_action, succeeded, failed or canceled
    amount_cents: int
    metadata: dict[str, str]


@functools.lru_cache(maxsize=4)
def _client(key: str, base: str, retries: int) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=(3, 10)),
    )


def client() -> stripe.StripeClient:
    return _client(settings.STRIPE_API_KEY, settings.STRIPE_API_BASE, settings.STRIPE_RETRIES)


def _ask(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise Unreachable(type(error).__name__) from None  # their text may hold what was sent
    except stripe.StripeError as error:
        raise Refused(error.code or type(error).__name__) from None


def create_session(purchase: Purchase) -> Seen:
    line = {"currency": "eur", "unit_amount": purchase.amount_cents, "product_data": {"name": purchase.label}}
    parameters: dict[str, Any] = {
        "mode": "payment",
        "locale": "fr",
        "line_items": [{"quantity": 1, "price_data": line}],
        "payment_intent_data": {
            "capture_method": "manual",
            "description": purchase.label,
            "metadata": purchase.metadata,
        },
        "allowed_payment_method_types": ["card"],  # wallets are cards
        "expires_at": int((purchase.opened_at + SESSION_LIFE).timestamp()),
        "metadata": purchase.metadata,
        "success_url": purchase.success_url,
        "cancel_url": purchase.cancel_url,
    }
    if purchase.email:
        parameters["customer_email"] = purchase.email
    options: Any = {"idempotency_key": purchase.key}
    return _ask(lambda: _session(client().v1.checkout.sessions.create(parameters, options)))  # type: ignore[arg-type]


def read_session(session_id: str) -> Seen:
    return _ask(lambda: _session(client().v1.checkout.sessions.retrieve(session_id, {"expand": EXPANDED})))


def expire_session(session_id: str) -> Seen:
    return _ask(lambda: _session(client().v1.checkout.sessions.expire(session_id, {"expand": EXPANDED})))


def read_intent(intent_id: str) -> Seen:
    return _ask(lambda: _intent(client().v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})))


def capture(intent_id: str, amount_cents: int, key: str) -> Seen:
    """Takes the whole of what is held, or less: the rest is given back by the bank."""
    options: Any = {"idempotency_key": key}
    parameters: Any = {"amount_to_capture": amount_cents, "expand": ["latest_charge"]}
    return _ask(lambda: _intent(client().v1.payment_intents.capture(intent_id, parameters, options)))


def cancel(intent_id: str, key: str) -> Seen:
    options: Any = {"idempotency_key": key}
    parameters: Any = {"cancellation_reason": "abandoned", "expand": ["latest_charge"]}
    return _ask(lambda: _intent(client().v1.payment_intents.cancel(intent_id, parameters, options)))


def refund(intent_id: str, amount_cents: int, key: str, metadata: dict[str, str]) -> SeenRefund:
    options: Any = {"idempotency_key": key}
    parameters: Any = {"payment_intent": intent_id, "amount": amount_cents, "metadata": metadata}
    return _ask(lambda: _refund(client().v1.refunds.create(parameters, options)))


def refunds_of(intent_id: str) -> list[SeenRefund]:
    listed = _ask(
        lambda: list(client().v1.refunds.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter())
    )
    return [_refund(one) for one in listed]


def intents_since(moment: dt.datetime) -> Iterator[Seen]:
    parameters: Any = {"created": {"gte": int(moment.timestamp())}, "limit": 100, "expand": ["data.latest_charge"]}
    listed = _ask(lambda: list(client().v1.payment_intents.list(parameters).auto_paging_iter()))
    return (_intent(one) for one in listed)


def undelivered_events(since: dt.datetime) -> list[dict[str, Any]]:
    parameters: Any = {"delivery_success": False, "created": {"gte": int(since.timestamp())}, "limit": 100}
    listed = _ask(lambda: list(client().v1.events.list(parameters).auto_paging_iter()))
    return [one.to_dict() for one in listed]


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A line of a payout to the bank: what was captured, or given back, of one payment."""

    payout_id: str
    kind: str  # charge or refund
    amount_cents: int  # negative for a refund
    fee_cents: int
    intent_id: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Payout:
    """What Stripe sent to the bank at once, of all the shops together; `amount_cents` is the bank's line."""

    payout_id: str
    arrives_on: dt.date
    amount_cents: int
    lines: tuple[PaidOut, ...] = field(compare=False)  # oldest first


def paid_out_since(moment: dt.datetime) -> list[PaidOut]:
    found = _payouts({"created": {"gte": int(moment.timestamp())}})
    return [line for payout in found for line in payout.lines]


def paid_out_between(starts_on: dt.date, ends_on: dt.date) -> list[Payout]:
    """Those that arrive at the bank between two days, both included, the first before: Stripe dates them at 0 h UTC."""
    first, last = (_midnight(day) for day in (starts_on, ends_on + dt.timedelta(days=1)))
    return sorted(_payouts({"arrival_date": {"gte": first, "lt": last}}), key=lambda payout: payout.arrives_on)


def _midnight(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())


def _payouts(when: dict[str, Any]) -> list[Payout]:
    parameters: Any = {**when, "limit": 100}
    found = _ask(lambda: list(client().v1.payouts.list(parameters).auto_paging_iter()))
    return [Payout(one.id, _moment(one.arrival_date).date(), one.amount, tuple(_lines(one))[::-1]) for one in found]


def _lines(payout: stripe.Payout) -> Iterator[PaidOut]:
    parameters: Any = {"payout": payout.id, "limit": 100, "expand": ["data.source"]}
    listed = _ask(lambda: list(client().v1.balance_transactions.list(parameters).auto_paging_iter()))
    for line in listed:
        if line.type in ("charge", "refund"):
            source = line.to_dict()["source"]
            metadata = source["metadata"] or {}
            yield PaidOut(payout.id, line.type, line.amount, line.fee, source["payment_intent"], metadata)


def verified(body: bytes, signature: str) -> bool:
    """Whether Stripe signed this body, in the last five minutes, with the secret of our endpoint."""
    try:
        return bool(
            stripe.WebhookSignature.verify_header(body, signature, settings.STRIPE_WEBHOOK_SECRET, tolerance=300)
        )
    except (ValueError, stripe.SignatureVerificationError):
        return False


def _session(session: stripe.checkout.Session) -> Seen:
    shown = session.to_dict()
    intent = shown.get("payment_intent")
    seen = _seen_intent(intent) if isinstance(intent, dict) else {"intent_id": intent or ""}
    return Seen(
        session_id=shown["id"],
        session=shown["status"] or "",
        url=shown["url"] or "",
        **{"amount_cents": shown["amount_total"] or 0, "metadata": shown["metadata"] or {}, **seen},
    )


def _intent(intent: stripe.PaymentIntent) -> Seen:
    return Seen(**_seen_intent(intent.to_dict()))


def _seen_intent(shown: dict[str, Any]) -> dict[str, Any]:
    charge = shown.get("latest_charge")
    card = (charge.get("payment_method_details") or {}).get("card") or {} if isinstance(charge, dict) else {}
    before = card.get("capture_before")
    return {
        "intent_id": shown["id"],
        "intent": shown["status"],
        "amount_cents": shown["amount"],
        "received_cents": shown["amount_received"],
        "capture_before_at": _moment(before) if before else None,
        "created_at": _moment(shown["created"]),
        "metadata": shown["metadata"] or {},
    }


def _refund(refund: stripe.Refund) -> SeenRefund:
    shown = refund.to_dict()
    return SeenRefund(shown["id"], shown["status"] or "pending", shown["amount"], shown["metadata"] or {})


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
