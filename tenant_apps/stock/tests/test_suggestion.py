"""What is guessed of the days to come, and how it is judged on days that have passed."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from shared_apps.catalogue.models import Ingredient
from shared_apps.core.calendar import PARIS, business_day
from tenant_apps.stock import forecast, suggestion
from tenant_apps.stock.forecast import History
from tenant_apps.stock.models import Movement, StockLevel
from tenant_apps.stock.services import suppliers
from tenant_apps.stock.services.movements import Where
from tenant_apps.stock.services.suppliers import Sold, Terms

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 11, 25)


def history(days: int, used) -> History:
    first = TODAY - days * DAY
    return History(first, {first + n * DAY: Decimal(used(first + n * DAY, n)) for n in range(days)})


def test_a_weekday_is_guessed_from_the_last_four_of_it():
    quantities = {TODAY - 7 * n * DAY: Decimal(quantity) for n, quantity in ((1, 100), (2, 80), (3, 60), (4, 40))}
    assert forecast.weighted(History(TODAY - 40 * DAY, quantities), TODAY) == 80
    assert forecast.same_day_last_week(History(TODAY - 40 * DAY, quantities), TODAY) == 100


def test_too_little_is_said_to_be_too_little():
    assert forecast.weighted(history(13, lambda _day, _n: 50), TODAY) is None
    assert forecast.weighted(history(14, lambda _day, _n: 50), TODAY) == 50
    assert forecast.judge([history(13, lambda _day, _n: 50)], TODAY) is None


def test_the_errors_are_those_of_the_past_days_and_nothing_else():
    steady = forecast.judge([history(60, lambda day, _n: 50 + 10 * day.weekday())], TODAY)
    assert (steady.days, steady.error, steady.naive_error) == (28, 0, 0)
    # A week of 100, a week of 50, and so on: last week is always wrong by 50, the average by less.
    swinging = forecast.judge([history(70, lambda _day, n: 100 if n // 7 % 2 else 50)], TODAY)
    assert swinging.naive_error == Decimal(28 * 50) / Decimal(14 * 150)
    assert swinging.error < swinging.naive_error
    assert swinging.is_better
    # A trend that never stops: last week is nearer, and it is said.
    growing = forecast.judge([history(70, lambda _day, n: 10 * (n // 7))], TODAY)
    assert not growing.is_better


def test_a_guess_does_not_see_the_day_it_guesses():
    before = history(60, lambda day, _n: 50 + day.weekday())
    surprise = History(before.first, {**before.used, TODAY - DAY: Decimal(900)})
    assert forecast.weighted(surprise, TODAY - DAY) == forecast.weighted(before, TODAY - DAY)


@pytest.fixture
def weeks_of_sales(shop):
    """Six weeks: sixty balls of dough on Fridays and Saturdays, twenty on the other days; and who makes them."""
    dough, now = Ingredient.objects.get(code="paton-classique"), timezone.now()
    today = business_day(now)
    rows = [
        Movement(
            ingredient=dough, delta=-(60 if day.weekday() in (4, 5) else 20), reason=Movement.Reason.CONSUMPTION,
            at=dt.datetime.combine(day, dt.time(19), PARIS),
        )
        for day in (today - n * DAY for n in range(1, 43))
    ]  # fmt: skip
    Movement.objects.bulk_create(rows)
    suppliers.keep(
        where=Where(shop.id, shop.schema_name), supplier_id=None,
        terms=Terms("Pâte maison", dt.time(11), makes_it_here=True, weekdays=tuple(range(7)), lead_days=1),
        items={dough.pk: Sold(Decimal(10), 0)}, days_ahead=3, actor_id=None, now=now,
    )  # fmt: skip
    return dough, now


def test_what_to_make_is_what_will_be_used_until_the_next_time_less_what_is_there(weeks_of_sales):
    dough, now = weeks_of_sales
    StockLevel.objects.filter(pk=dough.pk).update(on_hand=5)
    found = suggestion.suggest(now=now)
    (delivery,) = found.deliveries
    (line,) = delivery.lines
    days = [business_day(now) + n * DAY for n in range((delivery.until - business_day(now)).days)]
    used = sum(60 if day.weekday() in (4, 5) else 20 for day in days)
    assert line.needed == used
    assert (line.judged.error, line.margin) == (0, 0)
    assert line.quantity == -(-(used - 5) // 10) * 10
    assert (found.dough.days, found.dough.error) == (28, 0)
    assert found.known_days == 42


def test_the_page_asks_little_however_long_the_past(weeks_of_sales, django_assert_max_num_queries):
    _dough, now = weeks_of_sales
    with django_assert_max_num_queries(12):
        suggestion.suggest(now=now)
