import datetime as dt
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from shared_apps.places.geometry import Location, estimate
from tenant_apps.delivery.routes import Door, best_order, cost

NOW = dt.datetime(2026, 11, 27, 19, 0, tzinfo=dt.UTC)
SHOP = Location(50.6366, 3.0635, "59000", "Lille")
DOORS = st.tuples(
    st.floats(50.60, 50.68),
    st.floats(3.00, 3.12),
    st.integers(-5, 60).map(lambda minutes: dt.timedelta(minutes=minutes)),
)


def stops_of(doors) -> list[Door]:
    return [Door(number, door[0], door[1], NOW + door[2]) for number, door in enumerate(doors)]


def minutes(here, there) -> float:
    return float(estimate(here, there).minutes)


@given(st.lists(DOORS, max_size=5))
def test_no_other_order_is_better(doors):
    stops = stops_of(doors)
    found = best_order(start=SHOP, stops=stops, leaving_at=NOW)
    assert sorted(stop.number for stop in found) == list(range(len(stops)))
    best = min(cost(SHOP, order, NOW, minutes) for order in itertools.permutations(stops))
    assert cost(SHOP, found, NOW, minutes) == best


@settings(deadline=None)  # exact for eight, then turned round: tens of milliseconds of an idle machine
@given(st.lists(DOORS, min_size=9, max_size=12))
def test_more_than_eight_doors_are_all_visited_once(doors):
    found = best_order(start=SHOP, stops=stops_of(doors), leaving_at=NOW)
    assert sorted(stop.number for stop in found) == list(range(len(doors)))


def test_a_door_that_would_be_late_comes_before_a_nearer_one():
    near = Door(1, 50.64, 3.07, NOW + dt.timedelta(minutes=60))
    far = Door(2, 50.67, 3.11, NOW + dt.timedelta(minutes=20))
    assert best_order(start=SHOP, stops=[near, far], leaving_at=NOW) == [far, near]
