"""What the counter does to an order that a driver may have: the driver's round follows in the same act."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from tenant_apps.delivery.models import Stop
from tenant_apps.delivery.services import rounds
from tenant_apps.orders.lifecycle import MoveRefused
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import alcohol, changing, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.alcohol import Age
from tenant_apps.orders.services.settlement import Tender
from tenants.hosts import Shop


@transaction.atomic
def hand_over(
    *,
    shop: Shop,
    order_id: int,
    by: By,
    now: dt.datetime,
    tender: Tender | None = None,
    age: Age | None = None,
) -> Order:
    """`settlement.hand_over`, and out of the round of its driver; without its alcohol when that is refused.

    Raises MoveRefused, AgeNotChecked, NotYetPaid.
    """

    def act() -> Order:
        if age == Age.REFUSED:
            alcohol.refuse(shop=shop, order_id=order_id, by=by, now=now)
        saw_age = age == Age.SEEN
        return settlement.hand_over(shop=shop, order_id=order_id, by=by, now=now, tender=tender, saw_age=saw_age)

    return _with_its_stop(shop, order_id, now, act)


@transaction.atomic
def cancel(*, shop: Shop, order_id: int, by: By, now: dt.datetime, reason: str = "") -> Order:
    """`changing.cancel`, and out of the round of its driver. Raises MoveRefused."""
    return _with_its_stop(
        shop,
        order_id,
        now,
        lambda: changing.cancel(shop=shop, order_id=order_id, by=by, now=now, reason=reason),
    )


def _with_its_stop(shop: Shop, order_id: int, now: dt.datetime, act: Callable[[], Order]) -> Order:
    before = rounds.open_stop(order_id)
    locked = rounds.locked_shifts([before.round.shift_id] if before else [])
    rounds.lock_orders(before.round if before else None, order_id)
    stop = rounds.open_stop(order_id)
    if stop and stop.round.shift_id not in locked:
        raise MoveRefused(_("A driver has just taken this order: try again."))
    order = act()
    if stop:
        delivered = stop.round.left_at is not None and order.handed_over_at is not None
        rounds.close(stop, Stop.State.DELIVERED if delivered else Stop.State.RETURNED, now)
        if stop.round.left_at:
            rounds.go_on(shop, stop.round, now)
    return order
