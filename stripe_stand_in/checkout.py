"""Hosted Checkout: a session is open until it is paid, expired by its shop or by its time."""

from typing import Any

from stripe_stand_in import intents, objects
from stripe_stand_in.errors import StripeError
from stripe_stand_in.intents import Card
from stripe_stand_in.objects import Object
from stripe_stand_in.parameters import required
from stripe_stand_in.world import World

SHORTEST, LONGEST = 30 * 60, 24 * 3600  # seconds a session may live
SMALLEST_CENTS = 50


def create(world: World, parameters: dict[str, Any]) -> Object:
    if required(parameters, "mode") != "payment":
        raise StripeError(400, "The stand-in knows the mode `payment` only.", param="mode")
    required(parameters, "success_url")
    total = sum(_line_cents(line) for line in required(parameters, "line_items"))
    if total < SMALLEST_CENTS:
        raise StripeError(
            400,
            "The Checkout Session's total amount due must add up to at least €0.50 eur",
            code="amount_too_small",
        )
    created = world.now()
    _check_life(parameters.get("expires_at", created + LONGEST) - created)
    session = objects.session(created=created, url=world.url, parameters=parameters, total=total)
    world.asked[session["id"]] = {
        "lines": parameters["line_items"],
        "intent": parameters.get("payment_intent_data", {}),
    }
    return world.add(session)


def _line_cents(line: Object) -> int:
    price = required(line, "price_data")
    if required(price, "currency") != "eur":
        raise StripeError(400, "The stand-in knows euros only.", param="currency")
    return int(required(price, "unit_amount") * line.get("quantity", 1))


def _check_life(seconds: int) -> None:
    if not SHORTEST - 10 <= seconds <= LONGEST + 10:  # the clocks of two machines differ a little
        raise StripeError(
            400,
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )


def expire(world: World, session: Object) -> Object:
    if session["status"] != "open":
        raise StripeError(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
            f" {session['status']}.",
        )
    session.update(status="expired", url=None)
    pending = world.tables["payment_intent"].get(session["payment_intent"] or "")
    if pending and pending["status"] in intents.UNPAID:
        intents.cancel(world, pending, {"cancellation_reason": "expired"})
    world.emit("checkout.session.expired", session)
    return session


def pay(world: World, session: Object, card: Card) -> Object:
    """Confirms with a card; returns the intent. Raises StripeError when the card is refused or the session is over."""
    if session["status"] != "open":
        raise StripeError(400, "This Checkout Session is no longer open.")
    intent = world.tables["payment_intent"].get(session["payment_intent"] or "")
    if intent is None:
        data = world.asked[session["id"]]["intent"]
        intent = intents.create(world, amount=session["amount_total"], data=data)
        session["payment_intent"] = intent["id"]
    intents.confirm(world, intent, card)
    _complete(world, session, intent)
    return intent


def answer_challenge(world: World, session: Object, *, accepted: bool) -> Object:
    """3-D Secure: what the bank's page says."""
    intent = world.get("payment_intent", session["payment_intent"] or "")
    intents.answer_challenge(world, intent, accepted=accepted)
    _complete(world, session, intent)
    return intent


def _complete(world: World, session: Object, intent: Object) -> None:
    if intent["status"] not in ("requires_capture", "succeeded"):
        return
    paid = "paid" if intent["status"] == "succeeded" else "unpaid"
    session.update(status="complete", payment_status=paid, url=None)
    world.emit("checkout.session.completed", session)


def success_address(session: Object) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
