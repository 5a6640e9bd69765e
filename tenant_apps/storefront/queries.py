"""What the pages of a shop's site show."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from shared_apps.baskets.models import Basket, BasketLine
from shared_apps.baskets.services import configuration_of
from shared_apps.catalogue.models import Product, ServiceMode
from shared_apps.catalogue.pictures import Drawn
from shared_apps.catalogue.recipes import Card, Composition, Extra, ImpossibleConfiguration, NotOnTheCard, Offer
from tenant_apps.orders.services import quoting
from tenant_apps.orders.services.quoting import Asked
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.hours import Hours
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock import queries as stock_queries

FEW = 5  # said when so many or fewer are left


@dataclass(frozen=True, slots=True)
class Dish:
    """A product on the menu, with all its sizes."""

    offers: tuple[Offer, ...]
    feasible: int  # how many the stock allows, in the size it allows most

    @property
    def first(self) -> Offer:
        return self.offers[0]

    @property
    def sold_out(self) -> bool:
        return self.feasible < 1

    @property
    def few_left(self) -> bool:
        return 0 < self.feasible <= FEW

    @property
    def ingredients(self) -> str:
        return ", ".join(part.name for part in self.first.recipe if not part.is_dough)


@dataclass(frozen=True, slots=True)
class Section:
    category: str
    title: str
    dishes: tuple[Dish, ...]


def menu() -> list[Section]:
    card, feasible = shop_queries.whole_card(), stock_queries.feasible()
    by_category: dict[str, list[Dish]] = {category: [] for category in Product.Category.values}
    for offers in _by_product(card.offers.values()):
        count = max(feasible.get(offer.variant_id, 0) for offer in offers)
        by_category[offers[0].category].append(Dish(tuple(offers), count))
    return [
        Section(category, str(Product.Category(category).label), tuple(dishes))
        for category, dishes in by_category.items()
        if dishes
    ]


def _by_product(offers: Iterable[Offer]) -> Iterable[list[Offer]]:
    grouped: dict[int, list[Offer]] = {}
    for offer in offers:
        grouped.setdefault(offer.product_id, []).append(offer)
    return grouped.values()


def drawn(offer: Offer, extras: Iterable[Extra] = (), removed: Iterable[int] = ()) -> Drawn:
    left_out = frozenset(removed)
    parts = [part for part in offer.recipe if part.ingredient_id not in left_out]
    parts += [extra.component for extra in extras]
    return Drawn(offer.code, offer.base, tuple(dict.fromkeys(part.drawing for part in parts if part.drawing)))


def pizzas_to_draw() -> list[Drawn]:
    """One drawing per pizza of the card."""
    return [drawn(offers[0]) for offers in _by_product(shop_queries.whole_card().offers.values()) if offers[0].is_pizza]


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the shop takes orders now, and else from when."""

    is_open: bool
    closes_at: dt.datetime | None
    opens_at: dt.datetime | None


def opening(hours: Hours, now: dt.datetime) -> Opening:
    current = hours.current(now)
    return Opening(current is not None, current.end if current else None, hours.next_opening(now))


@dataclass(frozen=True, slots=True)
class FilledLine:
    line: BasketLine
    composition: Composition | None  # None when it is no longer on the card
    sold_out: bool

    @property
    def total_cents(self) -> int:
        return self.line.quantity * self.composition.price_cents if self.composition else 0


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
        return [Asked(configuration_of(line.line), line.line.quantity) for line in self.lines]

    @property
    def allergens(self) -> list[str]:
        return sorted({code for line in self.lines if line.composition for code in line.composition.allergens})


def filled(basket: Basket | None) -> Filled:
    """Every line with what it is made of and whether the stock has enough for it and those above it."""
    lines = list(basket.lines.all()) if basket else []
    if not lines:
        return Filled(())
    asked = [Asked(configuration_of(line), line.quantity) for line in lines]
    card = quoting.card_for(asked)
    compositions = [_composition(card, line) for line in asked]
    keys = sorted({key for composition in compositions if composition for key in composition.needs})
    left = stock_queries.available(keys)
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


def slots(
    *, now: dt.datetime, work: int, mode: str, travel_minutes: int, shop: ShopSettings, hours: Hours
) -> list[shop_queries.OfferedSlot]:
    minutes = travel_minutes if mode == ServiceMode.DELIVERY else 0
    return shop_queries.offered_slots(now=now, work=work, travel_minutes=minutes, shop=shop, hours=hours)
