"""Leaving with deliveries, being at the door, and coming back with them.

`made_at` is when the act was made, `now` when it came here: a phone without network sends it later. The event keeps both.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.messages.models import Message
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import acts, telling
from tenant_apps.orders.services.acts import By
from tenants.hosts import Shop


@transaction.atomic
def leave(
    *, shop: Shop, order_ids: Iterable[int], by: By, now: dt.datetime, made_at: dt.datetime | None = None
) -> list[Order]:
    """The driver leaves with these orders, all of them or none. Raises MoveRefused."""
    orders = acts.locked_all(order_ids)
    for order in orders:
        if order.mode != ServiceMode.DELIVERY:
            raise MoveRefused(_("This order is collected at the pizzeria."))
        acts.move(
            shop=shop,
            order=order,
            target=State.ON_THE_WAY,
            by=by,
            now=made_at or now,
            stamp="left_at",
            detail=acts.sent(made_at, now),
        )
        telling.tell_step(shop=shop, order=order, kind=Message.Kind.ON_THE_WAY)
    if orders:
        acts.tell(shop=shop, order=orders[0], others=orders[1:])
    return orders


@transaction.atomic
def arrive(
    *,
    shop: Shop,
    order_id: int,
    by: By,
    now: dt.datetime,
    made_at: dt.datetime | None = None,
    others: Iterable[Order] = (),
) -> Order:
    """At the door. Raises MoveRefused."""
    order = acts.locked(order_id)
    if order.state != State.ON_THE_WAY:
        raise MoveRefused(
            _("This order is “%(state)s”: this can no longer be done.") % {"state": State(order.state).label}
        )
    detail = acts.sent(made_at, now)
    acts.record(order=order, by=by, now=made_at or now, from_state=order.state, reason="arrived", detail=detail)
    acts.tell(shop=shop, order=order, others=others)
    return order


@transaction.atomic
def come_back(
    *,
    shop: Shop,
    order_id: int,
    by: By,
    now: dt.datetime,
    made_at: dt.datetime | None = None,
    others: Iterable[Order] = (),
) -> Order:
    """Left by mistake, or back at the shop before its door. Raises MoveRefused."""
    order = acts.locked(order_id)
    if order.state != State.ON_THE_WAY:
        raise MoveRefused(
            _("This order is “%(state)s”: this can no longer be done.") % {"state": State(order.state).label}
        )
    order.left_at = order.arrives_at = None
    order.save(update_fields=["left_at", "arrives_at"])
    detail = acts.sent(made_at, now)
    acts.move(shop=shop, order=order, target=State.READY, by=by, now=made_at or now, reason="back", detail=detail)
    acts.tell(shop=shop, order=order, others=others)
    return order


def expect(*, arrivals: Mapping[int, dt.datetime]) -> list[Order]:
    """When the driver will be at these doors, by the order of their stops; the orders are locked by the caller."""
    orders = list(Order.objects.filter(pk__in=arrivals, state=State.ON_THE_WAY).order_by("pk"))
    for order in orders:
        order.arrives_at = arrivals[order.pk]
    Order.objects.bulk_update(orders, ["arrives_at"])
    return orders
