"""What each act accepts. Anything else is refused by its name, as Stripe does: a parameter that the SDK's types no longer
have (tests/test_contract.py) or that the site misspells cannot pass unseen.
"""

import re
from collections.abc import Iterable
from typing import Any

from stripe_stand_in.errors import StripeError

INTEGER, TEXT, BOOLEAN, TEXTS, METADATA = "integer", "text", "boolean", "texts", "metadata"
Accepted = dict[str, Any]

EXPAND: Accepted = {"expand": TEXTS}
CREATED: Accepted = {"gt": INTEGER, "gte": INTEGER, "lt": INTEGER, "lte": INTEGER}
PAGE: Accepted = {"limit": INTEGER, "starting_after": TEXT, "created": CREATED, **EXPAND}

SESSION: Accepted = {
    "mode": TEXT,
    "locale": TEXT,
    "line_items": [
        {
            "quantity": INTEGER,
            "price_data": {
                "currency": TEXT,
                "unit_amount": INTEGER,
                "product_data": {"name": TEXT, "description": TEXT},
            },
        }
    ],
    "payment_intent_data": {
        "capture_method": TEXT,
        "description": TEXT,
        "metadata": METADATA,
        "statement_descriptor_suffix": TEXT,
    },
    "allowed_payment_method_types": TEXTS,
    "client_reference_id": TEXT,
    "customer_email": TEXT,
    "expires_at": INTEGER,
    "metadata": METADATA,
    "submit_type": TEXT,
    "success_url": TEXT,
    "cancel_url": TEXT,
    **EXPAND,
}

ACCEPTED: dict[str, Accepted] = {
    "checkout.session.create": SESSION,
    "checkout.session.retrieve": EXPAND,
    "checkout.session.expire": EXPAND,
    "checkout.session.list": {"status": TEXT, "payment_intent": TEXT, **PAGE},
    "payment_intent.retrieve": EXPAND,
    "payment_intent.list": PAGE,
    "payment_intent.capture": {"amount_to_capture": INTEGER, "metadata": METADATA, **EXPAND},
    "payment_intent.cancel": {"cancellation_reason": TEXT, **EXPAND},
    "refund.create": {
        "payment_intent": TEXT,
        "charge": TEXT,
        "amount": INTEGER,
        "reason": TEXT,
        "metadata": METADATA,
        **EXPAND,
    },
    "refund.retrieve": EXPAND,
    "refund.list": {"payment_intent": TEXT, "charge": TEXT, **PAGE},
    "charge.retrieve": EXPAND,
    "charge.list": {"payment_intent": TEXT, **PAGE},
    "event.retrieve": EXPAND,
    "event.list": {"delivery_success": BOOLEAN, "type": TEXT, "types": TEXTS, **PAGE},
    "balance_transaction.list": {"payout": TEXT, "type": TEXT, "source": TEXT, **PAGE},
    "payout.retrieve": EXPAND,
    "payout.list": {"status": TEXT, "arrival_date": CREATED, **PAGE},
}


def parse(pairs: Iterable[tuple[str, str]], accepted: Accepted) -> dict[str, Any]:
    """The nested parameters of a form (`line_items[0][quantity]=2`), each of its type. Raises StripeError."""
    return _typed(_nested(pairs), accepted, "")


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = [name.partition("[")[0], *re.findall(r"\[([^\]]*)\]", name)]
        here, keys = root, [first, *rest]
        for key in keys[:-1]:
            here = here.setdefault(key, {})
        here[keys[-1] or str(len(here))] = value
    return root


def _typed(values: dict[str, Any], accepted: Accepted, path: str) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        here = f"{path}[{name}]" if path else name
        if name not in accepted:
            raise StripeError(400, f"Received unknown parameter: {here}", code="parameter_unknown", param=here)
        found[name] = _value(value, accepted[name], here)
    return found


def _value(value: Any, kind: Any, path: str) -> Any:
    if isinstance(kind, dict):
        return _typed(_object(value, path), kind, path)
    if isinstance(kind, list):
        return [_typed(_object(part, path), kind[0], path) for part in _object(value, path).values()]
    if kind == TEXTS:
        return list(_object(value, path).values())
    if kind == METADATA:
        return {key: str(text) for key, text in _object(value, path).items()}
    if kind == INTEGER:
        if not re.fullmatch(r"-?\d+", str(value)):
            raise StripeError(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=path)
        return int(value)
    return value == "true" if kind == BOOLEAN else str(value)


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StripeError(400, f"Invalid object: {path}", param=path)
    return value


def required(parameters: dict[str, Any], name: str) -> Any:
    if parameters.get(name) in (None, ""):
        raise StripeError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    return parameters[name]
