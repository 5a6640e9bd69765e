"""What of an order's needs stands for another ingredient, and whether the recipes are still those it was worked out from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.stock.models import StandIn


class RecipesChanged(RuleError):
    """A substitution began or ended since the needs were worked out: what is in the order is no longer what was shown."""

    def __init__(self) -> None:
        super().__init__(
            _("A recipe has just changed: check the ingredients and the allergens of the order, then confirm it.")
        )


@dataclass(frozen=True, slots=True)
class StandsFor:
    """Of one order: `quantity` of the replacement, for `replaced_quantity` of an ingredient, each in its unit."""

    substitution_id: int
    replaced_id: int
    replaced_quantity: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Recipes:
    """What the needs of an order were worked out from."""

    known: Mapping[int, int] = field(default_factory=dict)  # ingredient → the substitution that replaces it
    stand_ins: tuple[StandsFor, ...] = ()

    @property
    def replaced(self) -> list[int]:
        """Ingredients whose level is looked at though none of it is needed: their substitution may be over."""
        return [stand_in.replaced_id for stand_in in self.stand_ins]

    def known_for(self, keys: Iterable[int]) -> list[int | None]:
        return [self.known.get(key) for key in keys]


GROUP_RECIPES = Recipes()


def check(*, found: Mapping[int, int | None], recipes: Recipes) -> None:
    """`found` is the substitution of each ingredient as its locked level says it. Raises RecipesChanged."""
    if any(substitution_id != recipes.known.get(key) for key, substitution_id in found.items()):
        raise RecipesChanged


def keep(*, order_id: int, recipes: Recipes) -> None:
    StandIn.objects.bulk_create(
        StandIn(
            order_id=order_id,
            substitution_id=stand_in.substitution_id,
            replaced_quantity=stand_in.replaced_quantity,
            quantity=stand_in.quantity,
        )
        for stand_in in recipes.stand_ins
    )
