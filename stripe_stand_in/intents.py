"""Payment intents: a card is authorised, the hold is captured (whole or less), cancelled, or lapses after a week."""

from dataclasses import dataclass
from typing import Any

from stripe_stand_in import objects
from stripe_stand_in.errors import StripeError, unexpected
from stripe_stand_in.objects import Object
from stripe_stand_in.world import World

UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")
HOLD_SECONDS = 7 * 24 * 3600
FEE_PERCENT, FEE_CENTS = 1.5, 25
AVAILABLE_AFTER = 2 * 24 * 3600  # seconds until captured money may be paid out


@dataclass(frozen=True, slots=True)
class Card:
    """One of the cards of the pay page, after Stripe's own test cards."""

    last4: str
    decline_code: str = ""
    challenged: bool = False


CARDS = {
    "accepted": Card("4242"),
    "challenged": Card("3220", challenged=True),
    "refused": Card("0002", decline_code="generic_decline"),
    "insufficient": Card("9995", decline_code="insufficient_funds"),
}
REFUSALS = {
    "generic_decline": "Votre carte a été refusée.",
    "insufficient_funds": "Votre carte a été refusée : provision insuffisante.",
    "authentication_not_handled": "Votre banque n’a pas confirmé le paiement. Rien n’est débité.",
}


def create(world: World, *, amount: int, data: Object) -> Object:
    intent = world.add(objects.intent(created=world.now(), amount=amount, data=data))
    world.emit("payment_intent.created", intent)
    return intent


def confirm(world: World, intent: Object, card: Card) -> None:
    if intent["status"] not in UNPAID:
        raise unexpected(intent, "confirmed")
    intent["payment_method"] = objects.new_id("pm_")
    if card.decline_code:
        _refuse(world, intent, card.decline_code)
    if card.challenged:
        url = f"{world.url}/c/3ds/{intent['id']}"
        action = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": None}}
        intent.update(status="requires_action", next_action=action)
        world.emit("payment_intent.requires_action", intent)
        return
    _authorise(world, intent, card.last4)


def answer_challenge(world: World, intent: Object, *, accepted: bool) -> None:
    if intent["status"] != "requires_action":
        raise unexpected(intent, "confirmed")
    if not accepted:
        _refuse(world, intent, "authentication_not_handled")
    _authorise(world, intent, CARDS["challenged"].last4)


def _refuse(world: World, intent: Object, reason: str) -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": reason, "message": REFUSALS[reason]}
    intent.update(status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error)
    world.emit("payment_intent.payment_failed", intent)
    raise StripeError(402, REFUSALS[reason], kind="card_error", code="card_declined", decline_code=reason)


def _authorise(world: World, intent: Object, last4: str) -> None:
    now = world.now()
    charge = objects.charge(created=now, intent=intent, last4=last4, capture_before=now + HOLD_SECONDS)
    world.add(charge)
    intent.update(latest_charge=charge["id"], next_action=None, last_payment_error=None)
    if intent["capture_method"] != "manual":
        _take(world, intent, charge, intent["amount"])
        return
    intent.update(status="requires_capture", amount_capturable=intent["amount"])
    world.emit("payment_intent.amount_capturable_updated", intent)


def capture(world: World, intent: Object, parameters: dict[str, Any]) -> Object:
    if intent["status"] != "requires_capture":
        raise unexpected(intent, "captured")
    amount = int(parameters.get("amount_to_capture") or intent["amount_capturable"])
    if not 0 < amount <= intent["amount_capturable"]:
        raise StripeError(
            400,
            f"The amount provided ({amount}) is greater than the amount that can be captured"
            f" ({intent['amount_capturable']}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    intent["metadata"].update(parameters.get("metadata", {}))
    _take(world, intent, world.get("charge", intent["latest_charge"]), amount)
    return intent


def _take(world: World, intent: Object, charge: Object, amount: int) -> None:
    """The money moves: the charge, its line in the balance with Stripe's fee, the intent."""
    now, fee = world.now(), round(amount * FEE_PERCENT / 100) + FEE_CENTS
    line = world.add(
        objects.balance_transaction(
            created=now, kind="charge", amount=amount, fee=fee, source=charge["id"], available_on=now + AVAILABLE_AFTER
        )
    )
    charge.update(captured=True, amount_captured=amount, balance_transaction=line["id"])
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    world.emit("charge.captured", charge)
    world.emit("payment_intent.succeeded", intent)


def cancel(world: World, intent: Object, parameters: dict[str, Any]) -> Object:
    if intent["status"] not in (*UNPAID, "requires_capture"):
        raise unexpected(intent, "canceled")
    intent.update(
        status="canceled",
        canceled_at=world.now(),
        cancellation_reason=parameters.get("cancellation_reason"),
        amount_capturable=0,
        next_action=None,
    )
    world.emit("payment_intent.canceled", intent)
    return intent


def lapse(world: World) -> bool:
    """The holds whose time is over are given back by themselves."""
    now, lapsed = world.now(), False
    for intent in list(world.tables["payment_intent"].values()):
        if intent["status"] == "requires_capture":
            charge = world.get("charge", intent["latest_charge"])
            if charge["payment_method_details"]["card"]["capture_before"] < now:
                cancel(world, intent, {"cancellation_reason": "automatic"})
                lapsed = True
    return lapsed
