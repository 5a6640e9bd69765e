"""A basket seen from one shop: what each line costs there, and whether its stock suffices, now or from when on."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Min

from shared_apps.baskets.models import Basket, BasketLine
from shared_apps.baskets.services import agreed_of, configuration_of
from shared_apps.catalogue.recipes import Card, Composition, ImpossibleConfiguration, NotOnTheCard
from tenant_apps.orders import quoting
from tenant_apps.orders.models import Order
from tenant_apps.orders.quoting import Asked
from tenant_apps.stock import queries as stock_queries
from tenant_apps.stock.timeline import Outlook


@dataclass(frozen=True, slots=True)
class FilledLine:
    line: BasketLine
    composition: Composition | None  # None when it is no longer on the card
    sold_out: bool

    @property
    def total_cents(self) -> int:
        if self.composition is None:
            return 0
        agreed = self.line.agreed_cents
        return self.line.quantity * (self.composition.price_cents if agreed is None else agreed)


@dataclass(frozen=True, slots=True)
class Filled:
    """A basket at this shop's prices and with this shop's stock."""

    lines: tuple[FilledLine, ...]
    # When not all can be made at once: the moment from which it can, with the receptions expected.
    made_from: dt.datetime | None = None

    @property
    def items_cents(self) -> int:
        return sum(line.total_cents for line in self.lines)

    @property
    def pieces(self) -> int:
        return sum(line.line.quantity for line in self.lines)

    @property
    def work(self) -> int:
        return sum(line.line.quantity * line.composition.work for line in self.lines if line.composition)

    @property
    def is_on_the_card(self) -> bool:
        return bool(self.lines) and all(line.composition for line in self.lines)

    @property
    def can_be_made_at_once(self) -> bool:
        return self.is_on_the_card and not any(line.sold_out for line in self.lines)

    @property
    def can_be_ordered(self) -> bool:
        """At once, or for later."""
        return self.can_be_made_at_once or (self.is_on_the_card and self.made_from is not None)

    @property
    def asked(self) -> list[Asked]:
        return [Asked(configuration_of(line.line), line.line.quantity, agreed_of(line.line)) for line in self.lines]

    @property
    def has_alcohol(self) -> bool:
        return any(line.composition.is_alcohol for line in self.lines if line.composition)

    @property
    def allergens(self) -> list[str]:
        return sorted({code for line in self.lines if line.composition for code in line.composition.allergens})

    @property
    def shown(self) -> str:
        return quoting.shown(line.composition for line in self.lines if line.composition)

    def at(
        self, basket: Basket, moment: dt.datetime | None, *, now: dt.datetime, soonest: dt.datetime | None
    ) -> "Filled":
        """As it is made for another moment: the same unless something in it stands for something else for a time."""
        substituted = any(line.composition and line.composition.substitutes for line in self.lines)
        return filled(basket, now=now, soonest=soonest, made_for=moment) if substituted else self


def filled(
    basket: Basket | None,
    *,
    now: dt.datetime,
    soonest: dt.datetime | None = None,
    made_for: dt.datetime | None = None,
) -> Filled:
    """Every line with what it is made of and whether the stock has enough for it and those above it.

    Made as for a moment, now unless given: the shop may replace an ingredient for a time. `soonest` is when the kitchen
    would begin it: now, or the next opening. An order being changed keeps its time, and what it holds counts as left
    for it.
    """
    lines = list(basket.lines.all()) if basket else []
    if basket is None or not lines:
        return Filled(())
    asked = [Asked(configuration_of(line), line.quantity) for line in lines]
    card = quoting.card_for(asked, at=made_for)
    compositions = [_composition(card, line) for line in asked]
    changed = _changed(basket)
    outlook = stock_queries.outlook(_needs(lines, compositions), now=now, without_order=changed[0] if changed else None)
    begun = changed[1] if changed else max(now, soonest or now)
    left = outlook.free_at(begun)
    return Filled(
        tuple(
            FilledLine(line, composition, composition is not None and not _take(left, composition, line.quantity))
            for line, composition in zip(lines, compositions, strict=True)
        ),
        made_from=None if changed else _made_from(outlook, _needs(lines, compositions), begun),
    )


def _changed(basket: Basket) -> tuple[int, dt.datetime] | None:
    """The order that this basket changes, and when the kitchen begins it."""
    if not basket.changes_order:
        return None
    held = Order.objects.filter(reference=basket.changes_order).annotate(needed_at=Min("reservations__needed_at"))
    return held.exclude(needed_at=None).values_list("pk", "needed_at").first()


def _needs(lines: list[BasketLine], compositions: list[Composition | None]) -> dict[int, Decimal]:
    total: dict[int, Decimal] = {}
    for line, composition in zip(lines, compositions, strict=True):
        for key, quantity in composition.needs.items() if composition else ():
            total[key] = total.get(key, Decimal(0)) + line.quantity * quantity
    return total


def _made_from(outlook: Outlook, needs: dict[int, Decimal], soonest: dt.datetime) -> dt.datetime | None:
    """Later than the soonest, or nothing to say."""
    at = outlook.from_when(needs)
    return at if at and at > soonest else None


def _composition(card: Card, line: Asked) -> Composition | None:
    try:
        composition = card.compose(line.configuration)
    except (NotOnTheCard, ImpossibleConfiguration):
        return None
    return composition if all(half.published for half in composition.halves) else None


def _take(left: dict[int, Decimal], composition: Composition, quantity: int) -> bool:
    """Takes the line out of what is left, when there is enough."""
    needs = {key: quantity * each for key, each in composition.needs.items()}
    if any(left.get(key, Decimal(0)) < need for key, need in needs.items()):
        return False
    for key, need in needs.items():
        left[key] -= need
    return True
