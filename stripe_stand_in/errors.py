from typing import Any


class StripeError(Exception):
    """What Stripe answers instead of an object; `status` is HTTP's."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"type": kind, "message": message, **more}}


def missing(kind: str, identifier: str) -> StripeError:
    return StripeError(404, f"No such {kind}: '{identifier}'", code="resource_missing", param="id")


def unexpected(intent: dict[str, Any], verb: str) -> StripeError:
    """An intent is no longer, or not yet, where this act starts from."""
    return StripeError(
        400,
        f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )
