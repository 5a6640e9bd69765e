"""A basket seen from one shop: what each line costs there, and whether its stock suffices now."""

from dataclasses import dataclass
from decimal import Decimal

from shared_apps.baskets.models import Basket, BasketLine
from shared_apps.baskets.services import agreed_of, configuration_of
from shared_apps.catalogue.recipes import Card, Composition, ImpossibleConfiguration, NotOnTheCard
from tenant_apps.orders import quoting
from tenant_apps.orders.quoting import Asked
from tenant_apps.stock import queries as stock_queries
from tenant_apps.stock.models import Reservation


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
    def can_be_ordered(self) -> bool:
        return bool(self.lines) and not any(line.sold_out or line.composition is None for line in self.lines)

    @property
    def asked(self) -> list[Asked]:
        return [Asked(configuration_of(line.line), line.line.quantity, agreed_of(line.line)) for line in self.lines]

    @property
    def allergens(self) -> list[str]:
        return sorted({code for line in self.lines if line.composition for code in line.composition.allergens})


def filled(basket: Basket | None) -> Filled:
    """Every line with what it is made of and whether the stock has enough for it and those above it.

    What an order being changed already holds counts as left for it.
    """
    lines = list(basket.lines.all()) if basket else []
    if basket is None or not lines:
        return Filled(())
    asked = [Asked(configuration_of(line), line.quantity) for line in lines]
    card = quoting.card_for(asked)
    compositions = [_composition(card, line) for line in asked]
    keys = sorted({key for composition in compositions if composition for key in composition.needs})
    left = stock_queries.available(keys)
    if basket.changes_order:
        held = Reservation.objects.filter(order__reference=basket.changes_order, ingredient_id__in=keys)
        for key, quantity in held.values_list("ingredient_id", "quantity"):
            left[key] = left.get(key, Decimal(0)) + quantity
    return Filled(
        tuple(
            FilledLine(line, composition, composition is not None and not _take(left, composition, line.quantity))
            for line, composition in zip(lines, compositions, strict=True)
        )
    )


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
