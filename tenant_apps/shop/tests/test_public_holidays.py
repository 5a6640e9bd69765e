import datetime as dt

import pytest

from tenant_apps.shop import public_holidays
from tenant_apps.shop.hours import Hours
from tenant_apps.shop.public_holidays import Holiday, Region

WEEK = tuple((weekday, dt.time(11), dt.time(14)) for weekday in range(7))


def days(year: int, region: str = Region.FRANCE) -> dict[dt.date, Holiday]:
    return dict(public_holidays.of_year(year, region))


def test_the_eleven_of_france_and_the_thirteen_of_local_law():
    for year in range(2024, 2045):
        assert {holiday for _day, holiday in public_holidays.of_year(year, Region.FRANCE)} == set(Holiday) - {
            Holiday.GOOD_FRIDAY,
            Holiday.SAINT_STEPHEN,
        }
        assert {holiday for _day, holiday in public_holidays.of_year(year, Region.MOSELLE_AND_ALSACE)} == set(Holiday)


def test_easter_and_what_follows_it_move():
    assert days(2027)[dt.date(2027, 3, 29)] == Holiday.EASTER_MONDAY
    assert days(2027)[dt.date(2027, 5, 6)] == Holiday.ASCENSION
    assert days(2028)[dt.date(2028, 4, 17)] == Holiday.EASTER_MONDAY


def test_two_on_one_day_are_both_there():
    on = [holiday for day, holiday in public_holidays.of_year(2008, Region.FRANCE) if day == dt.date(2008, 5, 1)]
    assert set(on) == {Holiday.LABOUR, Holiday.ASCENSION}


@pytest.mark.parametrize(("postcode", "region"), [("67000", "57"), ("57000", "57"), ("59000", "FR"), ("75012", "FR")])
def test_a_shop_knows_whose_law_it_is_under(postcode, region):
    assert Region.of(postcode) == region


def test_a_holiday_closes_the_day_unless_somebody_opened_it():
    closed = public_holidays.closed(["christmas"], region="FR", around=dt.date(2026, 11, 25))
    christmas, eve = dt.date(2026, 12, 25), dt.date(2026, 12, 24)
    hours = Hours(WEEK, frozenset(), (), closed)
    assert hours.of_day(christmas) == []
    assert len(hours.of_day(eve)) == 1
    opened = Hours(WEEK, frozenset(), ((christmas, dt.time(18), dt.time(22)),), closed)
    assert [window.start.hour for window in opened.of_day(christmas)] == [17]
    assert opened.of_day(dt.date(2027, 12, 25)) == []
    assert Hours(WEEK, frozenset({christmas}), ((christmas, dt.time(18), dt.time(22)),), closed).of_day(christmas) == []


def test_none_is_closed_by_default():
    assert public_holidays.closed([], region="FR", around=dt.date(2026, 11, 25)) == frozenset()
