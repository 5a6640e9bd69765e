"""Replacing an ingredient by another for a time, and going back: what orders still hold moves with it (ADR 0028).

Whoever reserves locks the levels they need and finds the substitution on them, so no order is taken with a recipe that
has just changed. Here the levels come first, then the orders that hold the ingredient, and these are never waited for:
one that somebody acts on raises OrdersBusy, and the caller starts again. So nobody deadlocks with the acts on orders,
which lock the order first.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.catalogue.models import Ingredient
from shared_apps.core.errors import RuleError
from tenant_apps.stock.models import Reservation, StandIn, StockLevel, Substitution
from tenant_apps.stock.services import coverage
from tenant_apps.stock.services.coverage import Level, lock_levels
from tenant_apps.stock.services.movements import Where

CENT = Decimal("0.01")


class WrongSubstitution(RuleError):
    """By itself, by what is replaced too, without a reason, until a moment that is past, or by something undeclared."""


class OrdersBusy(RuleError):
    """Somebody acts at this very moment on an order that holds the ingredient."""

    def __init__(self) -> None:
        super().__init__(_("An order is being changed at this very moment: try again."))


@dataclass(frozen=True, slots=True)
class Move:
    """Of one order: a quantity of an ingredient given up for a quantity of another."""

    held: Reservation
    gives: tuple[int, Decimal]
    takes: tuple[int, Decimal]


def start(
    *,
    where: Where,
    replaced_id: int,
    replacement_id: int,
    ratio: Decimal,
    reason: str,
    until_at: dt.datetime | None,
    actor_id: int | None,
    now: dt.datetime,
) -> Substitution:
    """From now on the shop makes its recipes with the replacement; `ratio` is its quantity for 1 of the replaced.

    The levels stay locked: `follow` moves what orders hold, in the same transaction. Raises WrongSubstitution.
    """
    if replaced_id == replacement_id:
        raise WrongSubstitution(_("Choose two different ingredients."))
    if ratio <= 0:
        raise WrongSubstitution(_("Enter how much of it is used instead, above zero."))
    if not reason.strip():
        raise WrongSubstitution(_("Say why it is replaced."))
    if until_at and until_at <= now:
        raise WrongSubstitution(_("Choose an end that is still to come."))
    for key in (replaced_id, replacement_id):
        StockLevel.objects.get_or_create(ingredient_id=key)
    lock_levels([replaced_id, replacement_id])
    _check_pair(replaced_id, replacement_id)
    begun = Substitution.objects.create(
        replaced_id=replaced_id,
        replacement_id=replacement_id,
        ratio=ratio,
        reason=reason.strip()[:200],
        started_at=now,
        started_by_id=actor_id,
        until_at=until_at,
    )
    StockLevel.objects.filter(pk=replaced_id).update(substitution=begun)
    _audit(where, begun, actor_id)
    return begun


def _check_pair(replaced_id: int, replacement_id: int) -> None:
    """No chain: what stands for something is itself. The levels are locked, so two at once cannot make one."""
    under_way = Substitution.objects.filter(ended_at=None)
    if under_way.filter(replaced_id=replaced_id).exists():
        raise WrongSubstitution(_("This ingredient is replaced already: end that first."))
    if under_way.filter(Q(replaced_id=replacement_id) | Q(replacement_id=replaced_id)).exists():
        raise WrongSubstitution(_("One of them is in another replacement under way: end that first."))
    if not Ingredient.objects.filter(pk=replacement_id, allergens_declared=True).exists():
        raise WrongSubstitution(_("The allergens of this ingredient are not declared yet: it cannot be used."))


def end(*, where: Where, substitution_id: int, actor_id: int | None, now: dt.datetime) -> Substitution | None:
    """Recipes are as before; None when somebody ended it first. The levels stay locked, for `follow`."""
    # No key is locked: an order that is being placed may name it meanwhile.
    found = Substitution.objects.select_for_update(no_key=True).filter(pk=substitution_id, ended_at=None).first()
    if found is None:
        return None
    lock_levels([found.replaced_id, found.replacement_id])
    found.ended_at, found.ended_by_id = now, actor_id
    found.save(update_fields=["ended_at", "ended_by"])
    StockLevel.objects.filter(pk=found.replaced_id).update(substitution=None)
    _audit(where, found, actor_id)
    return found


def _audit(where: Where, substitution: Substitution, actor_id: int | None) -> None:
    said = {
        "replacement": substitution.replacement.name,
        "ratio": str(substitution.ratio.normalize()),
        "reason": substitution.reason,
    }
    if substitution.until_at:
        said["until_at"] = substitution.until_at.isoformat(timespec="minutes")
    AuditEntry.objects.create(
        actor_id=actor_id,
        pizzeria_id=where.pizzeria_id,
        act="substitution",
        subject=substitution.replaced.name,
        before=said if substitution.ended_at else {},
        after={} if substitution.ended_at else said,
    )


def behind() -> list[Substitution]:
    """Those that what some orders hold does not follow: given back by the kitchen since."""
    forward = Q(ended_at=None, pk__in=StockLevel.objects.filter(
        pk__in=Reservation.objects.values("ingredient_id")).values("substitution_id"))  # fmt: skip
    backward = Q(ended_at__isnull=False, stand_ins__order__reservations__isnull=False)
    return list(Substitution.objects.filter(forward | backward).distinct().order_by("pk"))


def follow(*, where: Where, substitution: Substitution, now: dt.datetime, order_id: int | None = None) -> list[int]:
    """What open orders hold becomes what the recipes now ask for; returns these orders, the first needed first.

    Reality wins over the stock: where the replacement does not suffice, with what is expected, the ingredient is short.
    Raises OrdersBusy.
    """
    levels = lock_levels([substitution.replaced_id, substitution.replacement_id])
    moves = _back(substitution, order_id) if substitution.ended_at else _forth(substitution, order_id)
    _exchange(where, levels, moves, now)
    if substitution.ended_at:
        StandIn.objects.filter(substitution=substitution, order_id__in=[move.held.order_id for move in moves]).delete()
    else:
        StandIn.objects.bulk_create(
            StandIn(
                order_id=move.held.order_id,
                substitution=substitution,
                replaced_quantity=move.gives[1],
                quantity=move.takes[1],
            )
            for move in moves
        )
    return [move.held.order_id for move in moves]


def _forth(substitution: Substitution, order_id: int | None) -> list[Move]:
    held = Reservation.objects.filter(ingredient_id=substitution.replaced_id)
    if substitution.until_at:
        held = held.filter(order__slot__starts_at__lt=substitution.until_at)
    return [
        Move(
            row,
            (substitution.replaced_id, row.quantity),
            (substitution.replacement_id, max(CENT, (row.quantity * substitution.ratio).quantize(CENT))),
        )
        for row in _held(held, order_id)
    ]


def _back(substitution: Substitution, order_id: int | None) -> list[Move]:
    standing = {row.order_id: row for row in StandIn.objects.filter(substitution=substitution)}
    held = Reservation.objects.filter(ingredient_id=substitution.replacement_id, order_id__in=list(standing))
    return [
        Move(
            row,
            (substitution.replacement_id, standing[row.order_id].quantity),
            (substitution.replaced_id, standing[row.order_id].replaced_quantity),
        )
        for row in _held(held, order_id)
    ]


def _held(rows: "QuerySet[Reservation]", order_id: int | None) -> list[Reservation]:
    """Locked with their orders, never waited for."""
    if order_id is not None:
        rows = rows.filter(order_id=order_id)
    locked = list(
        rows.select_related("order")
        .select_for_update(of=("self", "order"), skip_locked=True)
        .order_by("needed_at", "order_id")
    )
    if len(locked) < rows.count():
        raise OrdersBusy
    return locked


def _exchange(where: Where, levels: dict[int, Level], moves: list[Move], now: dt.datetime) -> None:
    """The reservations, and what covers them."""
    rows = {
        (row.order_id, row.ingredient_id): row
        for row in Reservation.objects.filter(
            order_id__in=[move.held.order_id for move in moves], ingredient_id__in=list(levels)
        )
    }
    for move in moves:
        held = rows[move.held.order_id, move.gives[0]]
        held.quantity -= move.gives[1]
        taken = rows.setdefault(
            (held.order_id, move.takes[0]),
            Reservation(
                order_id=held.order_id,
                ingredient_id=move.takes[0],
                quantity=Decimal(0),
                needed_at=held.needed_at,
            ),
        )
        taken.quantity += move.takes[1]
        held.awaited = taken.awaited = Decimal(0)  # told anew below
    Reservation.objects.filter(pk__in=[row.pk for row in rows.values() if row.pk and row.quantity <= 0]).delete()
    Reservation.objects.bulk_update(
        [row for row in rows.values() if row.pk and row.quantity > 0], ["quantity", "awaited"]
    )
    Reservation.objects.bulk_create([row for row in rows.values() if not row.pk])
    after = coverage.settle(levels, now=now)
    coverage.tell_alerts(pizzeria_id=where.pizzeria_id, before=levels, after=after, now=now)


def lock_for_undo(*, ingredient_ids: Iterable[int]) -> None:
    """The levels that an order gives back and takes again, with those of what stands for them: by id, at once."""
    keys = set(ingredient_ids)
    pairs = Substitution.objects.filter(Q(replaced_id__in=keys) | Q(replacement_id__in=keys))
    for pair in pairs.values_list("replaced_id", "replacement_id"):
        keys.update(pair)
    lock_levels(keys)


def due(now: dt.datetime) -> list[int]:
    """Substitutions whose time is over and that nobody has ended."""
    return list(
        Substitution.objects.filter(ended_at=None, until_at__lte=now).order_by("pk").values_list("pk", flat=True)
    )
