import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.core.calendar import PARIS, business_day, day_bounds

SATURDAY = dt.date(2026, 11, 21)
SPRING = dt.date(2026, 3, 28)  # the business day of the night when 02:00 becomes 03:00
AUTUMN = dt.date(2026, 10, 24)  # the business day of the night when 03:00 becomes 02:00 again


def paris(day: int, hour: int, minute: int = 0, *, month: int = 11, fold: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=PARIS, fold=fold)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (paris(21, 0, 30), dt.date(2026, 11, 20)),
        (paris(21, 3, 59), dt.date(2026, 11, 20)),
        (paris(21, 4, 0), SATURDAY),
        (paris(21, 12, 0), SATURDAY),
        (paris(21, 23, 59), SATURDAY),
        (paris(22, 0, 30), SATURDAY),
    ],
)
def test_half_past_midnight_still_belongs_to_the_day_before(moment, day):
    assert business_day(moment) == day


def test_the_day_is_that_of_paris_whatever_the_zone_of_the_moment():
    assert business_day(dt.datetime(2026, 11, 21, 2, 59, tzinfo=dt.UTC)) == dt.date(2026, 11, 20)
    assert business_day(dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)) == SATURDAY
    assert business_day(dt.datetime(2026, 7, 14, 1, 59, tzinfo=dt.UTC)) == dt.date(2026, 7, 13)
    assert business_day(dt.datetime(2026, 7, 14, 2, 0, tzinfo=dt.UTC)) == dt.date(2026, 7, 14)


def test_the_first_of_january_at_half_past_midnight_belongs_to_the_year_before():
    assert business_day(dt.datetime(2027, 1, 1, 0, 30, tzinfo=PARIS)) == dt.date(2026, 12, 31)


def test_an_ordinary_business_day_lasts_24_hours_from_the_cut_off():
    start, end = day_bounds(SATURDAY)
    assert start == dt.datetime(2026, 11, 21, 3, tzinfo=dt.UTC)
    assert end - start == dt.timedelta(hours=24)


def test_the_night_of_the_spring_change_makes_a_business_day_of_23_hours():
    start, end = day_bounds(SPRING)
    assert start == dt.datetime(2026, 3, 28, 3, tzinfo=dt.UTC)
    assert end == dt.datetime(2026, 3, 29, 2, tzinfo=dt.UTC)


def test_the_night_of_the_autumn_change_makes_a_business_day_of_25_hours():
    start, end = day_bounds(AUTUMN)
    assert start == dt.datetime(2026, 10, 24, 2, tzinfo=dt.UTC)
    assert end == dt.datetime(2026, 10, 25, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (paris(29, 0, 30, month=3), SPRING),
        (paris(29, 1, 59, month=3), SPRING),
        (paris(29, 3, 0, month=3), SPRING),  # one minute after 01:59
        (paris(29, 4, 0, month=3), dt.date(2026, 3, 29)),
        (paris(25, 0, 30, month=10), AUTUMN),
        (paris(25, 2, 30, month=10), AUTUMN),
        (paris(25, 2, 30, month=10, fold=1), AUTUMN),  # the same clock, an hour later
        (paris(25, 3, 59, month=10), AUTUMN),
        (paris(25, 4, 0, month=10), dt.date(2026, 10, 25)),
    ],
)
def test_every_hour_of_both_nights_of_change_belongs_to_the_evening_before(moment, day):
    assert business_day(moment) == day
    start, end = day_bounds(day)
    assert start <= moment < end


@given(st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2037, 1, 1), timezones=st.just(dt.UTC)))
def test_every_moment_is_within_the_bounds_of_its_business_day(moment):
    start, end = day_bounds(business_day(moment))
    assert start <= moment < end


@given(st.dates(dt.date(2015, 1, 1), dt.date(2037, 1, 1)))
def test_business_days_follow_one_another_without_a_gap(day):
    assert day_bounds(day)[1] == day_bounds(day + dt.timedelta(days=1))[0]
