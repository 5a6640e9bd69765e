"""The stock a shop opens with."""

import datetime as dt
from decimal import Decimal

from django.db import connection

from shared_apps.sales import services as sales
from tenant_apps.stock.models import Movement, StockLevel

LOW_SHARE = Decimal("0.15")  # of a full stock: what is left then warns the manager


LEVELS = """
    INSERT INTO stock_stocklevel (ingredient_id, on_hand, reserved, shortage, low_threshold, par)
    SELECT id, CASE WHEN %(filled)s THEN par_quantity ELSE 0 END, 0, false, round(par_quantity * %(share)s, 2),
           par_quantity FROM catalogue_ingredient
"""
MOVEMENTS = """
    INSERT INTO stock_movement (ingredient_id, delta, reason, at, note)
    SELECT id, par_quantity, %(reason)s, %(now)s, '' FROM catalogue_ingredient
"""


def open_stock(*, pizzeria_id: int, filled: bool, now: dt.datetime) -> None:
    """A level per ingredient: full (its par quantity) or empty; the full ones with their first movement."""
    with connection.cursor() as cursor:
        cursor.execute(LEVELS, {"filled": filled, "share": LOW_SHARE})
        if filled:
            cursor.execute(MOVEMENTS, {"reason": Movement.Reason.OPENING.value, "now": now})
            return
    raised = list(StockLevel.objects.values_list("pk", flat=True))
    sales.change_alerts(pizzeria_id=pizzeria_id, raised=raised, cleared=[], now=now)
