"""Stripe's addresses: which act each is, and a key of idempotency answered as the first time."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

from stripe_stand_in import checkout, intents, listing, refunds
from stripe_stand_in.errors import StripeError
from stripe_stand_in.objects import Object
from stripe_stand_in.parameters import ACCEPTED, parse
from stripe_stand_in.world import World

KINDS = {
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "refunds": "refund",
    "charges": "charge",
    "events": "event",
    "balance_transactions": "balance_transaction",
    "payouts": "payout",
}
CREATES: dict[str, Callable[[World, dict[str, Any]], Object]] = {
    "checkout.session": checkout.create,
    "refund": refunds.create,
}
ACTS: dict[str, Callable[[World, Object, dict[str, Any]], Object]] = {
    "checkout.session.expire": lambda world, session, _parameters: checkout.expire(world, session),
    "payment_intent.capture": intents.capture,
    "payment_intent.cancel": intents.cancel,
}
Pairs = list[tuple[str, str]]


def answer(world: World, method: str, path: str, pairs: Pairs, key: str | None) -> tuple[int, Object, bool]:
    """Status, body and whether it is a replay. The lock of the world is held: two of one key never run together."""
    print_ = hashlib.sha256(json.dumps([method, path, sorted(pairs)]).encode()).hexdigest()
    if method == "POST" and key and key in world.keys:
        return (*_replay(world, key, print_), True)
    world.key = key
    try:
        status, body = 200, act(world, method, path, pairs)
    except StripeError as error:
        status, body = error.status, error.body
    body = copy.deepcopy(body)
    if method == "POST" and key:
        world.keys[key] = {"print": print_, "status": status, "body": body, "at": world.now()}
    return status, body, False


def _replay(world: World, key: str, print_: str) -> tuple[int, Object]:
    kept = world.keys[key]
    if kept["print"] == print_:
        return kept["status"], kept["body"]
    error = StripeError(
        400,
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a"
        f" key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
    )
    return error.status, error.body


def act(world: World, method: str, path: str, pairs: Pairs) -> Object:
    kind, identifier, verb = _split(method, path)
    name = f"{kind}.{verb}"
    if name not in ACCEPTED:
        raise StripeError(404, f"Unrecognized request URL ({method}: {path}).")
    parameters = parse(pairs, ACCEPTED[name])
    expand = parameters.pop("expand", [])
    if verb == "list":
        return listing.expanded(world, listing.page(world, kind, parameters, path), expand)
    if verb == "create":
        return listing.expanded(world, CREATES[kind](world, parameters), expand)
    thing = world.get(kind, identifier)
    return listing.expanded(world, thing if verb == "retrieve" else ACTS[name](world, thing, parameters), expand)


def _split(method: str, path: str) -> tuple[str, str, str]:
    """The kind of object, its identifier and the verb of `/v1/checkout/sessions/cs_1/expire`."""
    rest = path.removeprefix("/v1/")
    for prefix, kind in KINDS.items():
        if rest == prefix:
            return kind, "", "list" if method == "GET" else "create"
        if rest.startswith(f"{prefix}/"):
            identifier, _, verb = rest.removeprefix(f"{prefix}/").partition("/")
            return kind, identifier, verb or ("retrieve" if method == "GET" else "update")
    return "", "", ""


def let_time_pass(world: World) -> bool:
    """What happens by itself: sessions and holds end, money is paid out. Whether anything did."""
    over = [
        session
        for session in world.tables["checkout.session"].values()
        if session["status"] == "open" and session["expires_at"] <= world.now()
    ]
    for session in over:
        checkout.expire(world, session)
    lapsed, paid_out = intents.lapse(world), refunds.pay_out(world)
    world.forget_old_keys()
    return bool(over) or lapsed or paid_out
