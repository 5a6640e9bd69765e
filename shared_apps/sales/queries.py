"""The group's figures, from the read model alone: nothing here opens a shop's schema."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from shared_apps.core.calendar import business_day
from shared_apps.sales.models import OPEN_STATES, StockAlert, TillClosing

FIGURES = """
    WITH waiting AS (
        SELECT pizzeria_id, count(*) AS in_progress, count(*) FILTER (WHERE promised_until_at < %(now)s) AS late
        FROM sales_ordersummary WHERE state IN %(open)s GROUP BY pizzeria_id),
    today AS (
        SELECT pizzeria_id, sum(orders)::bigint AS orders, sum(turnover_cents)::bigint AS turnover_cents
        FROM sales_hourlysales WHERE day = %(day)s GROUP BY pizzeria_id),
    alerts AS (SELECT pizzeria_id, count(*) AS alerts FROM sales_stockalert GROUP BY pizzeria_id)
    SELECT shop.id, shop.name, shop.slug, shop.state, coalesce(waiting.in_progress, 0), coalesce(waiting.late, 0),
           coalesce(today.orders, 0), coalesce(today.turnover_cents, 0), coalesce(alerts.alerts, 0)
    FROM tenants_pizzeria AS shop
    LEFT JOIN waiting ON waiting.pizzeria_id = shop.id
    LEFT JOIN today ON today.pizzeria_id = shop.id
    LEFT JOIN alerts ON alerts.pizzeria_id = shop.id
    WHERE %(pizzeria)s IS NULL OR shop.id = %(pizzeria)s
    ORDER BY shop.name
"""


@dataclass(frozen=True, slots=True)
class ShopFigures:
    """One shop now, and since the business day began."""

    pizzeria_id: int
    name: str
    slug: str
    state: str
    in_progress: int
    late: int  # open past the end of the time promised
    orders: int  # accepted and not cancelled
    turnover_cents: int
    alerts: int  # ingredients low or short

    @property
    def url(self) -> str:
        port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
        return f"{settings.PUBLIC_SCHEME}://{self.slug}.{settings.BASE_DOMAIN}{port}"

    @property
    def is_trading(self) -> bool:
        return self.state == "trading"


@dataclass(frozen=True, slots=True)
class Total:
    in_progress: int
    late: int
    orders: int
    turnover_cents: int
    alerts: int


def figures(*, now: dt.datetime, pizzeria_id: int | None = None) -> list[ShopFigures]:
    """Of every shop, or of one, in one statement."""
    parameters: dict[str, Any] = {"now": now, "day": business_day(now), "open": OPEN_STATES, "pizzeria": pizzeria_id}
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, parameters)
        return [ShopFigures(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Alert:
    """An ingredient low or short in a shop."""

    pizzeria: str
    slug: str
    ingredient: str
    since: dt.datetime


def alerts() -> list[Alert]:
    """Those of the whole group, shop by shop, the oldest first."""
    rows = StockAlert.objects.order_by("pizzeria__name", "since")
    return [Alert(*row) for row in rows.values_list("pizzeria__name", "pizzeria__slug", "ingredient__name", "since")]


def closed_days(*, starts_on: dt.date, ends_on: dt.date) -> list[TillClosing]:
    """The closed days of every shop of the group between two, both included, with the shop."""
    found = TillClosing.objects.filter(period="day", starts_on__range=(starts_on, ends_on))
    return list(found.select_related("pizzeria").order_by("starts_on", "pizzeria__name"))


def total(shops: Sequence[ShopFigures]) -> Total:
    return Total(
        in_progress=sum(shop.in_progress for shop in shops),
        late=sum(shop.late for shop in shops),
        orders=sum(shop.orders for shop in shops),
        turnover_cents=sum(shop.turnover_cents for shop in shops),
        alerts=sum(shop.alerts for shop in shops),
    )
