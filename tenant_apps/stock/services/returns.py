"""What a customer gives back: on the shelf again, or thrown away. Either way the kitchen had used it."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import connection

from shared_apps.sales import services as sales
from tenant_apps.stock.models import Movement
from tenant_apps.stock.services.reservations import Level, Needs, lock_levels


def record(
    *, order_id: int, returned: Needs, wasted: Needs, actor_id: int | None, pizzeria_id: int, now: dt.datetime
) -> None:
    """What is returned is on hand again; what is wasted comes back and goes to waste, so that the waste is counted.

    Quantities in the ingredients' units, net of what was used: the levels are locked by id.
    """
    keys = sorted({*returned, *wasted})
    if not keys:
        return
    levels = lock_levels(keys)
    back = {key: returned.get(key, Decimal(0)) + wasted.get(key, Decimal(0)) for key in keys if key in levels}
    thrown = {key: -wasted[key] for key in keys if key in levels and wasted.get(key)}
    _move(order_id, back, Movement.Reason.RETURNED, actor_id, now)
    _move(order_id, thrown, Movement.Reason.WASTE, actor_id, now)
    _tell_recovered(pizzeria_id, levels, {key: returned.get(key, Decimal(0)) for key in back}, now)


def _move(order_id: int, deltas: Needs, reason: Movement.Reason, actor_id: int | None, now: dt.datetime) -> None:
    if not deltas:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH moved AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[]) AS moved (ingredient_id, delta)),"
            " kept AS (INSERT INTO stock_movement (ingredient_id, delta, reason, order_id, at, actor_id, note)"
            "  SELECT ingredient_id, delta, %s, %s, %s, %s, '' FROM moved)"
            " UPDATE stock_stocklevel AS level SET on_hand = level.on_hand + moved.delta,"
            "  shortage = level.reserved > level.on_hand + moved.delta"
            " FROM moved WHERE level.ingredient_id = moved.ingredient_id",
            [list(deltas), list(deltas.values()), reason.value, order_id, now, actor_id],
        )


def _tell_recovered(pizzeria_id: int, levels: Mapping[int, Level], gained: Needs, now: dt.datetime) -> None:
    recovered = [
        key
        for key, quantity in gained.items()
        if levels[key].is_low and not levels[key].is_low_with(levels[key].reserved, levels[key].on_hand + quantity)
    ]
    if recovered:
        sales.change_alerts(pizzeria_id=pizzeria_id, raised=[], cleared=recovered, now=now)
