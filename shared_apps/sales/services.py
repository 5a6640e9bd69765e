"""Keeping the group's read model, always inside the transaction of what it describes.

Rows are locked in the one order of the system: hourly row, products by id, alerts.
"""

import datetime as dt
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from shared_apps.core.calendar import PARIS, business_day
from shared_apps.sales.models import BUCKETS, StockAlert


@dataclass(frozen=True, slots=True)
class Cell:
    """The hour of business an order belongs to: that of its placing, for as long as it lives."""

    pizzeria_id: int
    day: dt.date
    hour: int
    channel: str
    mode: str

    @classmethod
    def at(cls, *, pizzeria_id: int, moment: dt.datetime, channel: str, mode: str) -> "Cell":
        return cls(pizzeria_id, business_day(moment), moment.astimezone(PARIS).hour, channel, mode)


def add(
    *,
    cell: Cell,
    orders: int = 0,
    ordered_cents: int = 0,
    taken_cents: int = 0,
    turnover_cents: int = 0,
    products: Mapping[int, int] | None = None,  # product id → hundredths
) -> None:
    """Adds to the figures; negative values take back."""
    bucket = random.randrange(BUCKETS)  # noqa: S311  spreads writers over rows, no secret
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH product AS (INSERT INTO sales_productsales AS kept"
            "  (day, pizzeria_id, product_id, bucket, quantity_hundredths)"
            "  SELECT %s, %s, sold.product_id, %s, sold.hundredths"
            "  FROM unnest(%s::bigint[], %s::bigint[]) AS sold (product_id, hundredths) ORDER BY sold.product_id"
            "  ON CONFLICT (day, pizzeria_id, product_id, bucket)"
            "  DO UPDATE SET quantity_hundredths = kept.quantity_hundredths + excluded.quantity_hundredths)"
            " INSERT INTO sales_hourlysales AS kept"
            " (day, pizzeria_id, hour, channel, mode, bucket, orders, ordered_cents, taken_cents, turnover_cents)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (day, pizzeria_id, hour, channel, mode, bucket) DO UPDATE SET"
            " orders = kept.orders + excluded.orders, ordered_cents = kept.ordered_cents + excluded.ordered_cents,"
            " taken_cents = kept.taken_cents + excluded.taken_cents,"
            " turnover_cents = kept.turnover_cents + excluded.turnover_cents",
            [
                *(cell.day, cell.pizzeria_id, bucket, list(products or {}), list((products or {}).values())),
                *(cell.day, cell.pizzeria_id, cell.hour, cell.channel, cell.mode, bucket),
                *(orders, ordered_cents, taken_cents, turnover_cents),
            ],
        )


def change_alerts(*, pizzeria_id: int, raised: Iterable[int], cleared: Iterable[int], now: dt.datetime) -> None:
    """Ingredients that became low or short in a shop, and those that recovered."""
    StockAlert.objects.filter(pizzeria_id=pizzeria_id, ingredient_id__in=list(cleared)).delete()
    StockAlert.objects.bulk_create(
        [StockAlert(pizzeria_id=pizzeria_id, ingredient_id=key, since=now) for key in raised], ignore_conflicts=True
    )
