"""What happens to the stock for real: received, wasted, counted.

Reality always wins: an act that leaves less than is promised is recorded all the same and marks the ingredient short.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from shared_apps.sales import services as sales
from tenant_apps.stock.models import Movement, StockLevel


class WrongQuantity(RuleError):
    """A reception or a waste of nothing or less, a count below zero, a waste of more than is there."""


@dataclass(frozen=True, slots=True)
class Where:
    """The shop whose stock moves: its row in the group's read model and its schema, for the hint."""

    pizzeria_id: int
    schema_name: str


def receive(
    *, where: Where, ingredient_id: int, quantity: Decimal, actor_id: int | None, now: dt.datetime, note: str = ""
) -> StockLevel:
    """Adds `quantity` (in the ingredient's unit) to what is on hand. Raises WrongQuantity."""
    if quantity <= 0:
        raise WrongQuantity(_("Enter the quantity received, above zero."))
    return _record(
        where, ingredient_id, lambda level: level.on_hand + quantity, Movement.Reason.RECEPTION, actor_id, now, note
    )


def waste(
    *, where: Where, ingredient_id: int, quantity: Decimal, actor_id: int | None, now: dt.datetime, note: str
) -> StockLevel:
    """Takes away what was thrown, with its reason. Raises WrongQuantity."""
    if quantity <= 0:
        raise WrongQuantity(_("Enter the quantity thrown away, above zero."))

    def left(level: StockLevel) -> Decimal:
        if quantity > level.on_hand:
            raise WrongQuantity(_("There is not that much in stock: count it instead."))
        return level.on_hand - quantity

    return _record(where, ingredient_id, left, Movement.Reason.WASTE, actor_id, now, note)


def count(
    *, where: Where, ingredient_id: int, quantity: Decimal, actor_id: int | None, now: dt.datetime, note: str = ""
) -> StockLevel:
    """Sets what is on hand to what somebody counted; the difference is a movement. Raises WrongQuantity."""
    if quantity < 0:
        raise WrongQuantity(_("A count cannot be below zero."))
    return _record(where, ingredient_id, lambda level: quantity, Movement.Reason.COUNT, actor_id, now, note)


@transaction.atomic
def _record(
    where: Where,
    ingredient_id: int,
    on_hand_after: Callable[[StockLevel], Decimal],
    reason: Movement.Reason,
    actor_id: int | None,
    now: dt.datetime,
    note: str,
) -> StockLevel:
    StockLevel.objects.get_or_create(ingredient_id=ingredient_id)
    level = StockLevel.objects.select_for_update().get(pk=ingredient_id)
    was_low, before = level.is_low, level.on_hand
    level.on_hand = on_hand_after(level)
    level.shortage = level.reserved > level.on_hand
    level.save(update_fields=["on_hand", "shortage"])
    Movement.objects.create(
        ingredient_id=ingredient_id, delta=level.on_hand - before, reason=reason, at=now, actor_id=actor_id, note=note
    )
    if level.is_low != was_low:
        changed = [ingredient_id]
        sales.change_alerts(
            pizzeria_id=where.pizzeria_id,
            raised=changed if level.is_low else [],
            cleared=[] if level.is_low else changed,
            now=now,
        )
    hints.changed(scope=where.schema_name, topics=["stock"], group=level.is_low != was_low)
    return level
