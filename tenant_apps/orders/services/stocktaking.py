"""Receptions, waste and counts as the staff record them: the stock moves, and orders it no longer covers become cases."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from django.db import transaction

from tenant_apps.orders.services import cases
from tenant_apps.stock.models import Movement, StockCount, StockLevel
from tenant_apps.stock.services import movements
from tenants.hosts import Shop


@transaction.atomic
def count_many(*, shop: Shop, counted: Mapping[int, Decimal], actor_id: int | None, now: dt.datetime) -> StockCount:
    """One count of several ingredients, in their units. Raises WrongQuantity."""
    where = movements.Where(shop.id, shop.schema_name)
    act = movements.count_many(where=where, counted=counted, actor_id=actor_id, now=now)
    cases.review_shortages(now=now)
    return act


@transaction.atomic
def record(
    *,
    shop: Shop,
    reason: Movement.Reason,
    ingredient_id: int,
    quantity: Decimal,
    actor_id: int | None,
    now: dt.datetime,
    note: str = "",
    why: Movement.WasteReason = Movement.WasteReason.OTHER,
    submission: uuid.UUID | None = None,
) -> StockLevel:
    """A reception or a waste of `quantity`, or a count that found it; in the ingredient's unit.

    The same submission again moves nothing. Raises WrongQuantity.
    """
    acts: dict[Movement.Reason, Callable[..., StockLevel]] = {
        Movement.Reason.RECEPTION: movements.receive,
        Movement.Reason.WASTE: partial(movements.waste, why=why),
        Movement.Reason.COUNT: movements.count,
    }
    where = movements.Where(shop.id, shop.schema_name)
    level = acts[reason](
        where=where,
        ingredient_id=ingredient_id,
        quantity=quantity,
        actor_id=actor_id,
        now=now,
        note=note,
        submission=submission,
    )
    cases.review_shortages(now=now)
    return level
