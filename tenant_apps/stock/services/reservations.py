"""Promising ingredients to orders, and taking promises back. Nothing is oversold, at any moment to come.

Locks, after the order and its slot: levels in the order of the ingredients' ids, and under them their reservations
(ADR 0009, 0027). An order whose needs are on hand for everybody is accepted by one statement; only when they are not
does a second one look at what comes, and when.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Ingredient
from shared_apps.core.errors import RuleError
from tenant_apps.stock.models import Movement, Reservation, StandIn
from tenant_apps.stock.services import coverage, stand_ins
from tenant_apps.stock.services.coverage import Level
from tenant_apps.stock.services.stand_ins import GROUP_RECIPES, Recipes

Needs = Mapping[int, Decimal]  # ingredient id → quantity in its unit

# Enough is on hand for all that is promised, whenever: nothing else is to be asked.
GUARD = "(need.quantity = 0 OR level.on_hand - level.reserved - level.awaited >= need.quantity)"
# And only if the recipes are those that the needs were worked out from (ADR 0028).
SAME_RECIPES = "level.substitution_id IS NOT DISTINCT FROM need.known"


class OutOfStock(RuleError):
    """Some ingredients do not suffice; `missing` are their ids, `following` the next times when they do, in words."""

    def __init__(self, missing: Iterable[int], following: Sequence[str] = ()) -> None:
        self.missing, self.following = frozenset(missing), tuple(following)
        names = ", ".join(Ingredient.objects.filter(pk__in=self.missing).values_list("name", flat=True))
        refusal = _("There is not enough left of: %(names)s.") % {"names": names}
        if following:
            refusal = _("%(refusal)s It is possible again: %(times)s.") % {
                "refusal": refusal,
                "times": ", ".join(following),
            }
        super().__init__(refusal)


def reserve(
    *,
    order_id: int,
    needs: Needs,
    needed_at: dt.datetime,
    pizzeria_id: int,
    now: dt.datetime,
    recipes: Recipes = GROUP_RECIPES,
) -> None:
    """Promises all the needs of an order, which the kitchen begins at `needed_at`, or none.

    Raises OutOfStock, RecipesChanged.
    """
    if not needs:
        return
    before, held = _hold(order_id, needs, needed_at, recipes)
    after = {key: replace(before[key], reserved=before[key].reserved + needs[key]) for key in needs if key in held}
    if len(held) < len(set(needs) | set(recipes.replaced)):
        stand_ins.check(found={key: level.substitution_id for key, level in before.items()}, recipes=recipes)
        after |= coverage.accept(set(needs) - held, since=needed_at, now=now)
    if len(after) < len(needs):
        raise OutOfStock(set(needs) - set(after))
    if recipes.stand_ins:
        stand_ins.keep(order_id=order_id, recipes=recipes)
    coverage.tell_alerts(pizzeria_id=pizzeria_id, before=before, after=after, now=now)


def _hold(order_id: int, needs: Needs, needed_at: dt.datetime, recipes: Recipes) -> tuple[dict[int, Level], set[int]]:
    """Writes the reservations; returns the levels as they were, locked, and the ingredients that suffice for all."""
    looked_at = {**dict.fromkeys(recipes.replaced, Decimal(0)), **needs}
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH need AS (SELECT * FROM unnest(%(keys)s::bigint[], %(amounts)s::numeric[], %(known)s::bigint[])"
            "  AS need (ingredient_id, quantity, known)),"
            f" locked AS MATERIALIZED (SELECT {coverage.COLUMNS} FROM stock_stocklevel"
            "  WHERE ingredient_id = ANY(%(keys)s) ORDER BY ingredient_id FOR UPDATE),"
            " held AS (UPDATE stock_stocklevel AS level SET reserved = level.reserved + need.quantity"
            "  FROM locked JOIN need USING (ingredient_id)"
            f"  WHERE level.ingredient_id = locked.ingredient_id AND {GUARD} AND {SAME_RECIPES}"
            "  RETURNING level.ingredient_id),"
            " kept AS (INSERT INTO stock_reservation (order_id, ingredient_id, quantity, needed_at, awaited)"
            "  SELECT %(order)s, ingredient_id, quantity, %(needed_at)s, 0 FROM need WHERE quantity > 0)"
            " SELECT locked.*, held.ingredient_id IS NOT NULL FROM locked LEFT JOIN held USING (ingredient_id)",
            {
                "keys": list(looked_at),
                "amounts": list(looked_at.values()),
                "known": recipes.known_for(looked_at),
                "order": order_id,
                "needed_at": needed_at,
            },
        )
        rows = cursor.fetchall()
    return {row[0]: Level(*row[:-1]) for row in rows}, {row[0] for row in rows if row[-1]}


def release(*, order_id: int, pizzeria_id: int, now: dt.datetime) -> None:
    """Takes back what an order still holds: it was cancelled, or changes and reserves anew."""
    before = coverage.lock_levels(_keys_of(order_id))
    if not before:
        return
    Reservation.objects.filter(order_id=order_id).delete()
    StandIn.objects.filter(order_id=order_id).delete()
    after = coverage.settle(before, now=now)
    coverage.tell_alerts(pizzeria_id=pizzeria_id, before=before, after=after, now=now)


def _keys_of(order_id: int) -> list[int]:
    """The ingredients it holds: no other transaction adds or takes one while the order is locked."""
    return list(Reservation.objects.filter(order_id=order_id).values_list("ingredient_id", flat=True))


class StockSpent(RuleError):
    """The kitchen wants to take an order whose ingredients are not there, or are promised to orders needed before it."""

    def __init__(self, missing: Iterable[int]) -> None:
        names = ", ".join(Ingredient.objects.filter(pk__in=list(missing)).values_list("name", flat=True))
        super().__init__(
            _("The stock no longer has enough of: %(names)s. Count it, or settle the order at the counter.")
            % {"names": names}
        )


def consume(*, order_id: int, actor_id: int | None, pizzeria_id: int, now: dt.datetime) -> None:
    """The kitchen takes the order: what it reserved leaves the stock. Raises StockSpent.

    An order that waits for a reception is taken before it only where that leaves enough for those needed meanwhile.
    """
    before = coverage.lock_levels(_keys_of(order_id))
    held = list(Reservation.objects.filter(order_id=order_id).order_by("ingredient_id"))
    missing = [row.ingredient_id for row in held if before[row.ingredient_id].on_hand < row.quantity]
    if missing:
        raise StockSpent(missing)
    _shift(order_id, {row.ingredient_id: -row.quantity for row in held}, Movement.Reason.CONSUMPTION, actor_id, now)
    Reservation.objects.filter(order_id=order_id).delete()
    after = coverage.settle(before, now=now)
    ahead = {row.ingredient_id for row in held if row.awaited}
    taken_from_others = [key for key in ahead if after[key].shortage and not before[key].shortage]
    if taken_from_others:
        raise StockSpent(taken_from_others)
    coverage.tell_alerts(pizzeria_id=pizzeria_id, before=before, after=after, now=now)


def _shift(
    order_id: int, deltas: Mapping[int, Decimal], reason: Movement.Reason, actor_id: int | None, now: dt.datetime
) -> None:
    """Moves the stock; what is reserved of it is settled after."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH shift AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[]) AS shift (ingredient_id, delta)),"
            " moved AS (INSERT INTO stock_movement (ingredient_id, delta, reason, order_id, at, actor_id, note, waste_reason)"
            "  SELECT ingredient_id, delta, %s, %s, %s, %s, '', '' FROM shift)"
            " UPDATE stock_stocklevel AS level SET on_hand = level.on_hand + shift.delta, shortage = true"
            " FROM shift WHERE level.ingredient_id = shift.ingredient_id",
            [list(deltas), list(deltas.values()), reason.value, order_id, now, actor_id],
        )


def undo_consumption(
    *, order_id: int, needed_at: dt.datetime, actor_id: int | None, pizzeria_id: int, now: dt.datetime
) -> None:
    """The claim was a slip: what it consumed is back, and reserved again for the same order."""
    consumed = consumed_by(order_id)
    before = coverage.lock_levels(consumed)
    _shift(order_id, consumed, Movement.Reason.UNDONE, actor_id, now)
    Reservation.objects.bulk_create(
        Reservation(order_id=order_id, ingredient_id=key, quantity=quantity, needed_at=needed_at)
        for key, quantity in consumed.items()
    )
    after = coverage.settle(before, now=now)
    coverage.tell_alerts(pizzeria_id=pizzeria_id, before=before, after=after, now=now)


def consumed_by(order_id: int) -> dict[int, Decimal]:
    """What an order took from the stock and did not give back, by ingredient."""
    taken: dict[int, Decimal] = {}
    for key, delta in (
        Movement.objects.filter(order_id=order_id).order_by("ingredient_id").values_list("ingredient_id", "delta")
    ):
        taken[key] = taken.get(key, Decimal(0)) - delta
    return {key: quantity for key, quantity in taken.items() if quantity > 0}
