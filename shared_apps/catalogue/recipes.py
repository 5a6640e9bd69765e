"""What a line of an order is made of and costs: pure values and functions, no database.

A `Configuration` is what somebody asks for; the `Card` says what it is made of, what it costs and what it may contain.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from shared_apps.catalogue.models import Allergen, Product
from shared_apps.core.errors import RuleError

NOT_VEGETARIAN = frozenset({Allergen.FISH, Allergen.CRUSTACEANS, Allergen.MOLLUSCS})
ALLERGEN_ORDER = {code: position for position, code in enumerate(Allergen.values)}


class NotOnTheCard(RuleError):
    """The product is unknown, withdrawn or no longer sold."""

    def __init__(self) -> None:
        super().__init__(_("This product is no longer on the card."))


class ImpossibleConfiguration(RuleError):
    """Halves of different sizes, an ingredient that cannot be removed, an extra that does not exist."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One piece as composed: a variant, or two halves, without some ingredients and with extras of others."""

    variant_id: int
    other_half_id: int | None = None
    removed: frozenset[int] = frozenset()  # ids of ingredients
    extras: frozenset[int] = frozenset()  # ids of ingredients


@dataclass(frozen=True, slots=True)
class Component:
    """An ingredient in a recipe: its quantity for one piece, in its unit."""

    ingredient_id: int
    name: str
    unit: str
    quantity: Decimal
    removable: bool
    allergens: tuple[str, ...]
    drawing: str
    origin: str = ""
    is_dough: bool = False
    substitute: "Substitute | None" = None  # when it stands for an ingredient that the shop replaces for a time

    @property
    def choice_id(self) -> int:
        """The ingredient of the group's recipe: what somebody leaves out or adds keeps its name whatever stands for it."""
        return self.substitute.replaced_id if self.substitute else self.ingredient_id

    @property
    def replaced_name(self) -> str:
        return self.substitute.replaced_name if self.substitute else ""

    @property
    def replaced_quantity(self) -> Decimal:
        """What it stands for, in the unit of that ingredient; nothing when it stands for itself."""
        return self.quantity / self.substitute.ratio if self.substitute else Decimal(0)

    @property
    def names(self) -> list[str]:
        """Both names of what was replaced: a kitchen that leaves it out leaves out both."""
        return [self.replaced_name, self.name] if self.substitute else [self.name]


@dataclass(frozen=True, slots=True)
class Substitute:
    """An ingredient that a shop puts in place of another for a time; `ratio` is its quantity for 1 of the other."""

    substitution_id: int
    replaced_id: int
    replaced_name: str
    ratio: Decimal
    until_at: dt.datetime | None  # the first moment of recipes as they were
    component: Component
    is_meat: bool  # of a species whose origin is shown

    @property
    def is_vegetarian(self) -> bool:
        return not self.is_meat and NOT_VEGETARIAN.isdisjoint(self.component.allergens)

    def applies(self, at: dt.datetime) -> bool:
        return self.until_at is None or at < self.until_at

    def standing_for(self, replaced: Component) -> Component:
        quantity = replaced.quantity * self.ratio
        return replace(self.component, quantity=quantity, removable=replaced.removable, substitute=self)


Substitutes = Mapping[int, Substitute]  # by the id of the ingredient replaced


@dataclass(frozen=True, slots=True)
class Extra:
    """What may be added to a pizza of one size."""

    component: Component
    price_cents: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as it is sold, with its recipe."""

    variant_id: int
    product_id: int
    code: str
    name: str
    description: str
    category: str
    base: str
    vegetarian: bool
    size_id: int | None
    size_name: str
    diameter_cm: int | None
    price_cents: int
    work: int  # hundredths of a pizza
    recipe: tuple[Component, ...] = ()
    steps: tuple[str, ...] = ()
    published: bool = True
    is_alcohol: bool = False  # sold at some hours, to adults (CSP L3342-1)

    def with_substitutes(self, substitutes: Substitutes) -> "Offer":
        recipe = effective(self.recipe, substitutes)
        stays = all(part.substitute is None or part.substitute.is_vegetarian for part in recipe)
        return replace(self, recipe=recipe, vegetarian=self.vegetarian and stays)

    @property
    def allergens(self) -> tuple[Allergen, ...]:
        return allergens(self.recipe)

    @property
    def substitutes(self) -> tuple[Component, ...]:
        """What in its recipe stands for another ingredient."""
        return tuple(part for part in self.recipe if part.substitute)

    @property
    def is_pizza(self) -> bool:
        return self.category == Product.Category.PIZZA

    @property
    def label(self) -> str:
        return f"{self.name} · {self.size_name}" if self.size_name else self.name


@dataclass(frozen=True, slots=True)
class Composition:
    """A configuration worked out for one piece."""

    configuration: Configuration
    halves: tuple[Offer, ...]  # one, or left and right
    components: tuple[Component, ...]
    removed: tuple[Component, ...]
    extras: tuple[Extra, ...]

    @property
    def price_cents(self) -> int:
        """The dearer half, plus the extras."""
        return max(half.price_cents for half in self.halves) + sum(extra.price_cents for extra in self.extras)

    @property
    def work(self) -> int:
        return max(half.work for half in self.halves)

    @property
    def needs(self) -> dict[int, Decimal]:
        """By ingredient: what is in it as itself and what of it stands for another add up."""
        total: dict[int, Decimal] = {}
        for component in self.components:
            total[component.ingredient_id] = total.get(component.ingredient_id, Decimal(0)) + component.quantity
        return total

    @property
    def substitutes(self) -> tuple[Component, ...]:
        """What in it stands for another ingredient."""
        return tuple(component for component in self.components if component.substitute)

    @property
    def is_alcohol(self) -> bool:
        return any(half.is_alcohol for half in self.halves)

    @property
    def label(self) -> str:
        if len(self.halves) == 1:
            return self.halves[0].label
        left, right = self.halves
        halves = _("Half %(left)s, half %(right)s") % {"left": left.name, "right": right.name}
        return f"{halves} · {left.size_name}" if left.size_name else halves

    @property
    def allergens(self) -> tuple[Allergen, ...]:
        return allergens(self.components)

    @property
    def products(self) -> dict[int, int]:
        """Hundredths of each product in one piece: two different halves are 50 of each."""
        share = 100 // len(self.halves)
        counted: dict[int, int] = {}
        for half in self.halves:
            counted[half.product_id] = counted.get(half.product_id, 0) + share
        return counted


def effective(recipe: Iterable[Component], substitutes: Substitutes) -> tuple[Component, ...]:
    """The recipe as the shop makes it: each ingredient that it replaces gives way to its substitute."""
    return tuple(
        substitutes[part.ingredient_id].standing_for(part) if part.ingredient_id in substitutes else part
        for part in recipe
    )


def allergens(components: Iterable[Component], substitutes: Substitutes | None = None) -> tuple[Allergen, ...]:
    """The union over what is really in it, in the order of the regulation (EU 1169/2011 annex II)."""
    made_of = effective(components, substitutes) if substitutes else components
    found = {code for component in made_of for code in component.allergens}
    return tuple(Allergen(code) for code in sorted(found, key=ALLERGEN_ORDER.__getitem__))


@dataclass(frozen=True, slots=True)
class Card:
    """Offers by variant, extras by size: the whole card or the part that a basket needs."""

    offers: Mapping[int, Offer]
    extras: Mapping[int, Mapping[int, Extra]] = field(default_factory=dict)  # size id → ingredient id

    def with_substitutes(self, substitutes: Substitutes) -> "Card":
        """The group's card, as a shop makes it while it replaces these ingredients."""
        if not substitutes:
            return self
        offers = {key: offer.with_substitutes(substitutes) for key, offer in self.offers.items()}
        extras = {
            size: {
                key: replace(extra, component=effective([extra.component], substitutes)[0])
                for key, extra in offered.items()
            }
            for size, offered in self.extras.items()
        }
        return Card(offers, extras)

    def offer(self, variant_id: int) -> Offer:
        """Raises NotOnTheCard."""
        if variant_id not in self.offers:
            raise NotOnTheCard
        return self.offers[variant_id]

    def compose(self, configuration: Configuration) -> Composition:
        """Raises NotOnTheCard, ImpossibleConfiguration."""
        if configuration.removed & configuration.extras:
            raise ImpossibleConfiguration(_("An ingredient cannot be both left out and added."))
        halves = self._halves(configuration)
        whole = _whole(halves)
        removed = _removed(whole, configuration.removed)
        return _composed(configuration, halves, whole, removed, self._extras(halves[0], configuration.extras))

    def compose_placed(self, configuration: Configuration) -> Composition:
        """What was ordered already, by the recipe of now: an ingredient that has left the recipe is left out all the
        same, and an extra that is no longer offered is in the words of the line only.

        Raises NotOnTheCard.
        """
        halves = self._halves(configuration)
        whole, offered = _whole(halves), self.extras.get(halves[0].size_id or 0, {})
        removed = tuple(whole[key] for key in sorted(configuration.removed & whole.keys()))
        extras = tuple(offered[key] for key in sorted(configuration.extras & offered.keys()))
        known = replace(
            configuration,
            removed=configuration.removed & whole.keys(),
            extras=configuration.extras & offered.keys(),
        )
        return _composed(known, halves, whole, removed, extras)

    def _halves(self, configuration: Configuration) -> tuple[Offer, ...]:
        left = self.offer(configuration.variant_id)
        if configuration.other_half_id in (None, configuration.variant_id):
            return (left,)
        right = self.offer(configuration.other_half_id)
        if not (left.is_pizza and right.is_pizza and left.size_id == right.size_id):
            raise ImpossibleConfiguration(_("The two halves must be pizzas of the same size."))
        return left, right

    def _extras(self, offer: Offer, wanted: frozenset[int]) -> tuple[Extra, ...]:
        offered = self.extras.get(offer.size_id or 0, {}) if offer.is_pizza else {}
        if not wanted <= offered.keys():
            raise ImpossibleConfiguration(_("One of these extras is not available."))
        return tuple(offered[key] for key in sorted(wanted))


def _whole(halves: tuple[Offer, ...]) -> dict[int, Component]:
    return _halved(halves) if len(halves) == 2 else {item.choice_id: item for item in halves[0].recipe}


def _composed(
    configuration: Configuration,
    halves: tuple[Offer, ...],
    whole: dict[int, Component],
    removed: tuple[Component, ...],
    extras: tuple[Extra, ...],
) -> Composition:
    for component in removed:
        del whole[component.choice_id]
    for extra in extras:
        key = extra.component.choice_id
        base = whole.get(key)
        quantity = extra.component.quantity + (base.quantity if base else 0)
        whole[key] = replace(base or extra.component, quantity=quantity)
    return Composition(configuration, halves, tuple(whole.values()), removed, extras)


def _halved(halves: tuple[Offer, ...]) -> dict[int, Component]:
    """Half of each recipe; what both have adds up."""
    whole: dict[int, Component] = {}
    for half in halves:
        for item in half.recipe:
            before = whole[item.choice_id].quantity if item.choice_id in whole else Decimal(0)
            whole[item.choice_id] = replace(item, quantity=before + item.quantity / 2)
    return whole


def _removed(whole: Mapping[int, Component], wanted: frozenset[int]) -> tuple[Component, ...]:
    for key in wanted:
        if key not in whole or not whole[key].removable:
            raise ImpossibleConfiguration(_("One of these ingredients cannot be left out."))
    return tuple(whole[key] for key in sorted(wanted))
