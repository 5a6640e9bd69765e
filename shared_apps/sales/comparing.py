"""Two periods of the group side by side, from the read model alone, in as many statements whatever the number of shops."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection

from shared_apps.core.calendar import day_bounds
from shared_apps.sales.spans import Comparison
from tenants.models import Pizzeria

# One reading of the rows of both periods. The hours of a business day are numbered from the cut-off on.
SALES = """
    SELECT span.side, sales.pizzeria_id, sales.mode, sales.channel, (sales.hour + 24 - %(cutoff)s) %% 24 AS nth_hour,
           sales.day - span.starts_on AS nth_day,
           sum(sales.orders)::bigint, sum(sales.ordered_cents)::bigint, sum(sales.turnover_cents)::bigint
    FROM (VALUES (0, %(starts_on)s::date, %(ends_on)s::date, %(hours)s),
                 (1, %(starts_before)s::date, %(ends_before)s::date, %(hours)s)) AS span (side, starts_on, ends_on, hours)
    JOIN sales_hourlysales AS sales ON sales.day BETWEEN span.starts_on AND span.ends_on
     AND (sales.day < span.ends_on OR (sales.hour + 24 - %(cutoff)s) %% 24 < span.hours)
    WHERE %(pizzeria)s IS NULL OR sales.pizzeria_id = %(pizzeria)s
    GROUP BY GROUPING SETS ((span.side, sales.pizzeria_id, sales.mode, sales.channel), (span.side, nth_hour),
                            (span.side, nth_day))
"""
# Each period by itself: of two bounds in a join, PostgreSQL would not see that a day is little, and read the whole table.
PRODUCTS = """
    SELECT product.name, sold.now::bigint, sold.before::bigint
    FROM (SELECT product_id, coalesce(sum(quantity_hundredths) FILTER (WHERE side = 0), 0) AS now,
                 coalesce(sum(quantity_hundredths) FILTER (WHERE side = 1), 0) AS before
          FROM (SELECT 0 AS side, product_id, pizzeria_id, quantity_hundredths FROM sales_productsales
                WHERE day BETWEEN %(starts_on)s AND %(ends_on)s
                UNION ALL
                SELECT 1, product_id, pizzeria_id, quantity_hundredths FROM sales_productsales
                WHERE day BETWEEN %(starts_before)s AND %(ends_before)s) AS sales
          WHERE %(pizzeria)s IS NULL OR pizzeria_id = %(pizzeria)s
          GROUP BY product_id) AS sold
    JOIN catalogue_product AS product ON product.id = sold.product_id
    WHERE sold.now > 0 ORDER BY sold.now DESC, product.name LIMIT %(most)s
"""
MOST = 10


@dataclass(frozen=True, slots=True)
class Sums:
    orders: int = 0  # accepted and not cancelled
    ordered_cents: int = 0  # what those orders come to
    turnover_cents: int = 0  # sealed sales minus refunds

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.orders + other.orders,
            self.ordered_cents + other.ordered_cents,
            self.turnover_cents + other.turnover_cents,
        )

    @property
    def average_cents(self) -> int:
        """An order in the mean: of orders, so never turnover by orders. Rounded half up; 0 without orders."""
        return (2 * self.ordered_cents + self.orders) // (2 * self.orders) if self.orders > 0 else 0


NOTHING = Sums()


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of now and of before."""

    now: int
    before: int

    @property
    def permille(self) -> int | None:
        """The change in thousandths, rounded half away from zero; None where there is nothing to divide by."""
        if self.before <= 0:
            return None
        size = (2 * 1000 * abs(self.now - self.before) + self.before) // (2 * self.before)
        return size if self.now >= self.before else -size


@dataclass(frozen=True, slots=True)
class Facts:
    """The sums of both periods, with how they split."""

    now: Sums = NOTHING
    before: Sums = NOTHING
    modes: Mapping[str, Pair] = field(default_factory=dict)  # turnover in cents
    channels: Mapping[str, Pair] = field(default_factory=dict)

    @property
    def turnover(self) -> Pair:
        return Pair(self.now.turnover_cents, self.before.turnover_cents)

    @property
    def orders(self) -> Pair:
        return Pair(self.now.orders, self.before.orders)

    @property
    def average(self) -> Pair:
        return Pair(self.now.average_cents, self.before.average_cents)


@dataclass(frozen=True, slots=True)
class ShopFacts:
    pizzeria: Pizzeria
    facts: Facts
    is_new: bool  # opened after the earlier period began, and nothing sold in it


@dataclass(frozen=True, slots=True)
class Point:
    """The nth day or hour of both periods."""

    nth: int
    now: Sums
    before: Sums

    @property
    def turnover(self) -> Pair:
        return Pair(self.now.turnover_cents, self.before.turnover_cents)

    @property
    def orders(self) -> Pair:
        return Pair(self.now.orders, self.before.orders)


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    hundredths: Pair


@dataclass(frozen=True, slots=True)
class Compared:
    comparison: Comparison
    shops: list[ShopFacts]  # by name; a closed one only where it sold
    total: Facts
    days: list[Point]  # every one, those without a sale too
    hours: list[Point]  # those with an order or a sale, in the order of the business day

    @property
    def is_empty(self) -> bool:
        return self.total.now == NOTHING and self.total.before == NOTHING


_Cell = tuple[str, str, list[Sums]]  # mode, channel, now and before


@dataclass(slots=True)
class _Read:
    """The rows of SALES, each under what it is the sum of; the two sides beside each other."""

    cells: dict[tuple[int, str, str], list[Sums]] = field(default_factory=dict)
    hours: dict[int, list[Sums]] = field(default_factory=dict)
    days: dict[int, list[Sums]] = field(default_factory=dict)

    def put(self, side: int, cell: tuple[int | None, str, str], hour: int | None, day: int | None, sums: Sums) -> None:
        pizzeria_id, mode, channel = cell
        if pizzeria_id is not None:
            self.cells.setdefault((pizzeria_id, mode, channel), [NOTHING, NOTHING])[side] = sums
        elif hour is not None:
            self.hours.setdefault(hour, [NOTHING, NOTHING])[side] = sums
        elif day is not None:
            self.days.setdefault(day, [NOTHING, NOTHING])[side] = sums

    def by_shop(self) -> dict[int, Facts]:
        split: dict[int, list[_Cell]] = {}
        for (pizzeria_id, mode, channel), sums in self.cells.items():
            split.setdefault(pizzeria_id, []).append((mode, channel, sums))
        return {pizzeria_id: _facts(cells) for pizzeria_id, cells in split.items()}

    def together(self) -> Facts:
        return _facts([(mode, channel, sums) for (_shop, mode, channel), sums in self.cells.items()])


def compare(*, comparison: Comparison, pizzeria_id: int | None = None) -> Compared:
    """Every shop and the group, or one shop alone."""
    read = _read(comparison, pizzeria_id)
    shops = Pizzeria.objects.order_by("name") if pizzeria_id is None else Pizzeria.objects.filter(pk=pizzeria_id)
    return Compared(
        comparison=comparison,
        shops=_shops(shops, read.by_shop(), comparison),
        total=read.together(),
        days=[_point(nth, read.days) for nth in range(max(comparison.now.days, comparison.before.days))],
        hours=[_point(nth, read.hours) for nth in sorted(read.hours)],
    )


def best_products(*, comparison: Comparison, pizzeria_id: int | None = None) -> list[Product]:
    """The ten that sell most now. They are counted by day, so that hours of `comparison` do not count."""
    with connection.cursor() as cursor:
        cursor.execute(PRODUCTS, _parameters(comparison, pizzeria_id) | {"most": MOST})
        return [Product(name, Pair(now, before)) for name, now, before in cursor.fetchall()]


def _parameters(comparison: Comparison, pizzeria_id: int | None) -> dict[str, Any]:
    now, before = comparison.now, comparison.before
    return {
        "starts_on": now.starts_on,
        "ends_on": now.ends_on,
        "hours": now.hours,
        "starts_before": before.starts_on,
        "ends_before": before.ends_on,
        "cutoff": settings.BUSINESS_DAY_CUTOFF_HOUR,
        "pizzeria": pizzeria_id,
    }


def _read(comparison: Comparison, pizzeria_id: int | None) -> _Read:
    read = _Read()
    with connection.cursor() as cursor:
        cursor.execute(SALES, _parameters(comparison, pizzeria_id))
        for side, shop, mode, channel, hour, day, *sums in cursor.fetchall():
            read.put(side, (shop, mode, channel), hour, day, Sums(*sums))
    return read


def _shops(shops: Iterable[Pizzeria], by_shop: Mapping[int, Facts], comparison: Comparison) -> list[ShopFacts]:
    """A closed one stands there as long as it sold in one of the periods."""
    began = day_bounds(comparison.before.starts_on)[0]
    found = []
    for shop in shops:
        facts = by_shop.get(shop.pk, Facts())
        if shop.state != Pizzeria.State.CLOSED or (facts.now, facts.before) != (NOTHING, NOTHING):
            found.append(ShopFacts(shop, facts, is_new=shop.created_at >= began and facts.before == NOTHING))
    return found


def _facts(cells: Iterable[_Cell]) -> Facts:
    now, before = NOTHING, NOTHING
    modes: dict[str, Pair] = {}
    channels: dict[str, Pair] = {}
    for mode, channel, sums in cells:
        now, before = now + sums[0], before + sums[1]
        for parts, name in ((modes, mode), (channels, channel)):
            held = parts.get(name, Pair(0, 0))
            parts[name] = Pair(held.now + sums[0].turnover_cents, held.before + sums[1].turnover_cents)
    return Facts(now, before, modes, channels)


def _point(nth: int, read: Mapping[int, list[Sums]]) -> Point:
    return Point(nth, *read.get(nth, (NOTHING, NOTHING)))
