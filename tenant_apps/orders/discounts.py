"""What the code of a basket takes off it, as its pages show it before anything is ordered."""

import datetime as dt
from dataclasses import dataclass

from shared_apps.baskets.models import Basket
from shared_apps.core.errors import RuleError
from tenant_apps.promotions import services as promotions


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
