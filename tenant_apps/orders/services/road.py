"""Leaving with a delivery, and coming back with it."""

import datetime as dt

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
def leave(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """The driver leaves with the order. Raises MoveRefused."""
    order = acts.locked(order_id)
    if order.mode != ServiceMode.DELIVERY:
        raise MoveRefused(_("This order is collected at the pizzeria."))
    acts.move(shop=shop, order=order, target=State.ON_THE_WAY, by=by, now=now, stamp="left_at")
    telling.tell_step(shop=shop, order=order, kind=Message.Kind.ON_THE_WAY)
    acts.tell(shop=shop, order=order)
    return order


@transaction.atomic
def come_back(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """Left by mistake, or brought back to the shop. Raises MoveRefused."""
    order = acts.locked(order_id)
    order.left_at = None
    order.save(update_fields=["left_at"])
    acts.move(shop=shop, order=order, target=State.READY, by=by, now=now, reason="back")
    acts.tell(shop=shop, order=order)
    return order
