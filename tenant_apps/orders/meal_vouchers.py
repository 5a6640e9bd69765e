"""What of an order meal vouchers may pay: food and drinks without alcohol (C. trav. R3262-4), no delivery."""

from dataclasses import dataclass

from shared_apps.catalogue import vat
from shared_apps.catalogue.models import VatClass
from tenant_apps.orders.models import Order
from tenant_apps.payments.models import Payment

DAILY_CENTS = 2500  # what one person may pay with them in a day (C. trav. R3262-10): the shop warns, it cannot check


@dataclass(frozen=True, slots=True)
class Eligible:
    """In cents: what vouchers may still pay of an order, and what to propose."""

    left_cents: int
    due_cents: int

    @property
    def suggested_cents(self) -> int:
        return min(DAILY_CENTS, self.left_cents, self.due_cents)


def eligible(*, order: Order, payments: list[Payment], due_cents: int) -> Eligible:
    used = sum(payment.kept_cents for payment in payments if payment.means in Payment.MEAL_VOUCHERS)
    return Eligible(max(0, eligible_cents(order) - used), due_cents)


def eligible_cents(order: Order) -> int:
    """Of the lines as they are paid, a discount spread over them pro rata."""
    lines = list(order.lines.values_list("quantity", "unit_price_cents", "variant__product__vat_class"))
    totals = [quantity * price for quantity, price, _vat_class in lines]
    off = vat.spread_discount(totals, order.discount_cents)  # as the receipt does, to the same cent
    return sum(
        cents - less for cents, less, line in zip(totals, off, lines, strict=True) if line[2] != VatClass.ALCOHOL
    )
