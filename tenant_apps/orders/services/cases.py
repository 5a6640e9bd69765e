"""« À traiter »: opening and closing what only a person can settle.

A shortage falls on the orders needed last: those for which nothing is left at their moment once those before them are
served. When the stock is right again, by a reception, a count or another order's cancellation, the cases close by
themselves.
"""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from shared_apps.core.errors import RuleError
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Case, Order
from tenant_apps.stock.services import coverage


def review_shortages(*, now: dt.datetime) -> None:
    """Makes the open cases those that the shortages of now and of the days to come ask for."""
    wanted = coverage.short_orders()
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


def open_once(*, order: Order, kind: Case.Kind, now: dt.datetime) -> None:
    """A case of this kind about a locked order, unless one is open already."""
    Case.objects.bulk_create([Case(order=order, kind=kind, opened_at=now)], ignore_conflicts=True)


def settle(*, order: Order, kind: Case.Kind, now: dt.datetime) -> None:
    """What the case waited for has come by itself."""
    Case.objects.filter(order=order, kind=kind, closed_at=None).update(
        closed_at=now, resolution=_("It has come by itself")
    )


def close_all(*, order: Order, user_id: int | None, now: dt.datetime) -> None:
    """The order is over: nothing is left to settle about it."""
    Case.objects.filter(order=order, closed_at=None).update(
        closed_at=now, closed_by_id=user_id, resolution=_("Order cancelled")
    )


def close_ended(*, order: Order, ingredient_id: int, now: dt.datetime) -> None:
    """The ingredient that somebody with an allergy should hear of is out of the order again."""
    found = Case.objects.filter(order=order, kind=Case.Kind.ALLERGY, ingredient_id=ingredient_id, closed_at=None)
    found.update(closed_at=now, resolution=_("The recipe is as it was"))


def open_case(*, order: Order, kind: Case.Kind, words: str, now: dt.datetime) -> None:
    """Something about this order for a person; what is open already is not opened again."""
    case = Case(order=order, kind=kind, words=words[:200], opened_at=now)
    Case.objects.bulk_create([case], ignore_conflicts=True)


def close_delivery(*, order: Order, user_id: int | None, resolution: str, now: dt.datetime) -> None:
    """What follows a failed delivery is decided."""
    failed = Case.objects.filter(order=order, kind=Case.Kind.FAILED_DELIVERY, closed_at=None)
    failed.update(closed_at=now, closed_by_id=user_id, resolution=resolution)


class DecideFirst(RuleError):
    """Words alone do not settle an order that was not delivered."""

    def __init__(self) -> None:
        super().__init__(_("Decide what follows on the page of the order: the case then closes by itself."))


class StillToGiveBack(RuleError):
    """Words do not settle it: the money goes back on the page of the order."""

    def __init__(self) -> None:
        super().__init__(_("Give the money back on the page of the order: that settles it."))


@transaction.atomic
def close(*, case_id: int, user_id: int, resolution: str, now: dt.datetime) -> None:
    """Somebody settled it and says how. Raises StillToGiveBack, DecideFirst."""
    if Case.objects.filter(pk=case_id, kind=Case.Kind.FAILED_DELIVERY, order__state=State.FAILED).exists():
        raise DecideFirst
    if Case.objects.filter(pk=case_id, kind=Case.Kind.MONEY_BACK, closed_at=None).exists():
        raise StillToGiveBack
    Case.objects.filter(pk=case_id, closed_at=None).update(
        closed_at=now, closed_by_id=user_id, resolution=resolution.strip()[:200]
    )


def open_cases() -> list[Case]:
    """Oldest promise first."""
    found = Case.objects.filter(closed_at=None).select_related("order", "order__slot", "ingredient")
    return list(found.order_by(F("order__slot__starts_at"), "id"))
