"""What each period is and what it is compared with, at the edges of weeks, months, years and clocks."""

import datetime as dt

import pytest

from shared_apps.core.calendar import PARIS
from shared_apps.sales import spans
from shared_apps.sales.spans import Against, Comparison, Span

BEFORE, YEAR = Against.BEFORE, Against.YEAR


def paris(*moment: int, fold: int = 0) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=PARIS, fold=fold)


def span(first: str, last: str, hours: int = 24) -> Span:
    return Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last), hours)


WEDNESDAY = paris(2026, 11, 25, 13, 50)  # nine hours of its business day are over


@pytest.mark.parametrize(
    ("name", "against", "now", "before"),
    [
        ("jour", BEFORE, span("2026-11-25", "2026-11-25", 9), span("2026-11-18", "2026-11-18", 9)),
        ("jour", YEAR, span("2026-11-25", "2026-11-25", 9), span("2025-11-26", "2025-11-26", 9)),
        ("semaine", BEFORE, span("2026-11-23", "2026-11-25", 9), span("2026-11-16", "2026-11-18", 9)),
        ("semaine", YEAR, span("2026-11-23", "2026-11-25", 9), span("2025-11-24", "2025-11-26", 9)),
        ("mois", BEFORE, span("2026-11-01", "2026-11-25", 9), span("2026-10-01", "2026-10-25", 9)),
        ("mois", YEAR, span("2026-11-01", "2026-11-25", 9), span("2025-11-01", "2025-11-25", 9)),
        ("mois-dernier", BEFORE, span("2026-10-01", "2026-10-31"), span("2026-09-01", "2026-09-30")),
        ("mois-dernier", YEAR, span("2026-10-01", "2026-10-31"), span("2025-10-01", "2025-10-31")),
        ("30-jours", BEFORE, span("2026-10-26", "2026-11-24"), span("2026-09-26", "2026-10-25")),
        ("30-jours", YEAR, span("2026-10-26", "2026-11-24"), span("2025-10-27", "2025-11-25")),
        ("annee", BEFORE, span("2026-01-01", "2026-11-25", 9), span("2025-01-01", "2025-11-25", 9)),
        ("annee", YEAR, span("2026-01-01", "2026-11-25", 9), span("2025-01-01", "2025-11-25", 9)),
    ],
)
def test_each_preset_meets_its_like(name, against, now, before):
    assert spans.PRESETS[name](WEDNESDAY, against) == Comparison(now, before)


def test_what_is_not_over_compares_as_many_days_and_hours():
    for preset in spans.PRESETS.values():
        for against in Against:
            found = preset(WEDNESDAY, against)
            if found.is_so_far:
                assert (found.now.days, found.now.hours) == (found.before.days, found.before.hours)


def test_on_monday_the_week_is_its_monday_so_far():
    found = spans.this_week(paris(2026, 11, 23, 12), BEFORE)
    assert found == Comparison(span("2026-11-23", "2026-11-23", 8), span("2026-11-16", "2026-11-16", 8))
    assert found.over is None


def test_monday_at_three_is_still_the_week_before():
    found = spans.this_week(paris(2026, 11, 23, 3, 59), BEFORE)
    assert found.now == span("2026-11-16", "2026-11-22", 23)


def test_on_the_first_the_month_is_its_first_day_and_last_month_is_whole():
    now = paris(2026, 11, 1, 19, 5)
    assert spans.this_month(now, BEFORE) == Comparison(
        span("2026-11-01", "2026-11-01", 15), span("2026-10-01", "2026-10-01", 15)
    )
    assert spans.last_month(now, BEFORE).now == span("2026-10-01", "2026-10-31")
    night = paris(2026, 11, 1, 2)  # the business day is 31 October
    assert spans.this_month(night, BEFORE).now == span("2026-10-01", "2026-10-31", 22)
    assert spans.last_month(night, BEFORE).now == span("2026-09-01", "2026-09-30")


def test_a_month_longer_than_the_one_before_does_not_meet_itself():
    found = spans.this_month(paris(2026, 3, 31, 20), BEFORE)
    assert found == Comparison(span("2026-03-01", "2026-03-31", 16), span("2026-01-29", "2026-02-28", 16))


def test_in_january_last_month_is_december_of_the_year_before():
    found = spans.last_month(paris(2027, 1, 15, 12), BEFORE)
    assert found == Comparison(span("2026-12-01", "2026-12-31"), span("2026-11-01", "2026-11-30"))
    assert spans.this_year(paris(2027, 1, 1, 12), BEFORE).before == span("2026-01-01", "2026-01-01", 8)


def test_29_february():
    leap = paris(2028, 2, 29, 12)
    assert spans.this_month(leap, YEAR).before == span("2027-02-01", "2027-03-01", 8)  # as many days
    assert spans.last_month(paris(2028, 3, 5, 12), YEAR) == Comparison(
        span("2028-02-01", "2028-02-29"), span("2027-02-01", "2027-02-28")
    )
    assert spans.last_month(paris(2029, 3, 5, 12), YEAR).before == span("2028-02-01", "2028-02-29")
    day = dt.date(2028, 2, 29)
    assert spans.between(day, day, paris(2028, 6, 1, 12), YEAR).before == span("2027-02-28", "2027-02-28")
    assert spans.today(leap, YEAR).before == span("2027-03-02", "2027-03-02", 8)  # a Tuesday like it


def test_a_leap_year_does_not_meet_itself():
    found = spans.this_year(paris(2028, 12, 31, 12), BEFORE)
    assert found == Comparison(span("2028-01-01", "2028-12-31", 8), span("2026-12-31", "2027-12-31", 8))


def test_free_days_meet_those_just_before_or_the_same_dates():
    first, last = dt.date(2026, 7, 1), dt.date(2026, 7, 14)
    assert spans.between(first, last, WEDNESDAY, BEFORE).before == span("2026-06-17", "2026-06-30")
    assert spans.between(first, last, WEDNESDAY, YEAR).before == span("2025-07-01", "2025-07-14")
    assert spans.between(first, dt.date(2026, 11, 25), WEDNESDAY, BEFORE).now.hours == 9  # today is not over


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (paris(2026, 11, 25, 4), 0),
        (paris(2026, 11, 25, 4, 59), 0),
        (paris(2026, 11, 25, 5), 1),
        (paris(2026, 11, 25, 23, 59), 19),
        (paris(2026, 11, 26, 0, 0), 20),
        (paris(2026, 11, 26, 3, 59), 23),
        (dt.datetime(2026, 11, 25, 3, 30, tzinfo=dt.UTC), 0),  # 04:30 in Paris
        (paris(2026, 3, 29, 3, 10), 23),  # 02:00 became 03:00: by the clock, what is sold at 1 is over
        (paris(2026, 10, 25, 2, 30), 22),
        (paris(2026, 10, 25, 2, 30, fold=1), 22),  # the hour that comes twice is not over before its second time is
        (paris(2026, 10, 25, 3, 0), 23),
    ],
)
def test_only_whole_hours_of_the_clock_of_paris_are_over(moment, hours):
    assert spans.hours_over(moment) == hours
    assert spans.today(moment, BEFORE).now.until == (4 + hours) % 24


def test_the_whole_days_of_a_period():
    assert span("2026-11-23", "2026-11-25", 9).over == span("2026-11-23", "2026-11-24")
    assert span("2026-11-23", "2026-11-25").over == span("2026-11-23", "2026-11-25")
    assert span("2026-11-25", "2026-11-25", 9).over is None
