"""What an order is made of and costs, computed by the server from the card: the only price ever charged."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from shared_apps.baskets.services import AgreedPrice
from shared_apps.catalogue.models import Product
from shared_apps.catalogue.recipes import Card, Composition, Configuration, NotOnTheCard
from shared_apps.core.errors import RuleError
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.queries import Changes
from tenant_apps.stock.services.stand_ins import Recipes, RecipesChanged, StandsFor


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


CENT = Decimal("0.01")  # of a unit: how finely the stock is kept


@dataclass(frozen=True, slots=True)
class Quote:
    lines: tuple[QuotedLine, ...]
    card: Card  # the group's, at the shop's prices
    changes: Changes

    def at(self, moment: dt.datetime) -> "Quote":
        """The same order as the shop makes it for that moment: what it is made of may differ, never what it costs."""
        substitutes = self.changes.applying(moment)
        card = self.card.with_substitutes(substitutes)
        lines = (replace(line, composition=card.compose(line.composition.configuration)) for line in self.lines)
        return replace(self, lines=tuple(lines)) if substitutes else self

    @property
    def shown(self) -> str:
        return shown(line.composition for line in self.lines)

    @property
    def has_alcohol(self) -> bool:
        return any(line.composition.is_alcohol for line in self.lines)

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
        return {key: _kept(quantity) for key, quantity in sorted(total.items())}

    @property
    def recipes(self) -> Recipes:
        """What the needs were worked out from, for the stock to check under its locks."""
        return Recipes(
            {one.replaced_id: one.substitution_id for one in self.changes.substitutes}, tuple(self._stand_ins())
        )

    def _stand_ins(self) -> Iterable[StandsFor]:
        totals: dict[tuple[int, int], list[Decimal]] = {}
        for line in self.lines:
            for part in line.composition.substitutes:
                if part.substitute:
                    key = (part.substitute.substitution_id, part.substitute.replaced_id)
                    total = totals.setdefault(key, [Decimal(0), Decimal(0)])
                    total[0] += line.quantity * part.replaced_quantity
                    total[1] += line.quantity * part.quantity
        return (StandsFor(*key, *map(_kept, total)) for key, total in totals.items())

    @property
    def products(self) -> dict[int, int]:
        """Product id → hundredths sold."""
        total: dict[int, int] = {}
        for line in self.lines:
            for key, hundredths in line.composition.products.items():
                total[key] = total.get(key, 0) + line.quantity * hundredths
        return dict(sorted(total.items()))


def _kept(quantity: Decimal) -> Decimal:
    return max(CENT, quantity.quantize(CENT))


class PricesChanged(RuleError):
    """Head office or the manager changed a price since the page was shown."""

    def __init__(self) -> None:
        super().__init__(_("A price has just changed: check the new total, then confirm the order."))


def shown(compositions: Iterable[Composition]) -> str:
    """What a page shows of prices, ingredients and allergens: sent back with the order, so that a stale page is found out.

    A line is `price,allergen,…,id of what is replaced,…`, the price of one piece in cents; lines are separated by `;`.
    """
    return ";".join(
        ",".join(
            [
                str(composition.price_cents),
                *composition.allergens,
                *(str(part.choice_id) for part in composition.substitutes),
            ]
        )
        for composition in compositions
    )


def check_shown(*, shown: str | None, quote: Quote) -> None:
    """What whoever orders saw (nothing said: not asked) is what they get and pay. Raises PricesChanged, RecipesChanged."""
    if shown is None or shown == quote.shown:
        return
    raise PricesChanged if _prices(shown) != _prices(quote.shown) else RecipesChanged


def _prices(shown: str) -> list[str]:
    return [line.partition(",")[0] for line in shown.split(";")]


def card_for(lines: Sequence[Asked], *, own: Changes | None = None, at: dt.datetime | None = None) -> Card:
    """The part of the card that these lines need, at this shop's prices and as it makes it, now unless `at` is given."""
    variants = {line.configuration.variant_id for line in lines}
    variants |= {line.configuration.other_half_id for line in lines if line.configuration.other_half_id}
    extras = {key for line in lines for key in line.configuration.extras}
    return shop_queries.part_of_card(variant_ids=variants, extra_ids=extras, own=own, at=at)


def quote(*, lines: Sequence[Asked], own: Changes | None = None) -> Quote:
    """Made of what the group's recipes say: `Quote.at` makes it that of a moment. `own` when it was read already.

    Raises EmptyOrder, NotOnTheCard, ImpossibleConfiguration.
    """
    if not lines:
        raise EmptyOrder
    own = shop_queries.changes() if own is None else own
    card = card_for(lines, own=replace(own, substitutes=()))
    quoted = tuple(QuotedLine(card.compose(line.configuration), line.quantity, line.agreed) for line in lines)
    if not all(half.published for line in quoted for half in line.composition.halves):
        raise NotOnTheCard
    return Quote(quoted, card, own)


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
        baked=composition.halves[0].category == Product.Category.PIZZA,
        **in_words(composition),
    )


def in_words(composition: Composition) -> dict[str, list[str]]:
    """What a line keeps of what it is made of: what a ticket, a label and a letter say."""
    replaced = [f"{part.replaced_name} → {part.name}" for part in composition.substitutes]
    return {
        "without_names": [name for component in composition.removed for name in component.names],
        "extra_names": [extra.component.name for extra in composition.extras],
        "allergens": [str(code) for code in composition.allergens],
        "replaced_names": replaced,
    }


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
