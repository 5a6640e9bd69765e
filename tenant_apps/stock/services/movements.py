"""What happens to the stock for real: received, wasted, counted.

Reality always wins: an act that leaves less than is promised is recorded all the same and marks the ingredient short.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from shared_apps.sales import services as sales
from tenant_apps.stock.models import CountedLevel, Movement, StockCount, StockLevel


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
def count_many(*, where: Where, counted: Mapping[int, Decimal], actor_id: int | None, now: dt.datetime) -> StockCount:
    """One count of several ingredients, with what was expected of each. Raises WrongQuantity."""
    if not counted:
        raise WrongQuantity(_("Write what you counted of one ingredient at least."))
    act = StockCount.objects.create(at=now, actor_id=actor_id)
    results = []
    for ingredient_id in sorted(counted):  # levels are locked in the order of their ids
        StockLevel.objects.get_or_create(ingredient_id=ingredient_id)
        expected = StockLevel.objects.select_for_update().get(pk=ingredient_id).on_hand
        quantity = counted[ingredient_id]
        count(where=where, ingredient_id=ingredient_id, quantity=quantity, actor_id=actor_id, now=now)
        results.append(CountedLevel(count=act, ingredient_id=ingredient_id, expected=expected, counted=quantity))
    CountedLevel.objects.bulk_create(results)
    return act


@transaction.atomic
def set_threshold(
    *, where: Where, ingredient_id: int, low_threshold: Decimal, par: Decimal, actor_id: int | None, now: dt.datetime
) -> StockLevel:
    """Under how much the manager is warned, and up to how much the shop restocks; kept in the history of settings."""
    level = StockLevel.objects.select_for_update(of=("self",)).select_related("ingredient").get(pk=ingredient_id)
    if low_threshold < 0 or par < 0:
        raise WrongQuantity(_("A threshold cannot be below zero."))
    was_low = level.is_low
    before = {"low_threshold": str(level.low_threshold), "par": str(level.par)}
    level.low_threshold, level.par = low_threshold, par
    level.save(update_fields=["low_threshold", "par"])
    AuditEntry.objects.create(
        actor_id=actor_id,
        pizzeria_id=where.pizzeria_id,
        act="threshold",
        subject=level.ingredient.name,
        before=before,
        after={"low_threshold": f"{low_threshold:.2f}", "par": f"{par:.2f}"},
    )
    _tell_alert(where, level, was_low, now)
    return level


def _tell_alert(where: Where, level: StockLevel, was_low: bool, now: dt.datetime) -> None:
    changed = [level.pk] if level.is_low != was_low else []
    if changed:
        sales.change_alerts(
            pizzeria_id=where.pizzeria_id,
            raised=changed if level.is_low else [],
            cleared=[] if level.is_low else changed,
            now=now,
        )
    hints.changed(scope=where.schema_name, topics=["stock"], group=bool(changed))


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
    _tell_alert(where, level, was_low, now)
    return level
