"""What a customer gives back: on the shelf again, or thrown away. Either way the kitchen had used it."""

import datetime as dt
from decimal import Decimal

from django.db import connection

from tenant_apps.stock.models import Movement
from tenant_apps.stock.services import coverage
from tenant_apps.stock.services.reservations import Needs


def record(
    *, order_id: int, returned: Needs, wasted: Needs, actor_id: int | None, pizzeria_id: int, now: dt.datetime
) -> None:
    """What is returned is on hand again; what is wasted comes back and goes to waste, so that the waste is counted.

    Quantities in the ingredients' units, net of what was used: the levels are locked by id.
    """
    keys = sorted({*returned, *wasted})
    if not keys:
        return
    levels = coverage.lock_levels(keys)
    back = {key: returned.get(key, Decimal(0)) + wasted.get(key, Decimal(0)) for key in keys if key in levels}
    thrown = {key: -wasted[key] for key in keys if key in levels and wasted.get(key)}
    _move(order_id, back, Movement.Reason.RETURNED, actor_id, now)
    _move(order_id, thrown, Movement.Reason.WASTE, actor_id, now)
    coverage.tell_alerts(pizzeria_id=pizzeria_id, before=levels, after=coverage.settle(levels, now=now), now=now)


def _move(order_id: int, deltas: Needs, reason: Movement.Reason, actor_id: int | None, now: dt.datetime) -> None:
    """What covers what is told anew after."""
    if not deltas:
        return
    why = Movement.WasteReason.RETURNED.value if reason == Movement.Reason.WASTE else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH moved AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[]) AS moved (ingredient_id, delta)),"
            " kept AS (INSERT INTO stock_movement"
            "  (ingredient_id, delta, reason, order_id, at, actor_id, note, waste_reason)"
            "  SELECT ingredient_id, delta, %s, %s, %s, %s, '', %s FROM moved)"
            " UPDATE stock_stocklevel AS level SET on_hand = level.on_hand + moved.delta, shortage = true"
            " FROM moved WHERE level.ingredient_id = moved.ingredient_id",
            [list(deltas), list(deltas.values()), reason.value, order_id, now, actor_id, why],
        )
