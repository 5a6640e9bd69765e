"""Figures of two periods, from the read model."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from conftest import COUNTER, ask, open_shop, place
from shared_apps.catalogue.models import Product, ServiceMode
from shared_apps.core.calendar import PARIS
from shared_apps.sales import comparing
from shared_apps.sales.comparing import Facts, Pair, Sums
from shared_apps.sales.models import HourlySales, ProductSales, TillClosing
from shared_apps.sales.spans import Against, Comparison, Span, between
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.till.services import closings
from tenant_apps.till.tests.test_closings import give_back
from tenants.models import Pizzeria

DAY, WEEK_AGO = dt.date(2026, 3, 10), dt.date(2026, 3, 3)
TUESDAYS = Comparison(Span(DAY, DAY), Span(WEEK_AGO, WEEK_AGO))


def paris(*moment: int) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=PARIS)


def sold(shop, day, hour, *, orders=1, cents=1000, turnover=None, mode="delivery", channel="web", bucket=0) -> None:
    HourlySales.objects.create(
        pizzeria_id=shop.id, day=day, hour=hour, channel=channel, mode=mode, bucket=bucket, orders=orders,
        ordered_cents=cents, taken_cents=cents, turnover_cents=cents if turnover is None else turnover,
    )  # fmt: skip


def of(shop, compared) -> comparing.ShopFacts:
    return next(found for found in compared.shops if found.pizzeria.pk == shop.id)


def test_the_turnover_is_that_of_the_closed_day_refunds_taken_off(shop):
    """Sold, paid, refunded and closed by the services, as a shop does."""
    for now, lines in ((paris(2026, 3, 9, 20), [ask("margherita")]), (paris(2026, 3, 10, 0, 30), [ask("reine")])):
        place(shop, *lines, paid=Tender(Payment.Means.CASH, uuid.uuid4()), by=COUNTER, now=now)
    closings.close_day(shop=shop, day=dt.date(2026, 3, 9), operator="Inès", now=paris(2026, 3, 10, 5))
    now = paris(2026, 3, 10, 20)
    order = place(shop, ask("margherita", 2), paid=Tender(Payment.Means.CASH, uuid.uuid4()), by=COUNTER, now=now)
    eaten = Wishes(ServiceMode.EAT_IN)
    place(shop, wishes=eaten, paid=Tender(Payment.Means.CASH, uuid.uuid4()), by=COUNTER, now=now)
    give_back(shop, order, 500, now)
    closings.close_day(shop=shop, day=DAY, operator="Inès", now=paris(2026, 3, 11, 5))
    compared = comparing.compare(comparison=between(DAY, DAY, paris(2026, 3, 12, 12), Against.BEFORE))
    z = {closing.starts_on: closing.figures["turnover_cents"] for closing in TillClosing.objects.filter(period="day")}
    found = of(shop, compared).facts
    assert (found.turnover.now, found.turnover.before) == (z[DAY], z[dt.date(2026, 3, 9)])
    assert found.turnover.now == 3 * 990 - 500
    assert sum(pair.now for pair in found.modes.values()) == sum(pair.now for pair in found.channels.values()) == z[DAY]
    assert found.modes["eat_in"].now == 990
    assert found.orders == Pair(2, 2)  # the one of half past midnight is of the day before
    assert found.average.now == 1485


def test_a_day_so_far_is_compared_up_to_the_same_hour(shop):
    for day in (DAY, WEEK_AGO):
        for hour, cents in ((11, 100), (12, 200), (13, 400), (20, 800), (1, 1600)):
            sold(shop, day, hour, cents=cents)
    until_13, until_2 = Span(DAY, DAY, 9), Span(DAY, DAY, 22)
    noon = comparing.compare(comparison=Comparison(until_13, until_13.from_day(WEEK_AGO)))
    assert of(shop, noon).facts.turnover == Pair(300, 300)
    assert [(point.nth, point.turnover.now) for point in noon.hours] == [(7, 100), (8, 200)]
    late = comparing.compare(comparison=Comparison(until_2, until_2.from_day(WEEK_AGO)))
    assert of(shop, late).facts.turnover == Pair(3100, 3100)
    assert [point.nth for point in late.hours] == [7, 8, 9, 16, 21]  # one o'clock is the end of the day, not its start


def test_only_the_last_day_of_a_period_stops_at_the_hour(shop):
    monday = DAY - dt.timedelta(days=1)
    sold(shop, monday, 20, cents=700)
    sold(shop, DAY, 12, cents=50)
    sold(shop, DAY, 20, cents=900)
    span = Span(monday, DAY, 9)
    compared = comparing.compare(comparison=Comparison(span, span.from_day(monday - dt.timedelta(days=7))))
    assert of(shop, compared).facts.turnover == Pair(750, 0)
    assert [point.now.turnover_cents for point in compared.days] == [700, 50]


def test_buckets_are_summed_and_shares_split_the_whole(shop, neighbour):
    sold(shop, DAY, 12, cents=1000, bucket=0)
    sold(shop, DAY, 12, cents=500, bucket=7)
    sold(shop, DAY, 12, cents=300, mode="collection", channel="counter")
    sold(neighbour, WEEK_AGO, 19, orders=2, cents=4000, channel="phone")
    compared = comparing.compare(comparison=TUESDAYS)
    assert compared.total.modes == {"delivery": Pair(1500, 4000), "collection": Pair(300, 0)}
    assert compared.total.channels == {"web": Pair(1500, 0), "counter": Pair(300, 0), "phone": Pair(0, 4000)}
    assert (compared.total.turnover, compared.total.orders) == (Pair(1800, 4000), Pair(3, 2))
    assert compared.total.average == Pair(600, 2000)
    assert (of(shop, compared).facts.before, of(neighbour, compared).facts.now) == (Sums(), Sums())


def test_the_average_is_of_orders_not_of_turnover(shop):
    sold(shop, DAY, 12, orders=2, cents=3000, turnover=0)  # nothing paid yet
    sold(shop, WEEK_AGO, 12, orders=0, cents=0, turnover=-500)  # a refund alone
    found = of(shop, comparing.compare(comparison=TUESDAYS)).facts
    assert (found.average, found.turnover) == (Pair(1500, 0), Pair(0, -500))


@pytest.mark.parametrize(
    ("now", "before", "permille"),
    [(125, 100, 250), (100, 100, 0), (0, 100, -1000), (99, 100, -10), (2, 3, -333), (5, 3, 667), (1005, 1000, 5),
     (10_005, 10_000, 1), (9_995, 10_000, -1), (-50, 100, -1500), (100, 0, None), (0, 0, None), (100, -20, None)],
)  # fmt: skip
def test_a_change_is_of_what_there_was(now, before, permille):
    assert Pair(now, before).permille == permille


def opened_on(shop, day: dt.date, **changes: object) -> None:
    with schema_context("public"):
        Pizzeria.objects.filter(pk=shop.id).update(created_at=dt.datetime.combine(day, dt.time(9), PARIS), **changes)


def test_a_shop_opened_meanwhile_is_new_and_one_that_was_there_is_not(shop, neighbour):
    opened_on(shop, dt.date(2026, 3, 5))
    opened_on(neighbour, dt.date(2025, 1, 1))
    sold(shop, DAY, 12)
    compared = comparing.compare(comparison=TUESDAYS)
    assert (of(shop, compared).is_new, of(neighbour, compared).is_new) == (True, False)
    sold(shop, WEEK_AGO, 12)  # a shop moved with its past
    assert not of(shop, comparing.compare(comparison=TUESDAYS)).is_new


def test_a_closed_shop_stands_there_where_it_sold(shop, neighbour):
    opened_on(neighbour, dt.date(2025, 1, 1), state=Pizzeria.State.CLOSED)
    assert [found.pizzeria.pk for found in comparing.compare(comparison=TUESDAYS).shops] == [shop.id]
    sold(neighbour, WEEK_AGO, 12)
    assert of(neighbour, comparing.compare(comparison=TUESDAYS)).facts.turnover == Pair(0, 1000)


def test_one_shop_alone(shop, neighbour):
    sold(shop, DAY, 12)
    sold(neighbour, DAY, 12, cents=7000)
    compared = comparing.compare(comparison=TUESDAYS, pizzeria_id=shop.id)
    assert (len(compared.shops), compared.total.turnover) == (1, Pair(1000, 0))


def test_nothing_sold_is_empty(shop):
    compared = comparing.compare(comparison=TUESDAYS)
    assert compared.is_empty
    assert (compared.total, compared.hours, len(compared.days)) == (Facts(), [], 1)


def test_the_ten_products_that_sell_most_halves_counted(shop, neighbour):
    products = list(Product.objects.order_by("pk")[:12])
    for nth, product in enumerate(products):
        for place_, day, hundredths in ((shop, DAY, 100 * nth + 50), (neighbour, DAY, 100), (shop, WEEK_AGO, 200)):
            ProductSales.objects.create(
                pizzeria_id=place_.id, day=day, product=product, bucket=0, quantity_hundredths=hundredths
            )
    best = comparing.best_products(comparison=TUESDAYS)
    assert [found.name for found in best] == [product.name for product in reversed(products[2:])]
    assert best[0].hundredths == Pair(1250, 200)
    alone = comparing.best_products(comparison=TUESDAYS, pizzeria_id=neighbour.id)
    assert {found.hundredths for found in alone} == {Pair(100, 0)}


def test_it_asks_as_much_for_two_shops_as_for_six(shop, django_assert_num_queries):
    connection.set_schema_to_public()
    sold(shop, DAY, 12)
    with django_assert_num_queries(3):  # the sales, the shops, the products
        comparing.compare(comparison=TUESDAYS)
        comparing.best_products(comparison=TUESDAYS)
    for number in range(4):
        sold(open_shop(f"nouvelle-{number}"), DAY, 12)
    connection.set_schema_to_public()
    with django_assert_num_queries(3):
        assert len(comparing.compare(comparison=TUESDAYS).shops) == 6
        comparing.best_products(comparison=TUESDAYS)
