"""Lists, newest first, a page at a time; and the fields that a request asks to see in full."""

import copy
from collections.abc import Callable
from typing import Any

from stripe_stand_in.objects import Object
from stripe_stand_in.world import World

MOST = 100


def page(world: World, kind: str, parameters: dict[str, Any], path: str) -> Object:
    found = [thing for thing in reversed(world.tables[kind].values()) if _wanted(world, thing, parameters)]
    after = parameters.get("starting_after")
    if after:
        position = next((i for i, thing in enumerate(found) if thing["id"] == after), len(found))
        found = found[position + 1 :]
    limit = min(MOST, parameters.get("limit", 10))
    return {"object": "list", "url": path, "has_more": len(found) > limit, "data": found[:limit]}


def _wanted(world: World, thing: Object, parameters: dict[str, Any]) -> bool:
    return all(_TESTS.get(name, _same)(world, thing, name, value) for name, value in parameters.items())


def _same(_world: World, thing: Object, name: str, value: Any) -> bool:
    return bool(thing.get(name) == value)


def _within(_world: World, thing: Object, name: str, bounds: dict[str, int]) -> bool:
    moment = thing[name]
    return bounds.get("gt", moment - 1) < moment < bounds.get("lt", moment + 1) and bounds.get(
        "gte", moment
    ) <= moment <= bounds.get("lte", moment)


def _all(_world: World, _thing: Object, _name: str, _value: Any) -> bool:
    return True


_TESTS: dict[str, Callable[[World, Object, str, Any], bool]] = {
    "created": _within,
    "arrival_date": _within,
    "limit": _all,
    "starting_after": _all,
    "expand": _all,
    "types": lambda _world, thing, _name, kinds: thing["type"] in kinds,
    "delivery_success": lambda _world, thing, _name, yes: (thing["pending_webhooks"] == 0) == yes,
    "payout": lambda world, thing, _name, payout: world.payouts.get(thing["id"]) == payout,
}


def expanded(world: World, answer: Object, paths: list[str]) -> Object:
    """A copy in which the identifiers at these paths (`payment_intent.latest_charge`) are the objects themselves."""
    answer = copy.deepcopy(answer)
    for path in paths:
        _expand(world, answer, path.split("."))
    return answer


def _expand(world: World, here: Any, names: list[str]) -> None:
    if isinstance(here, list):
        for part in here:
            _expand(world, part, names)
        return
    if not names or not isinstance(here, dict):
        return
    first, *rest = names
    if isinstance(here.get(first), str):
        here[first] = copy.deepcopy(world.by_id(here[first])) or here[first]
    _expand(world, here.get(first), rest)
