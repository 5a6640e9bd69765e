"""What a visitor puts together before ordering. A basket belongs to whoever holds its token; it moves from shop to shop."""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from shared_apps.baskets.models import Basket, BasketLine
from shared_apps.catalogue.recipes import Configuration
from shared_apps.core.errors import RuleError

MAX_QUANTITY = 50


class TooMany(RuleError):
    """More of a line than one orders on the web."""

    def __init__(self) -> None:
        super().__init__(_("For more than 50 of the same, please call the pizzeria."))


def find(*, token: str | None) -> Basket | None:
    try:
        return Basket.objects.filter(token=uuid.UUID(token or "")).first()
    except ValueError:
        return None


def create(*, pizzeria_id: int | None) -> Basket:
    return Basket.objects.create(pizzeria_id=pizzeria_id)


def move(*, basket: Basket, pizzeria_id: int) -> None:
    """The visitor now orders from another shop; what is in the basket stays."""
    if basket.pizzeria_id != pizzeria_id:
        basket.pizzeria_id = pizzeria_id
        basket.changes_order = ""  # an order is changed in its own shop
        basket.save(update_fields=["pizzeria", "changes_order", "updated_at"])


@transaction.atomic
def add(*, basket: Basket, configuration: Configuration, quantity: int) -> BasketLine:
    """Adds pieces; the same configuration again adds to its line. Raises TooMany."""
    Basket.objects.select_for_update().get(pk=basket.pk)
    line = next((line for line in basket.lines.all() if configuration_of(line) == configuration), None)
    if line is None:
        line = _line(basket, configuration, 0)
    line.quantity += quantity
    if line.quantity > MAX_QUANTITY:
        raise TooMany
    line.save()
    return line


def set_quantity(*, basket: Basket, line_id: int, quantity: int) -> None:
    """None left removes the line. Raises TooMany."""
    if quantity > MAX_QUANTITY:
        raise TooMany
    line = basket.lines.filter(pk=line_id)
    if quantity < 1:
        line.delete()
    else:
        line.update(quantity=quantity)


@transaction.atomic
def replace(*, basket: Basket, lines: Iterable[tuple[Configuration, int]], changes_order: str = "") -> None:
    """Fills the basket with something else: an order to change or to have again."""
    basket.lines.all().delete()
    BasketLine.objects.bulk_create(
        _line(basket, configuration, min(quantity, MAX_QUANTITY)) for configuration, quantity in lines
    )
    basket.changes_order = changes_order
    basket.save(update_fields=["changes_order", "updated_at"])


def empty(*, basket: Basket) -> None:
    """The order is placed: the basket is as new, and its next order another submission."""
    basket.lines.all().delete()
    basket.submission = uuid.uuid4()
    basket.changes_order = ""
    basket.save(update_fields=["submission", "changes_order", "updated_at"])


def count(*, basket: Basket | None) -> int:
    """Pieces in it."""
    return (basket.lines.aggregate(sum=Sum("quantity"))["sum"] or 0) if basket else 0


def configuration_of(line: BasketLine) -> Configuration:
    return Configuration(line.variant_id, line.other_half_id, frozenset(line.removed), frozenset(line.extras))


def _line(basket: Basket, configuration: Configuration, quantity: int) -> BasketLine:
    return BasketLine(
        basket=basket,
        variant_id=configuration.variant_id,
        other_half_id=configuration.other_half_id,
        removed=sorted(configuration.removed),
        extras=sorted(configuration.extras),
        quantity=quantity,
    )
