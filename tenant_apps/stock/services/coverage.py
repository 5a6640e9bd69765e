"""Which promises the stock covers and which wait for a reception, told by one statement under the locks of the levels.

What is on hand covers the orders needed first; the others count in `StockLevel.awaited` while receptions are expected.
An ingredient is short when at some moment there would be less than was promised by then (ADR 0027).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from shared_apps.sales import services as sales
from tenant_apps.stock.models import Reception, ReceptionLine, Reservation, StockLevel
from tenant_apps.stock.timeline import Need, uncovered

COLUMNS = "ingredient_id, on_hand, reserved, awaited, low_threshold, shortage, substitution_id"
# One order of locking for everybody cannot deadlock.
LOCK_LEVELS = f"SELECT {COLUMNS} FROM stock_stocklevel WHERE ingredient_id = ANY(%s) ORDER BY ingredient_id FOR UPDATE"

# What is left of each ingredient when each order has taken its part: with the receptions that were not missed (`left`),
# and with those that are still to come now, which is all that a new order may count on (`sure`).
JUDGED = """
    WITH key AS (SELECT unnest(%(keys)s::bigint[]) AS ingredient_id),
    coming AS (
        SELECT line.ingredient_id, reception.expected_at, line.expected
        FROM stock_receptionline AS line JOIN stock_reception AS reception ON reception.id = line.reception_id
        WHERE reception.state = 'expected' AND reception.missed_at IS NULL AND line.ingredient_id = ANY(%(keys)s)
    ), total AS (
        SELECT key.ingredient_id, coalesce(sum(coming.expected), 0) AS expected
        FROM key LEFT JOIN coming USING (ingredient_id) GROUP BY key.ingredient_id
    ), held AS (
        SELECT id, ingredient_id, needed_at, quantity,
            sum(quantity) OVER (PARTITION BY ingredient_id ORDER BY needed_at, order_id) AS upto
        FROM stock_reservation WHERE ingredient_id = ANY(%(keys)s)
    ), judged AS (
        SELECT held.*, CASE WHEN total.expected > 0
                THEN least(held.quantity, greatest(held.upto - level.on_hand, 0)) ELSE 0 END AS awaited,
            level.on_hand - held.upto + came.known AS left, level.on_hand - held.upto + came.sure AS sure
        FROM held JOIN stock_stocklevel AS level USING (ingredient_id) JOIN total USING (ingredient_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(expected), 0) AS known,
                coalesce(sum(expected) FILTER (WHERE expected_at > %(now)s), 0) AS sure
            FROM coming WHERE coming.ingredient_id = held.ingredient_id AND coming.expected_at <= held.needed_at
        ) AS came
    ), flagged AS (
        UPDATE stock_reservation AS reservation SET awaited = judged.awaited FROM judged
        WHERE reservation.id = judged.id AND reservation.awaited <> judged.awaited
    ), summed AS (
        SELECT total.ingredient_id, total.expected,
            coalesce(sum(judged.quantity - judged.awaited), 0) AS reserved, coalesce(sum(judged.awaited), 0) AS awaited,
            coalesce(min(judged.left), 0) AS lowest,
            min(judged.sure) FILTER (WHERE needed_at >= %(since)s) AS sure
        FROM total LEFT JOIN judged USING (ingredient_id) GROUP BY total.ingredient_id, total.expected
    )
    UPDATE stock_stocklevel AS level
    SET reserved = summed.reserved, awaited = summed.awaited, expected = summed.expected, shortage = {shortage}
    FROM summed WHERE level.ingredient_id = summed.ingredient_id {guard}
    RETURNING level.ingredient_id, level.on_hand, level.reserved, level.awaited, level.low_threshold, level.shortage,
        level.substitution_id
"""
COVERED = "summed.sure >= 0"  # from the moment of the new order on


@dataclass(frozen=True, slots=True)
class Level:
    """A row of `stock_stocklevel` under its lock."""

    ingredient_id: int
    on_hand: Decimal
    reserved: Decimal
    awaited: Decimal
    low_threshold: Decimal
    shortage: bool
    substitution_id: int | None

    @property
    def is_low(self) -> bool:
        return self.shortage or self.on_hand - self.reserved <= self.low_threshold


Levels = Mapping[int, Level]


def lock_levels(ingredient_ids: Iterable[int]) -> dict[int, Level]:
    """Locks the levels in the one order that cannot deadlock: by id. Those the shop never had are missing."""
    return _levels(LOCK_LEVELS, [sorted(ingredient_ids)])


def settle(ingredient_ids: Iterable[int], *, now: dt.datetime) -> dict[int, Level]:
    """Says anew what covers what, after something changed; the levels are locked already. Reality is never refused."""
    return _judged(ingredient_ids, now, since=now, shortage="summed.lowest < 0", guard="")


def accept(ingredient_ids: Iterable[int], *, since: dt.datetime, now: dt.datetime) -> dict[int, Level]:
    """The ingredients that are covered at every moment from `since` on, with the new reservations already written.

    The others are missing from the answer, and their levels are as they were. An acceptance makes nothing short.
    """
    return _judged(ingredient_ids, now, since=since, shortage="level.shortage", guard=f"AND {COVERED}")


def _judged(
    keys: Iterable[int], now: dt.datetime, *, since: dt.datetime, shortage: str, guard: str
) -> dict[int, Level]:
    wanted = sorted(keys)
    if not wanted:
        return {}
    return _levels(JUDGED.format(shortage=shortage, guard=guard), {"keys": wanted, "now": now, "since": since})


def _levels(statement: str, parameters: Any) -> dict[int, Level]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {row[0]: Level(*row) for row in cursor.fetchall()}


def tell_alerts(*, pizzeria_id: int, before: Levels, after: Levels, now: dt.datetime) -> bool:
    """Tells the group's read model of the ingredients that became low or stopped being so; whether there were any."""
    changed = [key for key in after if key in before and after[key].is_low != before[key].is_low]
    if changed:
        sales.change_alerts(
            pizzeria_id=pizzeria_id,
            raised=[key for key in changed if after[key].is_low],
            cleared=[key for key in changed if not after[key].is_low],
            now=now,
        )
    return bool(changed)


def short_orders() -> set[tuple[int, int]]:
    """(order, ingredient) of what the shop will not have enough for, the orders needed first being served first."""
    short = StockLevel.objects.filter(shortage=True)
    on_hand = dict(short.values_list("pk", "on_hand"))
    if not on_hand:
        return set()
    needs: dict[int, list[Need]] = {key: [] for key in on_hand}
    held = Reservation.objects.filter(ingredient_id__in=on_hand)
    for key, order_id, needed_at, quantity in held.values_list("ingredient_id", "order_id", "needed_at", "quantity"):
        needs[key].append(Need(order_id, needed_at, quantity))
    coming: dict[int, list[tuple[dt.datetime, Decimal]]] = {key: [] for key in on_hand}
    lines = ReceptionLine.objects.filter(
        ingredient_id__in=on_hand, reception__state=Reception.State.EXPECTED, reception__missed_at=None
    )
    for key, at, quantity in lines.values_list("ingredient_id", "reception__expected_at", "expected"):
        coming[key].append((at, quantity))
    return {
        (order_id, key)
        for key, quantity in on_hand.items()
        for order_id in uncovered(on_hand=quantity, needs=needs[key], coming=coming[key])
    }
