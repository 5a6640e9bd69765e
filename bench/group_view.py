"""What head office sees of all shops, against its own SQL without Django and against reading every shop.

The work: for each shop, its open orders, those that are late, the orders and the money of the business day, the stock
alerts. 2,000 orders a shop over thirty days. The first reference sends the same statements by bare psycopg2 and fetches
their rows; the second asks the shops' own schemas in one UNION ALL, and must find the same figures.
"""

import datetime as dt
import importlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import psycopg2.extensions
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import database, past_orders, shops
from bench.reporting import Line, NotMeasured, Target, expect
from shared_apps.core.calendar import business_day, day_bounds
from shared_apps.sales.models import OPEN_STATES
from shared_apps.sales.queries import ShopFigures
from tenants.hosts import Shop

SIZES = (8, 100, 500) if os.environ.get("BENCH_FULL") else (8, 100)
ROUNDS = 31
CALLS = 5  # timed together, so that a figure under a millisecond means something
# Where the question may live, the first found being measured.
QUESTIONS = (("shared_apps.headoffice.queries", "group_view"), ("shared_apps.sales.queries", "figures"))

ONE_SHOP = """
    SELECT {key}, (SELECT count(*) FROM {schema}.orders_order WHERE state IN {open}),
           (SELECT count(*) FROM {schema}.orders_order AS placed JOIN {schema}.shop_slot AS slot ON slot.id = slot_id
            WHERE state IN {open} AND ends_at < '{now}'),
           (SELECT count(*) FROM {schema}.orders_order
            WHERE placed_at >= '{start}' AND placed_at < '{end}' AND state <> 'cancelled'),
           (SELECT coalesce(sum(amount_cents), 0) FROM {schema}.payments_payment
            WHERE taken_at >= '{start}' AND taken_at < '{end}'),
           (SELECT count(*) FROM {schema}.stock_stocklevel WHERE shortage OR on_hand - reserved <= low_threshold)
"""

GroupView = Callable[..., Sequence[ShopFigures]]
Rows = list[tuple[int, ...]]


def lines() -> Iterator[Line | NotMeasured]:
    found = _question()
    if found is None:
        yield NotMeasured("group view", f"there is neither {' nor '.join('.'.join(place) for place in QUESTIONS)} yet")
        return
    name, group_view = found
    now = shops.noon()
    for size in SIZES:
        everyone = _filled(size)
        statements = _statements(group_view, now)
        union = " UNION ALL ".join(_one_shop(shop, now) for shop in everyone)
        bare = database.connect(role=f"{database.NAME}_app")
        all_rights = database.connect()
        checked = _check(everyone, group_view(now=now), _fetched(all_rights, [union]))
        works: dict[str, tuple[Callable[[], object], int, list[float]]] = {
            "ours": (partial(group_view, now=now), CALLS, []),
            "same": (partial(_fetched, bare, statements), CALLS, []),
            "union": (partial(_fetched, all_rights, [union]), 1, []),
        }
        for round_number in range(ROUNDS):
            # To and fro, so that none always comes after the one that empties the processor's caches.
            for work, calls, samples in list(works.values())[:: 1 if round_number % 2 else -1]:
                samples.append(_milliseconds(work, calls))
        bare.close()
        all_rights.close()
        title = f"group view, {size} shops ({name})"
        ours, same, united = (samples for _work, _calls, samples in works.values())
        yield Line(title, "same SQL, bare psycopg2", "ms", ours, same, checked, Target("<=", 1.3))
        tenfold = Target("<=", 0.1) if size >= 500 else None
        yield Line(title, "UNION ALL over the schemas", "ms", ours, united, checked, tenfold)


def _question() -> tuple[str, GroupView] | None:
    for module, name in QUESTIONS:
        try:
            return name, getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    return None


def _filled(count: int) -> list[Shop]:
    """So many shops with their month of orders; those of a smaller size are already there."""
    already = {shop_id for (shop_id,) in database.asked("SELECT DISTINCT pizzeria_id FROM sales_ordersummary")}
    everyone = shops.opened(count, kind="group")
    owner = database.connect()
    for shop in everyone:
        if shop.id not in already:
            past_orders.fill(shop, owner)
    with owner.cursor() as cursor:
        cursor.execute("SET search_path = public; ANALYZE sales_ordersummary, sales_hourlysales, sales_stockalert")
    owner.close()
    return everyone


def _statements(group_view: GroupView, now: dt.datetime) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        group_view(now=now)
    return [query["sql"] for query in captured.captured_queries]


def _one_shop(shop: Shop, now: dt.datetime) -> str:
    start, end = day_bounds(business_day(now))
    return ONE_SHOP.format(key=shop.id, schema=shop.schema_name, open=OPEN_STATES, now=now, start=start, end=end)


def _fetched(bare: psycopg2.extensions.connection, statements: Sequence[str]) -> Rows:
    rows: Rows = []
    with bare.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            rows += cursor.fetchall()
    return rows


def _milliseconds(work: Callable[[], object], calls: int) -> float:
    """Of one call, over so many."""
    start = time.perf_counter()
    for _call in range(calls):
        work()
    return (time.perf_counter() - start) * 1000 / calls


def _check(everyone: Sequence[Shop], seen: Sequence[ShopFigures], united: Rows) -> str:
    """The group view says of every shop what the shop itself says. Raises NotDone."""
    expected = {row[0]: row[1:] for row in united}
    found = {
        shop.pizzeria_id: (shop.in_progress, shop.late, shop.orders, shop.turnover_cents, shop.alerts)
        for shop in seen
        if shop.pizzeria_id in expected
    }
    expect("figures of the read model", found=found, wanted=expected)
    ((orders,),) = database.asked("SELECT count(*) FROM sales_ordersummary")
    expect("orders of the group", found=orders >= len(everyone) * past_orders.ORDERS, wanted=True)
    open_orders = sum(row[1] for row in united)
    return f"{orders} orders, {open_orders} of them open; each shop's five figures are those of its own schema"
