"""What suppliers are to bring, and what they brought: orders count on the one, the stock holds the other.

Locks: receptions by id, then levels by ingredient id (ADR 0027). Every act is kept in the history of the shop.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from shared_apps.accounts.models import AuditEntry
from shared_apps.core.calendar import PARIS
from shared_apps.core.errors import RuleError
from tenant_apps.stock.models import Movement, Reception, ReceptionLine, StockLevel
from tenant_apps.stock.services import coverage, movements
from tenant_apps.stock.services.movements import Where, WrongQuantity

State = Reception.State
Quantities = Mapping[int, Decimal]  # ingredient id → quantity in its unit


class NotOpen(RuleError):
    """The reception was received or cancelled: it no longer changes."""

    def __init__(self) -> None:
        super().__init__(_("This delivery is over: it no longer changes."))


class InThePast(RuleError):
    """Nothing is expected at a moment that has passed."""

    def __init__(self) -> None:
        super().__init__(_("Give a moment to come."))


class NoReason(RuleError):
    """Less came than was expected, and nobody said why."""

    def __init__(self, ingredients: Iterable[str]) -> None:
        super().__init__(_("Say why less came: %(names)s.") % {"names": ", ".join(ingredients)})


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in of one ingredient."""

    quantity: Decimal  # in its unit; nothing when all was refused
    fault: str = ""  # a ReceptionLine.Fault when it is less than expected
    lot: str = ""
    use_by: dt.date | None = None
    price_cents: int | None = None  # per kilogram, litre or piece


@transaction.atomic
def plan(
    *,
    where: Where,
    supplier_id: int,
    expected_at: dt.datetime,
    quantities: Quantities,
    actor_id: int | None,
    now: dt.datetime,
    note: str = "",
) -> Reception:
    """A draft of what a supplier is to bring; no order counts on it yet. Raises WrongQuantity, InThePast."""
    _check(quantities, expected_at, now)
    reception = Reception.objects.create(
        supplier_id=supplier_id,
        state=State.DRAFT,
        expected_at=expected_at,
        made_at=now,
        made_by_id=actor_id,
        note=note.strip()[:200],
    )
    _write_lines(reception, quantities)
    _keep(where, reception, actor_id, {}, _words(reception))
    return reception


@transaction.atomic
def change(
    *,
    where: Where,
    reception_id: int,
    expected_at: dt.datetime,
    quantities: Quantities,
    actor_id: int | None,
    now: dt.datetime,
) -> Reception:
    """Another moment or other quantities: what orders count on follows. Raises NotOpen, WrongQuantity, InThePast."""
    _check(quantities, expected_at, now)
    reception = _locked(reception_id)
    if not reception.is_open:
        raise NotOpen
    before, old = _words(reception), _keys(reception)
    with _settled(where, {*old, *quantities}, now):
        reception.expected_at, reception.missed_at = expected_at, None
        reception.made_by_id = reception.made_by_id or actor_id
        reception.save(update_fields=["expected_at", "missed_at", "made_by"])
        reception.lines.all().delete()
        _write_lines(reception, quantities)
    _keep(where, reception, actor_id, before, _words(reception))
    return reception


@transaction.atomic
def order(
    *, where: Where, reception_id: int, actor_id: int | None, now: dt.datetime, by_letter: bool = False
) -> Reception:
    """The supplier was asked for it: orders count on it from now on, in place of the usual delivery of that day.

    Done twice it is done once. `by_letter` writes to the supplier when it has an address. Raises NotOpen, InThePast.
    """
    found = Reception.objects.get(pk=reception_id)
    day = found.expected_at.astimezone(PARIS).date()
    usual = Q(supplier_id=found.supplier_id, usual_day=day, state=State.EXPECTED) & ~Q(pk=found.pk)
    rows = Reception.objects.filter(Q(pk=found.pk) | usual).order_by("pk").select_for_update()
    reception, replaced = None, []
    for row in rows:
        if row.pk == found.pk:
            reception = row
        else:
            replaced.append(row)
    if reception is None or reception.state not in (State.DRAFT, State.EXPECTED):
        raise NotOpen
    if reception.state == State.EXPECTED:
        return reception
    if reception.expected_at <= now:
        raise InThePast
    before = _words(reception)
    with _settled(where, {key for row in (reception, *replaced) for key in _keys(row)}, now):
        for row in replaced:
            row.state = State.CANCELLED
            row.save(update_fields=["state"])
        reception.state, reception.ordered_at = State.EXPECTED, now
        reception.save(update_fields=["state", "ordered_at"])
    _keep(where, reception, actor_id, before, _words(reception))
    if by_letter and reception.supplier.email:
        async_task("tenant_apps.stock.tasks.write_to_supplier", where.pizzeria_id, reception.pk)
    return reception


@transaction.atomic
def cancel(*, where: Where, reception_id: int, actor_id: int | None, now: dt.datetime) -> Reception:
    """It will not come. Raises NotOpen."""
    reception = _locked(reception_id)
    if reception.state == State.CANCELLED:
        return reception
    if not reception.is_open:
        raise NotOpen
    before = _words(reception)
    with _settled(where, _keys(reception), now):
        reception.state = State.CANCELLED
        reception.save(update_fields=["state"])
    _keep(where, reception, actor_id, before, _words(reception))
    return reception


@transaction.atomic
def receive(
    *, where: Where, reception_id: int, taken: Mapping[int, Taken], actor_id: int | None, now: dt.datetime
) -> Reception:
    """What really came, of every ingredient expected and perhaps others. Sent twice it is received once.

    Raises NotOpen, WrongQuantity, NoReason.
    """
    reception = _locked(reception_id)
    if reception.state == State.RECEIVED:
        return reception
    if not reception.is_open:
        raise NotOpen
    before, lines = _words(reception), _lines_received(reception, taken)
    keys = {line.ingredient_id for line in lines}
    with _settled(where, keys, now):
        _write_received(lines)
        _take_in(reception, lines, actor_id, now)
        reception.state, reception.received_at, reception.received_by_id = State.RECEIVED, now, actor_id
        reception.save(update_fields=["state", "received_at", "received_by"])
    _keep(where, reception, actor_id, before, _words(reception))
    return reception


@transaction.atomic
def receive_unexpected(
    *,
    where: Where,
    supplier_id: int,
    submission: uuid.UUID,
    taken: Mapping[int, Taken],
    actor_id: int | None,
    now: dt.datetime,
) -> Reception:
    """What a supplier brought that nobody expected. The same submission again is received once. Raises WrongQuantity."""
    if not any(what.quantity > 0 for what in taken.values()):
        raise WrongQuantity(_("Enter what came of one ingredient at least, above zero."))
    came: dict[str, object] = {"supplier_id": supplier_id, "state": State.DRAFT, "expected_at": now, "made_at": now}
    reception, _made = Reception.objects.get_or_create(submission=submission, defaults=came | {"made_by_id": actor_id})
    return receive(where=where, reception_id=reception.pk, taken=taken, actor_id=actor_id, now=now)


def _lines_received(reception: Reception, taken: Mapping[int, Taken]) -> list[ReceptionLine]:
    """Its lines as they came, those that nobody expected included. Raises WrongQuantity, NoReason."""
    lines = {line.ingredient_id: line for line in reception.lines.select_related("ingredient")}
    for key in taken.keys() - lines.keys():
        lines[key] = ReceptionLine(reception=reception, ingredient_id=key)
    unsaid = []
    for key, line in lines.items():
        what = taken.get(key, Taken(Decimal(0)))
        if what.quantity < 0:
            raise WrongQuantity(_("Enter the quantity received, zero or more."))
        line.received, line.lot, line.use_by = what.quantity, what.lot.strip()[:40], what.use_by
        line.price_cents = what.price_cents
        line.fault = what.fault if what.quantity < line.expected else ""
        if what.quantity < line.expected and not line.fault:
            unsaid.append(line.ingredient.name)
    if unsaid:
        raise NoReason(unsaid)
    return [lines[key] for key in sorted(lines)]


def _write_received(lines: list[ReceptionLine]) -> None:
    fields = ["received", "fault", "lot", "use_by", "price_cents"]
    ReceptionLine.objects.bulk_update([line for line in lines if line.pk], fields)
    ReceptionLine.objects.bulk_create([line for line in lines if not line.pk])


def _take_in(reception: Reception, lines: list[ReceptionLine], actor_id: int | None, now: dt.datetime) -> None:
    """Into the levels, with a movement each, and the cost of what is on hand."""
    came = {line.ingredient_id: line for line in lines if line.received}
    levels = list(StockLevel.objects.filter(pk__in=came))
    for level in levels:
        line = came[level.pk]
        received = line.received or Decimal(0)
        level.average_cost = average_cost(
            on_hand=level.on_hand, average=level.average_cost, received=received, price_cents=line.price_cents
        )
        level.on_hand += received
    StockLevel.objects.bulk_update(levels, ["on_hand", "average_cost"])
    note = _("%(supplier)s, delivery no. %(number)s") % {"supplier": reception.supplier, "number": reception.pk}
    Movement.objects.bulk_create(
        Movement(
            ingredient_id=key,
            delta=came[key].received or Decimal(0),
            reason=Movement.Reason.RECEPTION,
            at=now,
            actor_id=actor_id,
            note=note[:200],
        )
        for key in sorted(came)
    )


def average_cost(
    *, on_hand: Decimal, average: Decimal | None, received: Decimal, price_cents: int | None
) -> Decimal | None:
    """Cents per kilogram, litre or piece of what is then on hand: weighted by the quantities, to 4 decimals.

    What has no price known changes nothing of it; where nothing was on hand, or at no known cost, the price is the cost.
    """
    if price_cents is None:
        return average
    if average is None or on_hand <= 0:
        return Decimal(price_cents)
    value = on_hand * average + received * price_cents
    return (value / (on_hand + received)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


@transaction.atomic
def miss_late(*, where: Where, now: dt.datetime) -> list[Reception]:
    """Receptions that were not there in time: no order counts on them until somebody says when they come."""
    late = list(
        Reception.objects.filter(state=State.EXPECTED, missed_at=None, expected_at__lte=now)
        .order_by("pk")
        .select_for_update(skip_locked=True)
    )
    if late:
        with _settled(where, {key for reception in late for key in _keys(reception)}, now):
            Reception.objects.filter(pk__in=[reception.pk for reception in late]).update(missed_at=now)
    return late


def _check(quantities: Quantities, expected_at: dt.datetime, now: dt.datetime) -> None:
    if not quantities or any(quantity <= 0 for quantity in quantities.values()):
        raise WrongQuantity(_("Enter what is expected of one ingredient at least, above zero."))
    if expected_at <= now:
        raise InThePast


def _locked(reception_id: int) -> Reception:
    return Reception.objects.select_for_update(of=("self",)).select_related("supplier").get(pk=reception_id)


def _keys(reception: Reception) -> set[int]:
    return set(reception.lines.values_list("ingredient_id", flat=True))


def _write_lines(reception: Reception, quantities: Quantities) -> None:
    ReceptionLine.objects.bulk_create(
        ReceptionLine(reception=reception, ingredient_id=key, expected=quantities[key]) for key in sorted(quantities)
    )


@contextmanager
def _settled(where: Where, ingredient_ids: Iterable[int], now: dt.datetime) -> Iterator[None]:
    """The levels locked while receptions change; then what covers what, alerts and hint."""
    keys = sorted(ingredient_ids)
    StockLevel.objects.bulk_create([StockLevel(ingredient_id=key) for key in keys], ignore_conflicts=True)
    before = coverage.lock_levels(keys)
    yield
    movements.tell(where=where, before=before, after=coverage.settle(keys, now=now), now=now)


def _words(reception: Reception) -> dict[str, object]:
    """For the history."""
    lines = reception.lines.select_related("ingredient").order_by("ingredient__name")
    kept: dict[str, object] = {
        "state": reception.state,
        "expected_at": reception.expected_at.astimezone(PARIS).isoformat(timespec="minutes"),
    }
    for line in lines:
        kept[line.ingredient.name] = str(line.expected if line.received is None else line.received)
    return kept


def _keep(
    where: Where, reception: Reception, actor_id: int | None, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    AuditEntry.objects.create(
        actor_id=actor_id,
        pizzeria_id=where.pizzeria_id,
        act="reception",
        subject=f"{reception.supplier} n° {reception.pk}",
        before=dict(before),
        after=dict(after),
    )
