"""What the pizzaiolo does to an order."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.errors import RuleError
from shared_apps.messages.models import Message
from tenant_apps.orders import lifecycle
from tenant_apps.orders.lifecycle import State, Station
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import acts, following, stations, substituting, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.stock.services import reservations, substitutions
from tenants.hosts import Shop

UNDO_SECONDS = 30  # the screen offers it for 10; a slow network must not make a liar of it


class TooLateToUndo(RuleError):
    """The moment for taking an act back has passed."""

    def __init__(self) -> None:
        super().__init__(_("It is too late to undo this."))


@transaction.atomic
def claim(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """Takes the ticket: its ingredients leave the stock and the customer can no longer change it.

    Raises MoveRefused, StockSpent.
    """
    order = acts.locked(order_id)
    lifecycle.check(current=State(order.state), target=State.PREPARING, actor=by.capacity)
    reservations.consume(order_id=order.pk, actor_id=by.user_id, pizzeria_id=shop.id, now=now)
    order.seen_version = order.version
    order.received_at = order.received_at or now
    order.save(update_fields=["seen_version", "received_at"])
    acts.move(shop=shop, order=order, target=State.PREPARING, by=by, now=now, stamp="claimed_at")
    following.follow_later(shop=shop, order=order, now=now)
    acts.tell(shop=shop, order=order, stock=True)
    return order


@transaction.atomic
def undo_claim(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """The ticket was taken by mistake: stock and reservation are as before.

    Raises MoveRefused, TooLateToUndo, AlreadyInTheOven.
    """
    order = acts.locked(order_id)
    lifecycle.check(current=State(order.state), target=State.ACCEPTED, actor=by.capacity)
    if order.claimed_at is None or now - order.claimed_at > dt.timedelta(seconds=UNDO_SECONDS):
        raise TooLateToUndo
    stations.check_untouched(order)
    substitutions.lock_for_undo(ingredient_ids=reservations.consumed_by(order.pk))
    reservations.undo_consumption(
        order_id=order.pk,
        needed_at=acts.kitchen_begins(order),
        actor_id=by.user_id,
        pizzeria_id=shop.id,
        now=now,
    )
    order.claimed_at = None
    order.save(update_fields=["claimed_at"])
    acts.move(shop=shop, order=order, target=State.ACCEPTED, by=by, now=now, reason="undo")
    substituting.catch_up_order(shop=shop, order=order, now=now)
    acts.tell(shop=shop, order=order, stock=True)
    return order


@transaction.atomic
def acknowledge(
    *, shop: Shop, order_id: int, version: int, by: By, now: dt.datetime, station: Station | None = None
) -> Order:
    """The kitchen, or this station of it, has seen a change or cancellation; one that came meanwhile is still to be seen."""
    order = acts.locked(order_id)
    if version > order.version or order.was_seen_by(station, version):
        return order
    detail: dict[str, object] = {"version": version}
    if station:
        order.seen_by_stations[station.value] = version
        detail["station"] = station.value
    if all(order.was_seen_by(other, version) for other in order.stations if station):
        order.seen_version = version
    order.save(update_fields=["seen_version", "seen_by_stations"])
    acts.record(order=order, by=by, now=now, from_state=order.state, reason="seen", detail=detail)
    acts.tell(shop=shop, order=order)
    return order


@transaction.atomic
def mark_ready(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """Out of the oven and boxed. Raises MoveRefused, NotAllThere."""
    order = acts.locked(order_id)
    lifecycle.check(current=State(order.state), target=State.READY, actor=by.capacity)
    stations.leave_kitchen(order=order, now=now)
    acts.move(shop=shop, order=order, target=State.READY, by=by, now=now, stamp="ready_at")
    if order.mode != ServiceMode.DELIVERY:
        telling.tell_step(shop=shop, order=order, kind=Message.Kind.READY)
    telling.print_ticket(shop=shop, order=order, kind="bag")
    acts.tell(shop=shop, order=order)
    return order


@transaction.atomic
def recall(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """Back on the board from ready, a slip or something to do again. Raises MoveRefused."""
    order = acts.locked(order_id)
    order.ready_at = None
    order.save(update_fields=["ready_at"])
    acts.move(shop=shop, order=order, target=State.PREPARING, by=by, now=now, reason="recall")
    acts.tell(shop=shop, order=order)
    return order
