"""What an order is made of and costs, computed by the server from the card: the only price ever charged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue.recipes import Card, Configuration
from shared_apps.core.errors import RuleError
from tenant_apps.orders.models import OrderLine
from tenant_apps.shop import queries as shop_queries


class EmptyOrder(RuleError):
    """Nothing is asked for."""

    def __init__(self) -> None:
        super().__init__(_("The basket is empty."))


@dataclass(frozen=True, slots=True)
class Asked:
    """One line as the customer composed it."""

    configuration: Configuration
    quantity: int


@dataclass(frozen=True, slots=True)
class QuotedLine:
    asked: Asked
    label: str
    unit_price_cents: int
    without_names: tuple[str, ...]
    extra_names: tuple[str, ...]
    allergens: tuple[str, ...]

    @property
    def total_cents(self) -> int:
        return self.asked.quantity * self.unit_price_cents


@dataclass(frozen=True, slots=True)
class Quote:
    lines: tuple[QuotedLine, ...]
    needs: dict[int, Decimal]  # ingredient id → quantity in its unit
    products: dict[int, int]  # product id → hundredths sold
    work: int  # hundredths of a pizza

    @property
    def items_cents(self) -> int:
        return sum(line.total_cents for line in self.lines)
