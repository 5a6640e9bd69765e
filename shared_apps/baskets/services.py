"""What a visitor puts together before ordering. A basket belongs to whoever holds its token; it moves from shop to shop."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from shared_apps.baskets.models import Basket, BasketLine
from shared_apps.catalogue.recipes import Configuration
from shared_apps.core.calendar import business_day, day_bounds
from shared_apps.core.errors import RuleError

MAX_QUANTITY = 50
KEPT = dt.timedelta(days=30)  # of a basket nobody touches
COOKIE = "panier"  # holds the token, on the domain of the group and all its shops


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """The price of one piece, in cents, that somebody of the shop agreed to and why."""

    cents: int
    reason: str
    user_id: int | None
    by_manager: bool


def agreed_of(line: BasketLine) -> AgreedPrice | None:
    if line.agreed_cents is None:
        return None
    return AgreedPrice(line.agreed_cents, line.agreed_reason, line.agreed_by_id, line.agreed_by_manager)


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
        basket.save(update_fields=["pizzeria", "updated_at"])


@transaction.atomic
def add(
    *, basket: Basket, configuration: Configuration, quantity: int, agreed: AgreedPrice | None = None
) -> BasketLine:
    """Adds pieces; the same configuration again adds to its line, unless a price was agreed for it. Raises TooMany."""
    Basket.objects.select_for_update().get(pk=basket.pk)
    same = (line for line in basket.lines.all() if configuration_of(line) == configuration)
    line = None if agreed else next((line for line in same if line.agreed_cents is None), None)
    if line is None:
        line = _line(basket, configuration, 0)
    if agreed:
        line.agreed_cents, line.agreed_reason = agreed.cents, agreed.reason
        line.agreed_by_id, line.agreed_by_manager = agreed.user_id, agreed.by_manager
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
def fill(*, basket: Basket, lines: Iterable[tuple[Configuration, int]]) -> None:
    """Adds what an earlier order was made of, to have it again. Raises TooMany."""
    for configuration, quantity in lines:
        add(basket=basket, configuration=configuration, quantity=quantity)


@transaction.atomic
def open_change(
    *, basket: Basket | None, pizzeria_id: int, reference: str, lines: Iterable[tuple[Configuration, int]]
) -> Basket:
    """A basket that holds a placed order while it is changed; the visitor's own waits, untouched."""
    if basket and basket.changes_order:
        basket = basket.set_aside
    change = Basket.objects.create(pizzeria_id=pizzeria_id, changes_order=reference, set_aside=basket)
    fill(basket=change, lines=lines)
    return change


def hold(*, basket: Basket) -> bool:
    """Locks it until the end of the transaction; False when another tap of the same button was there first."""
    return Basket.objects.select_for_update().filter(pk=basket.pk).exists()


@transaction.atomic
def close_change(*, basket: Basket) -> Basket:
    """The change was kept or given up: back to the basket that waited, or to an empty one."""
    waiting = basket.set_aside or create(pizzeria_id=basket.pizzeria_id)
    basket.delete()
    return waiting


def empty(*, basket: Basket) -> None:
    """The order is placed: the basket is as new, and its next order another submission."""
    basket.lines.all().delete()
    basket.submission, basket.voucher_code = uuid.uuid4(), ""
    basket.save(update_fields=["submission", "voucher_code", "updated_at"])


def set_voucher(*, basket: Basket, code: str) -> None:
    """Empty takes it away."""
    basket.voucher_code = "".join(code.upper().split())[:20]
    basket.save(update_fields=["voucher_code", "updated_at"])


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


def open_at_counter(*, pizzeria_id: int, user_id: int) -> Basket:
    """An order that the shop's staff takes, on the phone or at the counter."""
    return Basket.objects.create(pizzeria_id=pizzeria_id, user_id=user_id, is_counter=True)


def at_counter(*, pizzeria_id: int) -> list[Basket]:
    """Those being taken or parked in a shop, the latest first."""
    found = Basket.objects.filter(pizzeria_id=pizzeria_id, is_counter=True).select_related("user", "handed_by")
    return list(found.annotate(pieces=Sum("lines__quantity")).order_by("-updated_at"))


def find_at_counter(*, token: uuid.UUID, pizzeria_id: int) -> Basket | None:
    return Basket.objects.filter(token=token, pizzeria_id=pizzeria_id, is_counter=True).first()


def park(*, basket: Basket, label: str, contact: dict[str, str] | None = None) -> None:
    """Set aside while somebody looks for a purse; whoever is at the counter takes it up again, with what was typed."""
    basket.parked_as, basket.contact = label.strip()[:60], contact or {}
    basket.save(update_fields=["parked_as", "contact", "updated_at"])


def hand_to(*, basket: Basket, pizzeria_id: int, label: str, contact: dict[str, str]) -> None:
    """To the counter of another shop, parked there with what the caller said."""
    basket.pizzeria_id, basket.handed_by_id = pizzeria_id, basket.pizzeria_id
    basket.parked_as, basket.contact = label.strip()[:60], contact
    basket.save(update_fields=["pizzeria", "handed_by", "parked_as", "contact", "updated_at"])


def sweep(*, now: dt.datetime) -> int:
    """Deletes what the counters left unfinished on days that are over, and baskets of 30 days; how many."""
    today = day_bounds(business_day(now))[0]
    left = Q(is_counter=True, updated_at__lt=today) | Q(updated_at__lt=now - KEPT)
    deleted = 0
    while keys := list(Basket.objects.filter(left).values_list("pk", flat=True)[:500]):
        deleted += len(keys)
        Basket.objects.filter(pk__in=keys).delete()
    return deleted
