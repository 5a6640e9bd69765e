"""Whole orders at the hours that go wrong: half past midnight, and both nights on which the clocks change."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from conftest import COOK, COUNTER, ask, check_invariants, place
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.calendar import PARIS, business_day, day_bounds
from shared_apps.core.templatetags.formats import clock
from shared_apps.sales import queries as sales
from shared_apps.sales.models import HourlySales
from tenant_apps.orders import queries
from tenant_apps.orders.services import kitchen, settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import OpeningRange
from tenant_apps.shop.times import in_words
from tenant_apps.stock.models import Movement, StockLevel

HALF_PAST_MIDNIGHT = dt.datetime(2026, 11, 28, 0, 30, tzinfo=PARIS)  # Friday's evening
NIGHTS = {
    "half past midnight": HALF_PAST_MIDNIGHT,
    "October, before the hour that comes twice": dt.datetime(2026, 10, 25, 1, 50, tzinfo=PARIS),
    "October, in it": dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS),
    "October, in it again": dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1),
    "March, before the hour that is missing": dt.datetime(2027, 3, 28, 1, 50, tzinfo=PARIS),
    "March, after it": dt.datetime(2027, 3, 28, 3, 10, tzinfo=PARIS),
}
NIGHT = pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS.keys())


@pytest.fixture
def late_shop(shop):
    """Open every day from 18:00 to 04:00."""
    OpeningRange.objects.all().delete()
    OpeningRange.objects.bulk_create(
        OpeningRange(weekday=weekday, opens=dt.time(18), closes=dt.time(4)) for weekday in range(7)
    )
    return shop


def utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)


def whole_order(shop, now: dt.datetime):
    order = place(shop, ask("margherita"), now=now)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now + dt.timedelta(minutes=5))
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now + dt.timedelta(minutes=15))
    return settlement.hand_over(
        shop=shop,
        order_id=order.pk,
        by=COUNTER,
        now=now + dt.timedelta(minutes=20),
        tender=Tender(Payment.Means.CASH, uuid.uuid4()),
    )


@NIGHT
def test_an_order_belongs_to_the_evening_everywhere(late_shop, night):
    now, evening = utc(night), business_day(night)
    assert evening == night.date() - dt.timedelta(days=1)
    order = whole_order(late_shop, now)
    assert business_day(order.slot.starts_at) == evening
    hour = HourlySales.objects.get(pizzeria_id=late_shop.id, orders__gt=0)
    assert (hour.day, hour.hour) == (evening, night.hour)
    figures = sales.figures(now=now, pizzeria_id=late_shop.id)[0]
    assert (figures.orders, figures.turnover_cents) == (1, 990)
    assert sales.figures(now=day_bounds(evening)[1], pizzeria_id=late_shop.id)[0].orders == 0
    assert Movement.objects.filter(order=order).exists()
    assert order in [handled.order for handled in queries.over(day_bounds(evening)[0])]
    check_invariants()


@NIGHT
def test_what_is_promised_is_kept_to_the_minute_of_real_time(late_shop, night):
    now = utc(night)
    offered = list(shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now)))
    preparation = dt.timedelta(minutes=shop_queries.settings().preparation_minutes)
    tonight = [slot.window for slot in offered if slot.window.end <= day_bounds(business_day(night))[1]]
    assert preparation <= tonight[0].start - now < preparation + dt.timedelta(minutes=15)
    assert tonight[-1].end.astimezone(PARIS).time() == dt.time(4)
    for window in tonight:
        assert window.end - window.start == dt.timedelta(minutes=15)
    words = [in_words(slot.window, timezone.localdate(now)) for slot in offered]
    assert len(set(words)) == len(words)  # nobody chooses between two times that read the same


@NIGHT
def test_the_stock_of_the_evening_is_what_it_uses_and_the_next_day_has_its_own(late_shop, night):
    now = utc(night)
    before = StockLevel.objects.get(ingredient__code="basilic").available
    place(late_shop, ask("margherita"), now=now)
    level = StockLevel.objects.get(ingredient__code="basilic")
    assert (level.reserved, level.available) == (Decimal(4), before - 4)
    following = [
        slot.window.start
        for slot in shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now))
        if business_day(slot.window.start) > business_day(now)
    ]
    place(late_shop, ask("margherita"), now=now, wishes=Wishes(ServiceMode.COLLECTION, starts_at=following[0]))
    check_invariants()


@NIGHT
def test_the_kitchen_sees_it_and_it_is_late_when_it_is(late_shop, night):
    now = utc(night)
    order = place(late_shop, ask("margherita"), now=now)
    assert [ticket.order for ticket in queries.board(shop_queries.settings(), now)] == [order]
    assert queries.late(now) == []
    assert [handled.order for handled in queries.late(order.slot.ends_at + dt.timedelta(seconds=1))] == [order]


def test_the_hour_that_comes_twice_says_which_it_is():
    first, second = NIGHTS["October, in it"], NIGHTS["October, in it again"]
    assert clock(utc(first)) == "2\u00a0h\u00a030 (heure d’été)"
    assert clock(utc(second)) == "2\u00a0h\u00a030 (heure d’hiver)"
    assert clock(utc(HALF_PAST_MIDNIGHT)) == "0\u00a0h\u00a030"
    for night in ("March, before the hour that is missing", "March, after it"):
        assert "heure" not in clock(utc(NIGHTS[night]))


def test_open_at_half_past_midnight_after_a_night_of_the_week_before_and_closed_by_a_holiday_of_the_day(late_shop):
    """The first of May at 00:30 is still the evening of the thirtieth of April."""
    settings = shop_queries.settings()
    settings.closed_holidays = ["labour"]
    settings.save()
    night = utc(dt.datetime(2027, 5, 1, 0, 30, tzinfo=PARIS))
    hours = shop_queries.situation(night).hours
    assert hours.is_open(night)
    assert not hours.is_open(utc(dt.datetime(2027, 5, 1, 20, 0, tzinfo=PARIS)))
    assert not hours.is_open(utc(dt.datetime(2027, 5, 2, 0, 30, tzinfo=PARIS)))
