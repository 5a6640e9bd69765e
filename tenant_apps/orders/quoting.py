"""What an order is made of and costs, computed by the server from the card: the only price ever charged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from shared_apps.baskets.services import AgreedPrice
from shared_apps.catalogue.recipes import Card, Composition, Configuration, NotOnTheCard
from shared_apps.core.errors import RuleError
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.queries import Local


class EmptyOrder(RuleError):
    """Nothing is asked for."""

    def __init__(self) -> None:
        super().__init__(_("The basket is empty."))


@dataclass(frozen=True, slots=True)
class Asked:
    """One line as the customer composed it."""

    configuration: Configuration
    quantity: int
    agreed: AgreedPrice | None = None  # only ever by the shop's staff


@dataclass(frozen=True, slots=True)
class QuotedLine:
    composition: Composition
    quantity: int
    agreed: AgreedPrice | None = None

    @property
    def unit_cents(self) -> int:
        return self.agreed.cents if self.agreed else self.composition.price_cents

    @property
    def total_cents(self) -> int:
        return self.quantity * self.unit_cents


@dataclass(frozen=True, slots=True)
class Quote:
    lines: tuple[QuotedLine, ...]

    @property
    def items_cents(self) -> int:
        return sum(line.total_cents for line in self.lines)

    @property
    def work(self) -> int:
        """Of the kitchen, in hundredths of a pizza."""
        return sum(line.quantity * line.composition.work for line in self.lines)

    @property
    def needs(self) -> dict[int, Decimal]:
        """Ingredient id → quantity in its unit, over all lines, by id."""
        total: dict[int, Decimal] = {}
        for line in self.lines:
            for key, quantity in line.composition.needs.items():
                total[key] = total.get(key, Decimal(0)) + line.quantity * quantity
        return dict(sorted(total.items()))

    @property
    def products(self) -> dict[int, int]:
        """Product id → hundredths sold."""
        total: dict[int, int] = {}
        for line in self.lines:
            for key, hundredths in line.composition.products.items():
                total[key] = total.get(key, 0) + line.quantity * hundredths
        return dict(sorted(total.items()))


def card_for(lines: Sequence[Asked], local: Mapping[int, Local] | None = None) -> Card:
    """The part of the card that these lines need, at this shop's prices."""
    variants = {line.configuration.variant_id for line in lines}
    variants |= {line.configuration.other_half_id for line in lines if line.configuration.other_half_id}
    extras = {key for line in lines for key in line.configuration.extras}
    return shop_queries.part_of_card(variant_ids=variants, extra_ids=extras, local=local)


def quote(*, lines: Sequence[Asked], local: Mapping[int, Local] | None = None) -> Quote:
    """`local` is what the shop changes of the card, when that was read already.

    Raises EmptyOrder, NotOnTheCard, ImpossibleConfiguration.
    """
    if not lines:
        raise EmptyOrder
    card = card_for(lines, local)
    quoted = tuple(QuotedLine(card.compose(line.configuration), line.quantity, line.agreed) for line in lines)
    if not all(half.published for line in quoted for half in line.composition.halves):
        raise NotOnTheCard
    return Quote(quoted)


def rows(*, order_id: int, quote: Quote) -> list[OrderLine]:
    """The lines of the order as they are kept, with what was sold in words."""
    return [_row(order_id, position, line) for position, line in enumerate(quote.lines)]


def _row(order_id: int, position: int, line: QuotedLine) -> OrderLine:
    composition = line.composition
    return OrderLine(
        order_id=order_id,
        position=position,
        variant_id=composition.configuration.variant_id,
        other_half_id=composition.halves[1].variant_id if len(composition.halves) == 2 else None,
        removed=sorted(composition.configuration.removed),
        extras=sorted(composition.configuration.extras),
        quantity=line.quantity,
        unit_price_cents=line.unit_cents,
        list_price_cents=composition.price_cents if line.agreed else None,
        price_reason=line.agreed.reason if line.agreed else "",
        price_by_id=line.agreed.user_id if line.agreed else None,
        label=composition.label,
        without_names=[component.name for component in composition.removed],
        extra_names=[extra.component.name for extra in composition.extras],
        allergens=list(composition.allergens),
    )


def asked(order_lines: Sequence[OrderLine]) -> list[Asked]:
    """The lines of a placed order as somebody could ask for them again."""
    return [
        Asked(
            Configuration(line.variant_id, line.other_half_id, frozenset(line.removed), frozenset(line.extras)),
            line.quantity,
        )
        for line in order_lines
    ]


@dataclass(frozen=True, slots=True)
class Sold:
    """What a placed order sold, from its own lines: the card may have changed since."""

    products: dict[int, int]  # product id → hundredths
    words: list[str]


def sold(order: Order) -> Sold:
    products: dict[int, int] = {}
    words = []
    for quantity, label, left, right in order.lines.values_list(
        "quantity", "label", "variant__product_id", "other_half__product_id"
    ):
        for key in (left, right or left):
            products[key] = products.get(key, 0) + 50 * quantity
        words.append(f"{quantity} × {label}")
    return Sold(dict(sorted(products.items())), words)
