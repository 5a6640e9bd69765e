"""The stock a shop opens with, and who usually fills it again."""

import datetime as dt
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from shared_apps.live import hints
from shared_apps.sales import services as sales
from tenant_apps.stock.models import Movement, StockLevel, Supplier
from tenant_apps.stock.services import suppliers
from tenant_apps.stock.services.movements import Where

LOW_SHARE = Decimal("0.15")  # of a full stock: what is left then warns the manager
USUAL_SHARE = Decimal("0.5")  # of a full stock: what comes on a usual day
MERCHANT_BY, DOUGH_BY = dt.time(10), dt.time(11)


LEVELS = """
    INSERT INTO stock_stocklevel (ingredient_id, on_hand, reserved, awaited, expected, shortage, low_threshold, par)
    SELECT id, CASE WHEN %(filled)s THEN par_quantity ELSE 0 END, 0, 0, 0, false, round(par_quantity * %(share)s, 2),
           par_quantity FROM catalogue_ingredient
"""
MOVEMENTS = """
    INSERT INTO stock_movement (ingredient_id, delta, reason, at, note, waste_reason)
    SELECT id, par_quantity, %(reason)s, %(now)s, '', '' FROM catalogue_ingredient
"""
# Packs as the trade sells them: trays of 10 balls of dough, 6 pieces, or some hundreds of grams up to 2.5 kg.
ITEMS = """
    INSERT INTO stock_supplieritem (supplier_id, ingredient_id, pack, usual_packs)
    SELECT CASE WHEN is_dough THEN %(here)s ELSE %(merchant)s END, id, pack, ceil(par_quantity * %(share)s / pack)
    FROM catalogue_ingredient CROSS JOIN LATERAL (
        SELECT CASE WHEN is_dough THEN 10 WHEN unit = 'piece' THEN 6 WHEN par_quantity >= 20000 THEN 2500
                    WHEN par_quantity >= 5000 THEN 1000 WHEN par_quantity >= 2000 THEN 500 ELSE 100 END AS pack
    ) AS sold
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


@transaction.atomic
def add_levels(*, where: Where, now: dt.datetime) -> list[int]:
    """A level, empty, of each ingredient that the group has made since; returns their ids. Nothing the second time."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{LEVELS} ON CONFLICT DO NOTHING RETURNING ingredient_id", {"filled": False, "share": LOW_SHARE}
        )
        added = sorted(row[0] for row in cursor.fetchall())
    if added:
        sales.change_alerts(pizzeria_id=where.pizzeria_id, raised=added, cleared=[], now=now)
        hints.changed(scope=where.schema_name, topics=["stock"], group=True)
    return added


def open_suppliers(*, where: Where, days_ahead: int, now: dt.datetime) -> None:
    """A merchant who comes from Monday to Saturday and the dough made every day, for the manager to correct.

    Orders of the coming days count on them from the first day on.
    """
    merchant = Supplier.objects.create(
        name=_("Usual merchant"), weekdays=[0, 1, 2, 3, 4, 5], delivers_by=MERCHANT_BY, lead_days=1
    )
    here = Supplier.objects.create(
        name=_("Dough made here"), weekdays=[0, 1, 2, 3, 4, 5, 6], delivers_by=DOUGH_BY, lead_days=0, makes_it_here=True
    )
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, {"here": here.pk, "merchant": merchant.pk, "share": USUAL_SHARE})
    suppliers.plan_usual(where=where, days_ahead=days_ahead, now=now)
