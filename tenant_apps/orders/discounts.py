"""What the code of a basket takes off it, as its pages show it before anything is ordered."""

import datetime as dt
from dataclasses import dataclass

from shared_apps.baskets.models import Basket
from shared_apps.core.errors import RuleError
from tenant_apps.orders.models import Order
from tenant_apps.promotions import services as promotions
from tenant_apps.promotions.models import worth


@dataclass(frozen=True, slots=True)
class Off:
    code: str
    label: str = ""
    cents: int = 0
    refusal: str = ""  # why the code does nothing here
    left_cents: int = 0  # of the items


NOTHING = Off("")


def off(*, basket: Basket | None, items_cents: int, now: dt.datetime) -> Off:
    if basket is None or not basket.voucher_code or not items_cents:
        return NOTHING
    try:
        voucher = promotions.check(code=basket.voucher_code, items_cents=items_cents, now=now)
    except RuleError as refusal:
        return Off(basket.voucher_code, refusal=str(refusal))
    cents = voucher.worth(items_cents)
    return Off(voucher.code, voucher.label, cents, left_cents=items_cents - cents)


def changed_total_cents(*, order: Order, items_cents: int) -> int:
    """What an order comes to cost when these are its items: its discounts stay, and a percentage follows."""
    left = items_cents
    for one in order.discounts.all():
        left -= min(left, worth(percent=one.percent, amount_cents=one.sum_cents, items_cents=items_cents))
    return left + order.delivery_fee_cents
