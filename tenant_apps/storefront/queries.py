"""What the pages of a shop's site show."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shared_apps.catalogue.models import Product, ServiceMode
from shared_apps.catalogue.pictures import Drawn
from shared_apps.catalogue.recipes import Card, Component, Composition, Extra, Offer
from shared_apps.core.templatetags.formats import uncapitalised
from tenant_apps.orders.models import Order
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.hours import Hours
from tenant_apps.shop.queries import Local
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
        names = ", ".join(uncapitalised(part.name) for part in self.first.recipe if not part.is_dough)
        return names[:1].upper() + names[1:]


@dataclass(frozen=True, slots=True)
class Section:
    category: str
    title: str
    dishes: tuple[Dish, ...]


def menu(local: Mapping[int, Local] | None = None) -> list[Section]:
    card, feasible = shop_queries.whole_card(local), stock_queries.feasible()
    by_category: dict[str, list[Dish]] = {category: [] for category in Product.Category.values}
    for offers in by_product(card.offers.values()):
        count = max(feasible.get(offer.variant_id, 0) for offer in offers)
        by_category[offers[0].category].append(Dish(tuple(offers), count))
    return [
        Section(category, str(Product.Category(category).label), tuple(dishes))
        for category, dishes in by_category.items()
        if dishes
    ]


def by_product(offers: Iterable[Offer]) -> Iterable[list[Offer]]:
    grouped: dict[int, list[Offer]] = {}
    for offer in offers:
        grouped.setdefault(offer.product_id, []).append(offer)
    return grouped.values()


def drawn(offer: Offer, extras: Iterable[Extra] = (), removed: Iterable[Component] = ()) -> Drawn:
    left_out = {part.ingredient_id for part in removed}
    parts = [part for part in offer.recipe if part.ingredient_id not in left_out]
    parts += [extra.component for extra in extras]
    return Drawn(offer.code, offer.base, tuple(dict.fromkeys(part.drawing for part in parts if part.drawing)))


def drawn_composition(composition: Composition) -> list[Drawn]:
    return [drawn(half, composition.extras, composition.removed) for half in composition.halves]


def pizzas_in(sections: Iterable[Section]) -> list[Drawn]:
    """One drawing per pizza of the menu."""
    return [drawn(dish.first) for section in sections for dish in section.dishes if dish.first.is_pizza]


@dataclass(frozen=True, slots=True)
class Removable:
    component: Component
    removed: bool


@dataclass(frozen=True, slots=True)
class Addable:
    extra: Extra
    added: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the customiser offers around one composition."""

    composition: Composition
    sizes: tuple[Offer, ...]
    other_halves: tuple[Offer, ...]
    removable: tuple[Removable, ...]
    addable: tuple[Addable, ...]
    feasible: int

    @property
    def left(self) -> Offer:
        return self.composition.halves[0]

    @property
    def right(self) -> Offer | None:
        return self.composition.halves[1] if len(self.composition.halves) == 2 else None


def choices(card: Card, composition: Composition) -> Choices:
    left = composition.halves[0]
    offers = list(card.offers.values())
    removed = {part.ingredient_id for part in composition.removed}
    added = {extra.component.ingredient_id for extra in composition.extras}
    parts = {part.ingredient_id: part for half in composition.halves for part in half.recipe if part.removable}
    offered = card.extras.get(left.size_id or 0, {}) if left.is_pizza else {}
    return Choices(
        composition=composition,
        sizes=tuple(offer for offer in offers if offer.product_id == left.product_id),
        other_halves=tuple(
            offer
            for offer in offers
            if left.is_pizza
            and offer.size_id == left.size_id
            and offer.product_id != left.product_id
            and offer.is_pizza
        ),
        removable=tuple(Removable(part, key in removed) for key, part in parts.items()),
        addable=tuple(Addable(extra, key in added) for key, extra in offered.items()),
        feasible=_feasible(composition),
    )


def _feasible(composition: Composition) -> int:
    """How many of it the stock allows now."""
    needs = composition.needs
    left = stock_queries.available(list(needs))
    return max(0, min((int(left.get(key, 0) // need) for key, need in needs.items()), default=0))


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
class Step:
    """One step of an order as its customer follows it; done by a real act, at that moment."""

    label: str
    at: dt.datetime | None
    is_now: bool


def steps(order: Order) -> list[Step]:
    """Placed, claimed, ready, on its way for a delivery, handed over: nothing here advances with time."""
    delivered = order.mode == ServiceMode.DELIVERY
    acts = [(_("Order received"), order.placed_at), (_("In preparation"), order.claimed_at)]
    acts.append((_("Ready") if delivered else _("Ready to collect"), order.ready_at))
    if delivered:
        acts.append((_("On its way"), order.left_at))
    acts.append((_("Delivered") if delivered else _("Collected"), order.handed_over_at))
    last = max((position for position, (_label, at) in enumerate(acts) if at), default=0)
    return [Step(label, at, position == last) for position, (label, at) in enumerate(acts)]


def order_by_reference(reference: str) -> Order | None:
    return (
        Order.objects.select_related("slot")
        .prefetch_related("lines", "remade_by__slot")
        .filter(reference=reference)
        .first()
    )
