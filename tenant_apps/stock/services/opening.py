"""The stock a shop opens with."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from shared_apps.catalogue.models import Ingredient
from shared_apps.sales import services as sales
from tenant_apps.stock.models import Movement, StockLevel

LOW_SHARE = Decimal("0.15")  # of a full stock: what is left then warns the manager


def open_stock(*, pizzeria_id: int, ingredients: Sequence[Ingredient], filled: bool, now: dt.datetime) -> None:
    """A level per ingredient: full (its par quantity) or empty; the full ones with their first movement."""
    StockLevel.objects.bulk_create(
        StockLevel(
            ingredient=ingredient,
            on_hand=ingredient.par_quantity if filled else 0,
            par=ingredient.par_quantity,
            low_threshold=(ingredient.par_quantity * LOW_SHARE).quantize(Decimal("0.01")),
        )
        for ingredient in ingredients
    )
    if filled:
        Movement.objects.bulk_create(
            Movement(ingredient=row, delta=row.par_quantity, reason=Movement.Reason.OPENING, at=now)
            for row in ingredients
        )
    else:
        sales.change_alerts(pizzeria_id=pizzeria_id, raised=[row.pk for row in ingredients], cleared=[], now=now)
