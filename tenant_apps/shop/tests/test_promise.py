import datetime as dt
import itertools

import pytest

from shared_apps.core.calendar import PARIS, business_day
from tenant_apps.shop import promise
from tenant_apps.shop.hours import Hours, grid

NOW = dt.datetime(2026, 11, 27, 18, 0, tzinfo=dt.UTC)


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def soonest(**changes: object) -> dt.timedelta:
    values = {
        "now": NOW,
        "work_ahead": 0,
        "work_per_minute": 80.0,
        "preparation_minutes": 20,
        "travel_minutes": 0,
        "rush_minutes": 0,
    }
    return promise.soonest(**(values | changes)) - NOW


@pytest.mark.parametrize(
    ("places", "make", "slot", "work"), [(4, 5, 15, 1200), (1, 5, 15, 300), (6, 4, 15, 2250), (3, 7, 15, 642)]
)
def test_a_slot_holds_what_the_oven_makes_in_it(places, make, slot, work):
    assert promise.slot_work(oven_places=places, make_minutes=make, slot_minutes=slot) == work


def test_an_idle_kitchen_takes_its_usual_preparation():
    assert soonest() == minutes(20)


def test_a_full_kitchen_that_keeps_its_pace_promises_nothing_later():
    assert soonest(work_ahead=1600) == minutes(20)


def test_a_kitchen_behind_promises_what_its_queue_takes():
    assert soonest(work_ahead=3200) == minutes(40)


def test_the_way_and_the_rush_are_added():
    assert soonest(work_ahead=3200, travel_minutes=12, rush_minutes=10) == minutes(62)


@pytest.mark.parametrize(("on_shift", "ahead", "drivers"), [(0, 15, 2), (3, 15, 3), (3, 90, 3), (3, 91, 2), (1, 30, 1)])
def test_drivers_on_shift_count_for_the_coming_ninety_minutes(on_shift, ahead, drivers):
    assert promise.drivers(on_shift=on_shift, usual=2, starts_at=NOW + minutes(ahead), now=NOW) == drivers


NIGHT = Hours(tuple((weekday, dt.time(18), dt.time(4)) for weekday in range(7)), frozenset())


def slots_of_night(day: dt.date) -> list[dt.datetime]:
    windows = NIGHT.of_day(day)
    return [slot.start for slot in grid(windows, minutes=15, not_before=windows[0].start)]


@pytest.mark.parametrize(
    ("saturday", "hours"),
    [(dt.date(2026, 10, 24), 11), (dt.date(2027, 3, 27), 9), (dt.date(2026, 11, 28), 10)],
    ids=["October: one hour twice", "March: one hour missing", "an ordinary night"],
)
def test_the_slots_of_a_night_are_as_many_as_its_real_hours(saturday, hours):
    starts = slots_of_night(saturday)
    assert len(starts) == len(set(starts)) == 4 * hours
    assert {later - sooner for sooner, later in itertools.pairwise(starts)} == {minutes(15)}
    assert {business_day(start) for start in starts} == {saturday}
    assert starts[0].astimezone(PARIS).time() == dt.time(18)
    assert (starts[-1] + minutes(15)).astimezone(PARIS).time() == dt.time(4)


def test_no_slot_of_march_is_at_an_hour_that_does_not_exist():
    assert not [start for start in slots_of_night(dt.date(2027, 3, 27)) if start.astimezone(PARIS).hour == 2]


def test_both_halves_past_two_of_october_are_slots_of_their_own():
    half_past_two = [
        start for start in slots_of_night(dt.date(2026, 10, 24)) if start.astimezone(PARIS).time() == dt.time(2, 30)
    ]
    assert [start.hour for start in half_past_two] == [0, 1]  # UTC


def test_an_order_at_half_past_midnight_belongs_to_the_evening_before():
    now = dt.datetime(2026, 11, 28, 0, 30, tzinfo=PARIS).astimezone(dt.UTC)
    window = NIGHT.current(now)
    assert window is not None
    assert business_day(now) == dt.date(2026, 11, 27)
    first = next(grid(NIGHT.ahead(now, 0), minutes=15, not_before=now + minutes(20)))
    assert first.start.astimezone(PARIS) == dt.datetime(2026, 11, 28, 1, 0, tzinfo=PARIS)
    assert business_day(first.start) == dt.date(2026, 11, 27)


@pytest.mark.parametrize(
    ("clock", "ends"),
    [((2026, 11, 27, 21, 0), (28, 4)), ((2026, 11, 28, 0, 30), (28, 4)), ((2026, 11, 27, 12, 0), (28, 4))],
)
def test_the_service_ends_with_its_hours(clock, ends):
    end = NIGHT.end_of_service(dt.datetime(*clock, tzinfo=PARIS).astimezone(dt.UTC)).astimezone(PARIS)
    assert (end.day, end.hour) == ends


def test_a_closed_day_ends_at_the_cut_off():
    closed = Hours(NIGHT.ranges, frozenset({dt.date(2026, 11, 27)}))
    now = dt.datetime(2026, 11, 27, 20, 0, tzinfo=PARIS).astimezone(dt.UTC)
    assert closed.end_of_service(now).astimezone(PARIS) == dt.datetime(2026, 11, 28, 4, 0, tzinfo=PARIS)
