"""« À traiter »: opening and closing what only a person can settle.

A shortage falls on the orders promised last: enough of them to cover what is missing. When the stock is right again,
by a reception, a count or another order's cancellation, the cases close by themselves.
"""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from tenant_apps.orders.models import Case, Order
from tenant_apps.stock.models import Reservation, StockLevel


def review_shortages(*, now: dt.datetime) -> None:
    """Makes the open cases those that today's shortages ask for."""
    wanted = {pair for level in StockLevel.objects.filter(shortage=True) for pair in _orders_short(level)}
    open_cases = Case.objects.filter(kind=Case.Kind.SHORTAGE, closed_at=None)
    standing = {(case.order_id, case.ingredient_id): case.pk for case in open_cases}
    Case.objects.bulk_create(
        [
            Case(order_id=order_id, kind=Case.Kind.SHORTAGE, ingredient_id=ingredient_id, opened_at=now)
            for order_id, ingredient_id in sorted(wanted - standing.keys())
        ],
        ignore_conflicts=True,
    )
    over = [key for pair, key in standing.items() if pair not in wanted]
    Case.objects.filter(pk__in=over).update(closed_at=now, resolution=_("Enough in stock again"))


def _orders_short(level: StockLevel) -> list[tuple[int, int]]:
    """(order, ingredient) of the latest-promised orders that cover what is missing."""
    missing = level.reserved - level.on_hand
    short: list[tuple[int, int]] = []
    held = Reservation.objects.filter(ingredient_id=level.pk, day=None).order_by("-needed_at", "-order_id")
    for order_id, quantity in held.values_list("order_id", "quantity"):
        if missing <= Decimal(0):
            break
        short.append((order_id, level.pk))
        missing -= quantity
    return short


def close_all(*, order: Order, user_id: int | None, now: dt.datetime) -> None:
    """The order is over: nothing is left to settle about it."""
    Case.objects.filter(order=order, closed_at=None).update(
        closed_at=now, closed_by_id=user_id, resolution=_("Order cancelled")
    )


@transaction.atomic
def close(*, case_id: int, user_id: int, resolution: str, now: dt.datetime) -> None:
    """Somebody settled it and says how."""
    Case.objects.filter(pk=case_id, closed_at=None).update(
        closed_at=now, closed_by_id=user_id, resolution=resolution.strip()[:200]
    )


def open_cases() -> list[Case]:
    """Oldest promise first."""
    found = Case.objects.filter(closed_at=None).select_related("order", "order__slot", "ingredient")
    return list(found.order_by(F("order__slot__starts_at"), "id"))
