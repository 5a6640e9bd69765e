"""What every act on an order shares: who acts, the lock, the event, the read model, the hint."""

import datetime as dt
from collections.abc import Iterable
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
from tenant_apps.shop import promise
from tenant_apps.shop import queries as shop_queries
from tenants.hosts import Shop


@dataclass(frozen=True, slots=True)
class By:
    """Who acts and in what capacity; a customer may have no account."""

    capacity: Actor
    user_id: int | None = None
    device_id: int | None = None  # the shared tablet or till it was done on


class UnknownOrder(RuleError):
    """No such order in this shop."""

    def __init__(self) -> None:
        super().__init__(_("This order does not exist in this pizzeria."))


def locked(order_id: int) -> Order:
    """The order, locked until the end of the transaction: the first lock of every act on it.

    Its key stays free: a case about it may be opened by whoever holds the stock that it waits for.
    """
    found = locked_all([order_id])
    if not found:
        raise UnknownOrder
    return found[0]


def locked_all(order_ids: Iterable[int]) -> list[Order]:
    """Several orders, locked by their numbers, so that no two acts wait for each other."""
    found = Order.objects.select_for_update(of=("self",), no_key=True).select_related("slot")
    return list(found.filter(pk__in=list(order_ids)).order_by("pk"))


def locked_with_replaced(order_id: int) -> tuple[Order, Order | None]:
    """The order and the one that it makes again, if any, both locked. Raises UnknownOrder."""
    numbers = with_replaced([order_id])
    if len(numbers) < 2:
        return locked(order_id), None
    original, order = locked_all(numbers)  # what makes another again has the later number
    return order, original


def with_replaced(order_ids: Iterable[int]) -> set[int]:
    """These orders and those that they make again: who locks one of a pair locks both, by their numbers."""
    pairs = Order.objects.filter(pk__in=list(order_ids)).values_list("pk", "remakes_id")
    return {number for pair in pairs for number in pair if number}


def move(
    *,
    shop: Shop,
    order: Order,
    target: State,
    by: By,
    now: dt.datetime,
    stamp: str = "",
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Takes a locked order to another state, `stamp` being the field that keeps the moment. Raises MoveRefused."""
    lifecycle.check(current=State(order.state), target=target, actor=by.capacity)
    before, order.state = order.state, target
    if stamp:
        setattr(order, stamp, now)
    order.save(update_fields=["state", *([stamp] if stamp else [])])
    record(order=order, by=by, now=now, from_state=before, reason=reason, detail=detail)
    OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(
        state=target, handed_over_at=order.handed_over_at
    )


def record(
    *, order: Order, by: By, now: dt.datetime, from_state: str, reason: str = "", detail: dict[str, Any] | None = None
) -> None:
    event(order=order, by=by, now=now, from_state=from_state, reason=reason, detail=detail).save()


def sent(made_at: dt.datetime | None, now: dt.datetime) -> dict[str, Any]:
    """What an event keeps of an act that was made before it came here."""
    return {"received_at": now.isoformat()} if made_at else {}


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
        detail=(detail or {}) | ({"device": by.device_id} if by.device_id else {}),
    )


def tell(*, shop: Shop, order: Order, stock: bool = False, others: Iterable[Order] = ()) -> None:
    """Hints the open screens of the shop, the customer's and head office's; once, last, in the same transaction.

    `others`: orders of the same round, whose customers wait for the same driver.
    """
    topics = ["orders", *(["stock"] if stock else [])]
    for told in (order, *others):
        topics.append(f"order-{told.reference}")
        if told.remakes:  # the customer follows the order that is made again
            topics.append(f"order-{told.remakes.reference}")
    hints.changed(scope=shop.schema_name, topics=topics, group=True)


def kitchen_begins(order: Order) -> dt.datetime:
    """When its ingredients must be there, as the shop's settings are now."""
    return promise.kitchen_begins(
        starts_at=order.slot.starts_at,
        travel_minutes=order.travel_minutes,
        preparation_minutes=shop_queries.settings().preparation_minutes,
    )


def cell(*, shop: Shop, order: Order) -> Cell:
    return Cell.at(pizzeria_id=shop.id, moment=order.placed_at, channel=order.channel, mode=order.mode)
