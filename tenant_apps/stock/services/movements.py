"""What happens to the stock for real: received, wasted, counted.

Reality always wins: an act that leaves less than is promised is recorded all the same and marks the ingredient short.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from tenant_apps.stock.models import CountedLevel, Movement, StockCount, StockLevel
from tenant_apps.stock.services import coverage
from tenant_apps.stock.services.coverage import Level


class WrongQuantity(RuleError):
    """A reception or a waste of nothing or less, a count below zero, a waste of more than is there."""


@dataclass(frozen=True, slots=True)
class Where:
    """The shop whose stock moves: its row in the group's read model and its schema, for the hint."""

    pizzeria_id: int
    schema_name: str


def receive(
    *,
    where: Where,
    ingredient_id: int,
    quantity: Decimal,
    actor_id: int | None,
    now: dt.datetime,
    note: str = "",
    submission: uuid.UUID | None = None,
) -> StockLevel:
    """Adds `quantity` (in the ingredient's unit) to what is on hand. Raises WrongQuantity."""
    if quantity <= 0:
        raise WrongQuantity(_("Enter the quantity received, above zero."))
    movement = Movement(reason=Movement.Reason.RECEPTION, at=now, actor_id=actor_id, note=note, submission=submission)
    return _record(where, ingredient_id, lambda level: level.on_hand + quantity, movement)


def waste(
    *,
    where: Where,
    ingredient_id: int,
    quantity: Decimal,
    why: Movement.WasteReason,
    actor_id: int | None,
    now: dt.datetime,
    note: str = "",
    submission: uuid.UUID | None = None,
) -> StockLevel:
    """Takes away what was thrown, with its reason. Raises WrongQuantity."""
    if quantity <= 0:
        raise WrongQuantity(_("Enter the quantity thrown away, above zero."))

    def left(level: Level) -> Decimal:
        if quantity > level.on_hand:
            raise WrongQuantity(_("There is not that much in stock: count it instead."))
        return level.on_hand - quantity

    movement = Movement(
        reason=Movement.Reason.WASTE, waste_reason=why, at=now, actor_id=actor_id, note=note, submission=submission
    )
    return _record(where, ingredient_id, left, movement)


def count(
    *,
    where: Where,
    ingredient_id: int,
    quantity: Decimal,
    actor_id: int | None,
    now: dt.datetime,
    note: str = "",
    submission: uuid.UUID | None = None,
) -> StockLevel:
    """Sets what is on hand to what somebody counted; the difference is a movement. Raises WrongQuantity."""
    if quantity < 0:
        raise WrongQuantity(_("A count cannot be below zero."))
    movement = Movement(reason=Movement.Reason.COUNT, at=now, actor_id=actor_id, note=note, submission=submission)
    return _record(where, ingredient_id, lambda level: quantity, movement)


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
    if low_threshold < 0 or par < 0:
        raise WrongQuantity(_("A threshold cannot be below zero."))
    before = coverage.lock_levels([ingredient_id])
    level = StockLevel.objects.select_related("ingredient").get(pk=ingredient_id)
    kept = {"low_threshold": str(level.low_threshold), "par": str(level.par)}
    level.low_threshold, level.par = low_threshold, par
    level.save(update_fields=["low_threshold", "par"])
    AuditEntry.objects.create(
        actor_id=actor_id,
        pizzeria_id=where.pizzeria_id,
        act="threshold",
        subject=level.ingredient.name,
        before=kept,
        after={"low_threshold": f"{low_threshold:.2f}", "par": f"{par:.2f}"},
    )
    tell(where=where, before=before, after=coverage.lock_levels([ingredient_id]), now=now)
    return level


def tell(*, where: Where, before: coverage.Levels, after: coverage.Levels, now: dt.datetime) -> None:
    """The alerts of the group and the screens of the shop follow; once, last in the transaction."""
    changed = coverage.tell_alerts(pizzeria_id=where.pizzeria_id, before=before, after=after, now=now)
    hints.changed(scope=where.schema_name, topics=["stock"], group=changed)


@transaction.atomic
def _record(
    where: Where, ingredient_id: int, on_hand_after: Callable[[Level], Decimal], movement: Movement
) -> StockLevel:
    StockLevel.objects.get_or_create(ingredient_id=ingredient_id)
    before = coverage.lock_levels([ingredient_id])
    if movement.submission and Movement.objects.filter(submission=movement.submission).exists():
        return StockLevel.objects.get(pk=ingredient_id)  # the same form again: the lock made it wait
    level = before[ingredient_id]
    on_hand = on_hand_after(level)
    # Short until what covers what is told anew: less may be there than is promised.
    StockLevel.objects.filter(pk=ingredient_id).update(on_hand=on_hand, shortage=True)
    movement.ingredient_id, movement.delta = ingredient_id, on_hand - level.on_hand
    movement.save()
    after = coverage.settle([ingredient_id], now=movement.at)
    tell(where=where, before=before, after=after, now=movement.at)
    return StockLevel.objects.get(pk=ingredient_id)
