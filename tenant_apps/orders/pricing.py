"""Prices that the shop agrees to below its card's, and how far each role may go: pure."""

from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import OrderLine
from tenant_apps.orders.quoting import Quote
from tenant_apps.shop.models import ShopSettings


class WrongPrice(RuleError):
    """Above the card's, or without a reason, or not by the shop."""


class BeyondLimit(RuleError):
    """More off than the counter may give without the manager."""

    def __init__(self, limit_cents: int) -> None:
        super().__init__(
            _("At most %(limit)s may be taken off this order here: beyond, the manager agrees to the price.")
            % {"limit": euros(limit_cents)}
        )


def limit_cents(*, list_cents: int, settings: ShopSettings) -> int:
    """What the counter may take off an order of this price: the larger of the shop's percentage and sum."""
    return max(list_cents * settings.discount_limit_percent // 100, settings.discount_limit_cents)


def check(*, quote: Quote, capacity: Actor, settings: ShopSettings) -> None:
    """Raises WrongPrice, BeyondLimit. What the manager agreed to counts against no limit."""
    agreed = [line for line in quote.lines if line.agreed]
    if not agreed:
        return
    if capacity not in (Actor.COUNTER, Actor.MANAGER):
        raise WrongPrice(_("Only the pizzeria agrees to a price."))
    if any(line.unit_cents > line.composition.price_cents for line in agreed):
        raise WrongPrice(_("An agreed price is never above that of the card."))
    if not all(line.agreed and line.agreed.reason for line in agreed):
        raise WrongPrice(_("Say why: =9,50 and a few words."))
    list_cents = sum(line.quantity * line.composition.price_cents for line in quote.lines)
    off = sum(
        line.quantity * (line.composition.price_cents - line.unit_cents)
        for line in agreed
        if line.agreed and not line.agreed.by_manager
    )
    if capacity != Actor.MANAGER and off > limit_cents(list_cents=list_cents, settings=settings):
        raise BeyondLimit(limit_cents(list_cents=list_cents, settings=settings))


def check_lines(*, lines: list[OrderLine], agreed: OrderLine, by_manager: bool, settings: ShopSettings) -> None:
    """The same for a placed order; all that was taken off it so far counts. Raises WrongPrice, BeyondLimit."""
    if agreed.list_total_cents < agreed.total_cents:
        raise WrongPrice(_("An agreed price is never above that of the card."))
    if not agreed.price_reason:
        raise WrongPrice(_("Say why: =9,50 and a few words."))
    list_cents = sum(line.list_total_cents for line in lines)
    limit = limit_cents(list_cents=list_cents, settings=settings)
    if not by_manager and list_cents - sum(line.total_cents for line in lines) > limit:
        raise BeyondLimit(limit)
