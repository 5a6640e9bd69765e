"""What the discounts of a placed order are worth, on its items as they are or as they would be."""

from collections.abc import Iterator

from shared_apps.catalogue.models import VatClass
from tenant_apps.orders.models import Order, OrderDiscount
from tenant_apps.promotions.models import worth


def discounts(*, order: Order, items_cents: int) -> Iterator[tuple[OrderDiscount, int]]:
    """Each with what it takes off items of this sum, in cents: together never more than the sum."""
    left = items_cents
    for discount in order.discounts.select_related("voucher").order_by("id"):
        off = worth(percent=discount.percent, amount_cents=discount.sum_cents, items_cents=items_cents)
        off = min(off, left)
        left -= off
        yield discount, off


def total_cents(*, order: Order, items_cents: int) -> int:
    """What the order comes to cost when its items are of this sum: its discounts stay, and a percentage follows."""
    off = sum(cents for _discount, cents in discounts(order=order, items_cents=items_cents))
    return items_cents - off + order.delivery_fee_cents


def total_without_alcohol_cents(order: Order) -> int:
    """The same when its alcohol is refused."""
    alcohol = order.lines.filter(variant__product__vat_class=VatClass.ALCOHOL)
    return total_cents(order=order, items_cents=order.items_cents - sum(line.total_cents for line in alcohol))
