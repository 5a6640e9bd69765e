"""What every act on an order shares: who acts, the lock, the event, the read model, the hint."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from shared_apps.sales.models import OrderSummary
from shared_apps.sales.services import Cell
from tenant_apps.orders import lifecycle
from tenant_apps.orders.lifecycle import Actor, State
from tenant_apps.orders.models import Order, OrderEvent
from tenants.hosts import Shop


@dataclass(frozen=True, slots=True)
class By:
    """Who acts and in what capacity; a customer may have no account."""

    capacity: Actor
    user_id: int | None = None


class UnknownOrder(RuleError):
    """No such order in this shop."""

    def __init__(self) -> None:
        super().__init__(_("This order does not exist in this pizzeria."))


def locked(order_id: int) -> Order:
    """The order, locked until the end of the transaction: the first lock of every act on it."""
    order = Order.objects.select_for_update(of=("self",)).select_related("slot").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder
    return order


def move(
    *, shop: Shop, order: Order, target: State, by: By, now: dt.datetime, stamp: str = "", reason: str = ""
) -> None:
    """Takes a locked order to another state, `stamp` being the field that keeps the moment. Raises MoveRefused."""
    lifecycle.check(current=State(order.state), target=target, actor=by.capacity)
    before, order.state = order.state, target
    if stamp:
        setattr(order, stamp, now)
    order.save(update_fields=["state", *([stamp] if stamp else [])])
    record(order=order, by=by, now=now, from_state=before, reason=reason)
    OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(
        state=target, handed_over_at=order.handed_over_at
    )


def record(
    *, order: Order, by: By, now: dt.datetime, from_state: str, reason: str = "", detail: dict[str, Any] | None = None
) -> None:
    event(order=order, by=by, now=now, from_state=from_state, reason=reason, detail=detail).save()


def event(
    *, order: Order, by: By, now: dt.datetime, from_state: str, reason: str = "", detail: dict[str, Any] | None = None
) -> OrderEvent:
    """What `record` keeps."""
    return OrderEvent(
        order=order,
        at=now,
        from_state=from_state,
        to_state=order.state,
        actor_id=by.user_id,
        capacity=by.capacity,
        reason=reason,
        detail=detail or {},
    )


def tell(*, shop: Shop, order: Order, stock: bool = False) -> None:
    """Hints the open screens of the shop, the customer's and head office's; once, last, in the same transaction."""
    topics = ["orders", f"order-{order.reference}", *(["stock"] if stock else [])]
    if order.remakes:  # the customer follows the order that is made again
        topics.append(f"order-{order.remakes.reference}")
    hints.changed(scope=shop.schema_name, topics=topics, group=True)


def cell(*, shop: Shop, order: Order) -> Cell:
    return Cell.at(pizzeria_id=shop.id, moment=order.placed_at, channel=order.channel, mode=order.mode)
