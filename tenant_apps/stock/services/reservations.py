"""Promising ingredients to orders, and taking promises back. Nothing is oversold.

Every function locks the rows it changes in the order of the ingredients' ids, after the order and its slot (ADR 0009):
reservations, then levels, then the promises of later days.
An order of the current business day reserves in `StockLevel`; one of a later day in that day's `DayPromise`.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Ingredient
from shared_apps.core.calendar import business_day
from shared_apps.core.errors import RuleError
from shared_apps.sales import services as sales
from tenant_apps.stock.models import DayPromise, Movement, Reservation, StockLevel

Needs = Mapping[int, Decimal]  # ingredient id → quantity in its unit

# One order of locking for everybody cannot deadlock; the guard refuses what is not there any more.
LOCK_LEVELS = (
    "SELECT ingredient_id, on_hand, reserved, low_threshold, shortage FROM stock_stocklevel"
    " WHERE ingredient_id = ANY(%s) ORDER BY ingredient_id FOR UPDATE"
)
GUARD = "level.on_hand - level.reserved >= need.quantity"


class OutOfStock(RuleError):
    """Some ingredients do not suffice; `missing` are their ids."""

    def __init__(self, missing: Iterable[int]) -> None:
        self.missing = frozenset(missing)
        names = ", ".join(Ingredient.objects.filter(pk__in=self.missing).values_list("name", flat=True))
        super().__init__(_("There is not enough left of: %(names)s.") % {"names": names})


@dataclass(frozen=True, slots=True)
class Level:
    """A locked row of `stock_stocklevel`."""

    ingredient_id: int
    on_hand: Decimal
    reserved: Decimal
    low_threshold: Decimal
    shortage: bool

    def is_low_with(self, reserved: Decimal, on_hand: Decimal) -> bool:
        return reserved > on_hand or on_hand - reserved <= self.low_threshold

    @property
    def is_low(self) -> bool:
        return self.is_low_with(self.reserved, self.on_hand)


def lock_levels(ingredient_ids: Iterable[int]) -> dict[int, Level]:
    """Locks the levels in the one order that cannot deadlock: by id. Those the shop never had are missing."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_LEVELS, [sorted(ingredient_ids)])
        return {row[0]: Level(*row) for row in cursor.fetchall()}


def reserve(*, order_id: int, needs: Needs, needed_at: dt.datetime, pizzeria_id: int, now: dt.datetime) -> None:
    """Promises all the needs of an order, or none. Raises OutOfStock."""
    if not needs:
        return
    day = business_day(needed_at)
    if day > business_day(now):
        _reserve_later(order_id, needs, needed_at, day)
    else:
        _reserve_today(order_id, needs, needed_at, pizzeria_id, now)


def _reserve_today(order_id: int, needs: Needs, needed_at: dt.datetime, pizzeria_id: int, now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH need AS (SELECT * FROM unnest(%(keys)s::bigint[], %(amounts)s::numeric[]) AS need (ingredient_id, quantity)),"
            " locked AS MATERIALIZED (SELECT ingredient_id, on_hand, reserved, low_threshold, shortage FROM stock_stocklevel"
            "  WHERE ingredient_id = ANY(%(keys)s) ORDER BY ingredient_id FOR UPDATE),"
            " held AS (UPDATE stock_stocklevel AS level SET reserved = level.reserved + need.quantity"
            "  FROM locked JOIN need USING (ingredient_id)"
            f"  WHERE level.ingredient_id = locked.ingredient_id AND {GUARD} RETURNING level.ingredient_id),"
            " kept AS (INSERT INTO stock_reservation (order_id, ingredient_id, quantity, needed_at)"
            "  SELECT %(order)s, ingredient_id, quantity, %(needed_at)s FROM need)"
            " SELECT locked.* FROM locked JOIN held USING (ingredient_id)",
            {"keys": list(needs), "amounts": list(needs.values()), "order": order_id, "needed_at": needed_at},
        )
        levels = {row[0]: Level(*row) for row in cursor.fetchall()}
    if len(levels) < len(needs):
        raise OutOfStock(set(needs) - set(levels))
    _alert(pizzeria_id, levels, {key: (levels[key].reserved + needs[key], levels[key].on_hand) for key in needs}, now)


def _reserve_later(order_id: int, needs: Needs, needed_at: dt.datetime, day: dt.date) -> None:
    par = dict(StockLevel.objects.filter(pk__in=list(needs)).values_list("pk", "par"))
    DayPromise.objects.bulk_create(
        [DayPromise(ingredient_id=key, day=day, expected=par.get(key, Decimal(0))) for key in sorted(needs)],
        ignore_conflicts=True,
    )
    locked = _lock_promises([(key, day) for key in needs])
    missing = [key for key in needs if locked[key, day].promised + needs[key] > locked[key, day].expected]
    if missing:
        raise OutOfStock(missing)
    for key, quantity in needs.items():
        locked[key, day].promised += quantity
    DayPromise.objects.bulk_update(locked.values(), ["promised"])
    Reservation.objects.bulk_create(
        Reservation(order_id=order_id, ingredient_id=key, quantity=quantity, needed_at=needed_at, day=day)
        for key, quantity in needs.items()
    )


def _lock_promises(keys: Iterable[tuple[int, dt.date]]) -> dict[tuple[int, dt.date], DayPromise]:
    wanted = set(keys)
    rows = DayPromise.objects.filter(
        ingredient_id__in={key for key, _day in wanted}, day__in={day for _key, day in wanted}
    )
    locked = rows.order_by("ingredient_id", "day").select_for_update()
    return {(row.ingredient_id, row.day): row for row in locked if (row.ingredient_id, row.day) in wanted}


def release(*, order_id: int, pizzeria_id: int, now: dt.datetime) -> None:
    """Takes back what an order still holds: it was cancelled, or changes and reserves anew."""
    held = _held(order_id)
    _release_today([row for row in held if row.day is None], pizzeria_id, now)
    _release_later([row for row in held if row.day is not None])
    Reservation.objects.filter(order_id=order_id).delete()


def _held(order_id: int) -> list[Reservation]:
    return list(Reservation.objects.filter(order_id=order_id).order_by("ingredient_id").select_for_update())


def _release_today(held: list[Reservation], pizzeria_id: int, now: dt.datetime) -> None:
    if not held:
        return
    levels = lock_levels(row.ingredient_id for row in held)
    after = {row.ingredient_id: levels[row.ingredient_id].reserved - row.quantity for row in held}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE stock_stocklevel AS level SET reserved = level.reserved - freed.quantity,"
            " shortage = level.reserved - freed.quantity > level.on_hand"
            " FROM unnest(%s::bigint[], %s::numeric[]) AS freed (ingredient_id, quantity)"
            " WHERE level.ingredient_id = freed.ingredient_id",
            [[row.ingredient_id for row in held], [row.quantity for row in held]],
        )
    _alert(pizzeria_id, levels, {key: (reserved, levels[key].on_hand) for key, reserved in after.items()}, now)


def _release_later(held: list[Reservation]) -> None:
    if not held:
        return
    due = [(row.ingredient_id, row.day, row.quantity) for row in held if row.day is not None]
    locked = _lock_promises((key, day) for key, day, _quantity in due)
    for key, day, quantity in due:
        locked[key, day].promised -= quantity
    DayPromise.objects.bulk_update(locked.values(), ["promised"])


class StockSpent(RuleError):
    """The kitchen wants to take an order whose ingredients are no longer there: reality fell short of the promise."""

    def __init__(self, missing: Iterable[int]) -> None:
        names = ", ".join(Ingredient.objects.filter(pk__in=list(missing)).values_list("name", flat=True))
        super().__init__(
            _("The stock no longer has enough of: %(names)s. Count it, or settle the order at the counter.")
            % {"names": names}
        )


def consume(*, order_id: int, actor_id: int | None, pizzeria_id: int, now: dt.datetime) -> None:
    """The kitchen takes the order: what it reserved leaves the stock. Raises StockSpent."""
    settle_days(order_id=order_id, pizzeria_id=pizzeria_id, now=now)
    held = _held(order_id)
    if not held:
        return
    levels = lock_levels(row.ingredient_id for row in held)
    missing = [row.ingredient_id for row in held if levels[row.ingredient_id].on_hand < row.quantity]
    if missing:
        raise StockSpent(missing)
    _shift(order_id, held, Movement.Reason.CONSUMPTION, actor_id, now)
    Reservation.objects.filter(order_id=order_id).delete()
    after = {
        row.ingredient_id: (
            levels[row.ingredient_id].reserved - row.quantity,
            levels[row.ingredient_id].on_hand - row.quantity,
        )
        for row in held
    }
    _alert(pizzeria_id, levels, after, now)


def _shift(
    order_id: int, held: list[Reservation], reason: Movement.Reason, actor_id: int | None, now: dt.datetime
) -> None:
    """Moves stock and what is reserved of it together: out when the kitchen takes an order, back when it undoes that."""
    sign = -1 if reason == Movement.Reason.CONSUMPTION else 1
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH shift AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[]) AS shift (ingredient_id, delta)),"
            " moved AS (INSERT INTO stock_movement (ingredient_id, delta, reason, order_id, at, actor_id, note)"
            "  SELECT ingredient_id, delta, %s, %s, %s, %s, '' FROM shift)"
            " UPDATE stock_stocklevel AS level SET on_hand = level.on_hand + shift.delta,"
            "  reserved = level.reserved + shift.delta"
            " FROM shift WHERE level.ingredient_id = shift.ingredient_id",
            [
                [row.ingredient_id for row in held],
                [sign * row.quantity for row in held],
                reason.value,
                order_id,
                now,
                actor_id,
            ],
        )


def undo_consumption(
    *, order_id: int, needed_at: dt.datetime, actor_id: int | None, pizzeria_id: int, now: dt.datetime
) -> None:
    """The claim was a slip: what it consumed is back, and reserved again for the same order."""
    consumed = consumed_by(order_id)
    held = [
        Reservation(order_id=order_id, ingredient_id=key, quantity=quantity, needed_at=needed_at)
        for key, quantity in consumed.items()
    ]
    levels = lock_levels(consumed)
    _shift(order_id, held, Movement.Reason.UNDONE, actor_id, now)
    Reservation.objects.bulk_create(held)
    after = {
        key: (levels[key].reserved + quantity, levels[key].on_hand + quantity) for key, quantity in consumed.items()
    }
    _alert(pizzeria_id, levels, after, now)


def consumed_by(order_id: int) -> dict[int, Decimal]:
    """What an order took from the stock and did not give back, by ingredient."""
    taken: dict[int, Decimal] = {}
    for key, delta in (
        Movement.objects.filter(order_id=order_id).order_by("ingredient_id").values_list("ingredient_id", "delta")
    ):
        taken[key] = taken.get(key, Decimal(0)) - delta
    return {key: quantity for key, quantity in taken.items() if quantity > 0}


def settle_days(*, pizzeria_id: int, now: dt.datetime, order_id: int | None = None) -> frozenset[int]:
    """Moves the promises whose day has come into the levels of the day; returns the ingredients that fall short.

    Run for the whole shop when a business day begins, and for one order when the kitchen takes it. Running it again
    finds nothing to do.
    """
    due = _due(business_day(now), order_id)
    if not due:
        return frozenset()
    levels = lock_levels(row.ingredient_id for row in due)
    _release_later(due)
    arriving: dict[int, Decimal] = {}
    for row in due:
        arriving[row.ingredient_id] = arriving.get(row.ingredient_id, Decimal(0)) + row.quantity
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE stock_stocklevel AS level SET reserved = level.reserved + due.quantity,"
            " shortage = level.reserved + due.quantity > level.on_hand"
            " FROM unnest(%s::bigint[], %s::numeric[]) AS due (ingredient_id, quantity)"
            " WHERE level.ingredient_id = due.ingredient_id",
            [list(arriving), list(arriving.values())],
        )
    Reservation.objects.filter(pk__in=[row.pk for row in due]).update(day=None)
    after = {key: (levels[key].reserved + quantity, levels[key].on_hand) for key, quantity in arriving.items()}
    _alert(pizzeria_id, levels, after, now)
    return frozenset(key for key, (reserved, on_hand) in after.items() if reserved > on_hand)


def _due(today: dt.date, order_id: int | None) -> list[Reservation]:
    due: QuerySet[Reservation] = Reservation.objects.filter(day__lte=today)
    if order_id is not None:
        due = due.filter(order_id=order_id)
    return list(due.order_by("ingredient_id", "order_id").select_for_update())


def _alert(
    pizzeria_id: int, levels: Mapping[int, Level], after: Mapping[int, tuple[Decimal, Decimal]], now: dt.datetime
) -> None:
    """Tells the group's read model of the ingredients that became low or stopped being so."""
    became_low = [key for key, state in after.items() if levels[key].is_low_with(*state) and not levels[key].is_low]
    recovered = [key for key, state in after.items() if levels[key].is_low and not levels[key].is_low_with(*state)]
    if became_low or recovered:
        sales.change_alerts(pizzeria_id=pizzeria_id, raised=became_low, cleared=recovered, now=now)
