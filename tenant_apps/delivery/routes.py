"""The best order of stops and when each is reached: pure. Fewest minutes late first, then the shortest way."""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared_apps.places.geometry import Point, estimate

EXACT = (
    8  # stops whose every order is considered; beyond, each goes where it costs least, then stretches are turned round
)
AT_THE_DOOR = 3  # minutes


@dataclass(frozen=True, slots=True)
class Door:
    """A door, and the end of the time promised there."""

    number: int
    latitude: float
    longitude: float
    promised_until_at: dt.datetime


Cost = tuple[float, float]  # minutes late over all doors, minutes until the last one


def cost(
    start: Point, stops: Sequence[Door], leaving_at: dt.datetime, minutes: Callable[[Point, Point], float]
) -> Cost:
    """Of visiting the stops in this order."""
    late, passed, here = 0.0, 0.0, start
    for stop in stops:
        passed += minutes(here, stop)
        due = (stop.promised_until_at - leaving_at).total_seconds() / 60
        late += max(0.0, passed - due)
        passed, here = passed + AT_THE_DOOR, stop
    return late, passed


def best_order(*, start: Point, stops: Sequence[Door], leaving_at: dt.datetime) -> list[Door]:
    """The order in which to visit them from `start`; exact up to eight stops."""

    def minutes(here: Point, there: Point) -> float:
        return float(estimate(here, there).minutes)

    def priced(order: Sequence[Door]) -> Cost:
        return cost(start, order, leaving_at, minutes)

    exact, others = stops[:EXACT], stops[EXACT:]
    order = _exact(start, list(exact), leaving_at, minutes)
    for stop in others:
        inserted = ([*order[:place], stop, *order[place:]] for place in range(len(order) + 1))
        order = min(inserted, key=priced)
    return _turned(order, priced) if others else order


def _turned(order: list[Door], priced: Callable[[Sequence[Door]], Cost]) -> list[Door]:
    """2-opt: turns a stretch of the way round for as long as that makes it better."""
    best = priced(order)
    stretches = list(itertools.combinations(range(len(order) + 1), 2))
    better = True
    while better:
        better = False
        for start, end in stretches:
            turned = [*order[:start], *reversed(order[start:end]), *order[end:]]
            if (price := priced(turned)) < best:
                order, best, better = turned, price, True
    return order


def arrivals(*, start: Point, stops: Sequence[Door], leaving_at: dt.datetime) -> dict[int, dt.datetime]:
    """When each door is reached, visited in this order from `start`."""
    found, here, at = dict[int, dt.datetime](), start, leaving_at
    for stop in stops:
        at += dt.timedelta(minutes=estimate(here, stop).minutes)
        found[stop.number] = at
        at, here = at + dt.timedelta(minutes=AT_THE_DOOR), stop
    return found


def _exact(
    start: Point, stops: list[Door], leaving_at: dt.datetime, minutes: Callable[[Point, Point], float]
) -> list[Door]:
    """Dynamic programming over (doors visited, last door): keeps every pair (late, passed) that no other beats."""
    if not stops:
        return []
    reached: dict[tuple[int, int], list[tuple[Cost, tuple[int, ...]]]] = {
        (1 << last, last): [(cost(start, [stop], leaving_at, minutes), (last,))] for last, stop in enumerate(stops)
    }
    for size in range(2, len(stops) + 1):
        for chosen in itertools.combinations(range(len(stops)), size):
            visited = sum(1 << door for door in chosen)
            for last in chosen:
                before = visited ^ (1 << last)
                found = [
                    (_then(price, stops[previous], stops[last], leaving_at, minutes), (*path, last))
                    for previous in chosen
                    if previous != last
                    for price, path in reached[before, previous]
                ]
                reached[visited, last] = _unbeaten(found)
    everywhere = (1 << len(stops)) - 1
    ends = [way for last in range(len(stops)) for way in reached[everywhere, last]]
    return [stops[door] for door in min(ends)[1]]


def _then(
    price: Cost, here: Door, there: Door, leaving_at: dt.datetime, minutes: Callable[[Point, Point], float]
) -> Cost:
    late, passed = price
    passed += minutes(here, there)
    due = (there.promised_until_at - leaving_at).total_seconds() / 60
    return late + max(0.0, passed - due), passed + AT_THE_DOOR


def _unbeaten(ways: list[tuple[Cost, tuple[int, ...]]]) -> list[tuple[Cost, tuple[int, ...]]]:
    """A way that is later and longer than another is never the beginning of the best."""
    kept: list[tuple[Cost, tuple[int, ...]]] = []
    for way in sorted(ways):
        if not kept or way[0][1] < kept[-1][0][1]:
            kept.append(way)
    return kept
