"""What to ask of each supplier for its next delivery, and how much dough to make: what is used until the one after,
less what is there and what comes anyway, rounded up to packs.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.conf import settings
from django.db import connection

from shared_apps.catalogue.models import Ingredient
from shared_apps.core.calendar import PARIS, business_day
from tenant_apps.stock import forecast
from tenant_apps.stock.forecast import History, Judged
from tenant_apps.stock.models import ReceptionLine, Reservation, StockLevel, Supplier, SupplierItem

DAY = dt.timedelta(days=1)
WEEKS_READ = 9  # four to be judged, each of their days looking back over four, and a day of margin
LONGEST_MARGIN = Decimal("0.5")  # of what is used: beyond this the error says more of the past than of what to buy
SEARCHED_DAYS = 14

# By business day, which ends at the cut-off in Paris; a claim that was undone used nothing.
USED = f"""
    SELECT ingredient_id,
           ((at AT TIME ZONE 'Europe/Paris') - interval '{settings.BUSINESS_DAY_CUTOFF_HOUR} hours')::date AS day, -sum(delta)
    FROM stock_movement WHERE reason IN ('consumption', 'undone') AND at >= %s GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Line:
    ingredient: Ingredient
    needed: Decimal | None  # until the delivery after this one; None while too little is known
    margin: Decimal
    on_hand: Decimal
    coming: Decimal  # by then, from others or on other days
    pack: Decimal
    packs: int
    judged: Judged | None

    @property
    def quantity(self) -> Decimal:
        return self.packs * self.pack


@dataclass(frozen=True, slots=True)
class Delivery:
    """The next that a supplier can still be asked for."""

    supplier: Supplier
    expected_at: dt.datetime
    until: dt.date  # the day of the one after
    lines: tuple[Line, ...]

    @property
    def quantities(self) -> dict[int, Decimal]:
        return {line.ingredient.pk: line.quantity for line in self.lines if line.packs}

    @property
    def is_from_history(self) -> bool:
        return any(line.needed is not None for line in self.lines)


@dataclass(frozen=True, slots=True)
class Suggestion:
    deliveries: tuple[Delivery, ...]
    dough: Judged | None  # of all balls of dough together: the pizzas
    known_days: int


def histories(now: dt.datetime) -> dict[int, History]:
    """What each ingredient was used for, day by day, today left out; all from the first day of the shop's own."""
    today = business_day(now)
    with connection.cursor() as cursor:
        cursor.execute(USED, [now - WEEKS_READ * forecast.WEEK])
        rows = [(key, day, used) for key, day, used in cursor.fetchall() if day < today]
    if not rows:
        return {}
    first = min(day for _key, day, _used in rows)
    used: dict[int, dict[dt.date, Decimal]] = {}
    for key, day, quantity in rows:
        used.setdefault(key, {})[day] = quantity
    return {key: History(first, days) for key, days in used.items()}


def suggest(*, now: dt.datetime) -> Suggestion:
    known = histories(now)
    today = business_day(now)
    dough = Ingredient.objects.filter(is_dough=True).values_list("pk", flat=True)
    first = min((history.first for history in known.values()), default=today)
    return Suggestion(
        deliveries=tuple(_deliveries(known, now)),
        dough=forecast.judge([known[key] for key in dough if key in known], today),
        known_days=(today - first).days,
    )


def _deliveries(known: Mapping[int, History], now: dt.datetime) -> Iterator[Delivery]:
    levels = {level.pk: level for level in StockLevel.objects.all()}
    promised = _promised()
    for supplier in Supplier.objects.filter(is_active=True).prefetch_related("items__ingredient"):
        days = _days(supplier, now)
        if not days or not supplier.items.all():
            continue
        moment, until = days
        coming = _coming(supplier, moment, until)
        lines = tuple(
            _line(item, levels[item.ingredient_id], known.get(item.ingredient_id), promised, coming, until, now)
            for item in supplier.items.all()
            if item.ingredient_id in levels
        )
        yield Delivery(supplier, moment, until, tuple(sorted(lines, key=lambda line: not line.packs)))


def _days(supplier: Supplier, now: dt.datetime) -> tuple[dt.datetime, dt.date] | None:
    """The delivery that can still be asked for, and the day of the next."""
    today = now.astimezone(PARIS).date()
    found = [
        (moment, day)
        for day in (today + n * DAY for n in range(supplier.lead_days, SEARCHED_DAYS + supplier.lead_days))
        if day.weekday() in supplier.weekdays
        and (moment := dt.datetime.combine(day, supplier.delivers_by, PARIS).astimezone(dt.UTC)) > now
    ]
    return (found[0][0], found[1][1]) if len(found) > 1 else None


def _promised() -> dict[tuple[int, dt.date], Decimal]:
    """By ingredient and business day."""
    total: dict[tuple[int, dt.date], Decimal] = {}
    for key, needed_at, quantity in Reservation.objects.values_list("ingredient_id", "needed_at", "quantity"):
        at = (key, business_day(needed_at))
        total[at] = total.get(at, Decimal(0)) + quantity
    return total


def _coming(supplier: Supplier, moment: dt.datetime, until: dt.date) -> dict[int, Decimal]:
    """Expected before the delivery after, without the usual one that this order takes the place of."""
    end = dt.datetime.combine(until, supplier.delivers_by, PARIS)
    lines = ReceptionLine.objects.filter(
        reception__state="expected", reception__missed_at=None, reception__expected_at__lt=end
    ).exclude(reception__supplier=supplier, reception__usual_day=moment.astimezone(PARIS).date())
    total: dict[int, Decimal] = {}
    for key, quantity in lines.values_list("ingredient_id", "expected"):
        total[key] = total.get(key, Decimal(0)) + quantity
    return total


def _line(
    item: SupplierItem,
    level: StockLevel,
    history: History | None,
    promised: Mapping[tuple[int, dt.date], Decimal],
    coming: Mapping[int, Decimal],
    until: dt.date,
    now: dt.datetime,
) -> Line:
    today = business_day(now)
    needed = _needed(item.ingredient_id, history, promised, today, until)
    judged = forecast.judge([history], today) if history else None
    margin = (needed or Decimal(0)) * min(judged.error if judged else Decimal(0), LONGEST_MARGIN)
    there = level.on_hand + coming.get(item.ingredient_id, Decimal(0))
    wanted = level.par if needed is None else needed + margin
    packs = max(Decimal(0), (wanted - there) / item.pack).to_integral_value(ROUND_CEILING)
    return Line(
        ingredient=item.ingredient,
        needed=needed,
        margin=margin,
        on_hand=level.on_hand,
        coming=coming.get(item.ingredient_id, Decimal(0)),
        pack=item.pack,
        packs=int(packs),
        judged=judged,
    )


def _needed(
    key: int,
    history: History | None,
    promised: Mapping[tuple[int, dt.date], Decimal],
    today: dt.date,
    until: dt.date,
) -> Decimal | None:
    """From today on until that day: what the weekdays say, or what is promised already where that is more."""
    total = Decimal(0)
    for day in (today + n * DAY for n in range((until - today).days)):
        said = forecast.weighted(history, day) if history else None
        if said is None:
            return None
        total += max(said, promised.get((key, day), Decimal(0)))
    return total
