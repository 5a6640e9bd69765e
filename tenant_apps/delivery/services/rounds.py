"""Who takes what, and in what order of the doors.

Locks: the shifts by id, then the orders by number. Whoever changes a stop holds the lock of its order.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.errors import RuleError
from tenant_apps.delivery import itinerary, routes
from tenant_apps.delivery.models import Position, Round, Shift, Stop
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import acts, road
from tenant_apps.orders.services.acts import By
from tenants.hosts import Shop


class NoShift(RuleError):
    """Deliveries go to somebody who is on shift."""

    def __init__(self) -> None:
        super().__init__(_("Nobody takes a delivery before beginning a shift."))


class NotToDeliver(RuleError):
    """Only a delivery that the kitchen has finished is taken along."""

    def __init__(self, order: Order) -> None:
        words = _("No. %(number)s is “%(state)s”: only a delivery that is ready is taken along.")
        super().__init__(words % {"number": order.number, "state": State(order.state).label})


class AlreadyTaken(RuleError):
    """A colleague has it."""

    def __init__(self, stop: Stop) -> None:
        words = _("No. %(number)s is already with %(driver)s.")
        super().__init__(words % {"number": stop.order_id, "driver": stop.round.shift.driver})


class OnTheRoad(RuleError):
    """What has left is brought back before somebody else takes it."""

    def __init__(self, stop: Stop) -> None:
        words = _("No. %(number)s has left with %(driver)s: it is delivered or brought back first.")
        super().__init__(words % {"number": stop.order_id, "driver": stop.round.shift.driver})


class UnknownStop(RuleError):
    """Not in a round of this driver, or no longer."""

    def __init__(self) -> None:
        super().__init__(_("This delivery is no longer in your round."))


def open_stop(order_id: int) -> Stop | None:
    """Where this order is to be delivered, if somebody has it."""
    found = Stop.objects.select_related("round__shift__driver").filter(order_id=order_id, state__in=Stop.OPEN)
    return found.first()


def locked_shifts(shift_ids: Iterable[int]) -> dict[int, Shift]:
    found = Shift.objects.select_for_update(no_key=True).filter(pk__in=set(shift_ids)).order_by("pk")
    return {shift.pk: shift for shift in found}


@transaction.atomic
def assign(*, shop: Shop, order_id: int, shift_id: int, by: By, now: dt.datetime, reassign: bool = False) -> Stop:
    """Gives a ready delivery to a driver on shift, in the round that they prepare; again, it changes nothing.

    `reassign` takes it from a colleague who has not left yet.
    Raises NoShift, NotToDeliver, AlreadyTaken, OnTheRoad.
    """
    held = open_stop(order_id)
    shift = locked_shifts({shift_id, *([held.round.shift_id] if held else [])}).get(shift_id)
    if shift is None or shift.ended_at:
        raise NoShift
    order = acts.locked(order_id)
    held = open_stop(order_id)
    if held and held.round.shift_id == shift_id:
        return held
    if held and held.round.left_at:
        raise OnTheRoad(held)
    if held and not reassign:
        raise AlreadyTaken(held)
    if order.mode != ServiceMode.DELIVERY or order.state != State.READY:
        raise NotToDeliver(order)
    if held:
        close(held, Stop.State.RETURNED, now)
    stop = _add(shop, shift, order, now)
    detail = {"driver_id": shift.driver_id}
    acts.record(order=order, by=by, now=now, from_state=order.state, reason="assigned", detail=detail)
    acts.tell(shop=shop, order=order)
    return stop


def _add(shop: Shop, shift: Shift, order: Order, now: dt.datetime) -> Stop:
    planned, _made = Round.objects.get_or_create(shift=shift, left_at=None, closed_at=None, defaults={"opened_at": now})
    last = planned.stops.aggregate(last=Max("position"))["last"] or 0
    stop = Stop.objects.create(round=planned, order=order, position=last + 1, assigned_at=now)
    if not planned.by_hand:
        order_doors(shop, planned, now)
    return stop


@transaction.atomic
def take_back(*, shop: Shop, order_id: int, by: By, now: dt.datetime, driver_id: int | None = None) -> Order:
    """Out of the round of a driver who has not left; of `driver_id`'s own when given. Raises UnknownStop, OnTheRoad."""
    held = open_stop(order_id)
    locked_shifts([held.round.shift_id] if held else [])
    order = acts.locked(order_id)
    held = open_stop(order_id)
    if held is None or driver_id not in (None, held.round.shift.driver_id):
        raise UnknownStop
    if held.round.left_at:
        raise OnTheRoad(held)
    close(held, Stop.State.RETURNED, now)
    acts.record(order=order, by=by, now=now, from_state=order.state, reason="taken_back")
    acts.tell(shop=shop, order=order)
    return order


def lock_orders(round_: Round | None, *order_ids: int) -> None:
    """All the orders of the round at once, since an act on one says when the others are reached."""
    numbers = set(order_ids)
    if round_:
        numbers |= set(round_.stops.filter(state__in=Stop.OPEN).values_list("order_id", flat=True))
    acts.locked_all(acts.with_replaced(numbers))


def close(stop: Stop, state: Stop.State, now: dt.datetime) -> None:
    """The stop is over; whoever calls holds the lock of its order."""
    stop.state, stop.done_at = state, now
    stop.save(update_fields=["state", "done_at", "failure", "failure_words"])


def order_doors(shop: Shop, round_: Round, now: dt.datetime) -> None:
    """Puts the doors of a round that has not left in their best order."""
    stops = itinerary.remaining(round_)
    best = routes.best_order(start=shop, stops=itinerary.doors(stops), leaving_at=now)
    _put(stops, [door.number for door in best])


def _put(stops: Sequence[Stop], keys: Sequence[int]) -> None:
    for stop in stops:
        stop.position = keys.index(stop.pk) + 1
    Stop.objects.bulk_update(stops, ["position"])


@transaction.atomic
def move_earlier(*, shop: Shop, stop_id: int, driver_id: int, now: dt.datetime) -> None:
    """One place earlier, and the order of the round is the driver's from now on. Raises UnknownStop."""
    round_ = _own_round(driver_id, stops=stop_id)
    stops = itinerary.remaining(round_)
    keys = [stop.pk for stop in stops]
    if stop_id not in keys:
        raise UnknownStop
    place = keys.index(stop_id)
    if place:
        keys[place - 1], keys[place] = keys[place], keys[place - 1]
    _put(stops, keys)
    Round.objects.filter(pk=round_.pk).update(by_hand=True)
    _tell(shop, round_, now)


@transaction.atomic
def best_order(*, shop: Shop, round_id: int, driver_id: int, now: dt.datetime) -> None:
    """The computed order again, from the shop or from the last door. Raises UnknownStop."""
    round_ = _own_round(driver_id, pk=round_id)
    stops = itinerary.remaining(round_)
    best = routes.best_order(start=itinerary.last_place(shop, round_)[0], stops=itinerary.doors(stops), leaving_at=now)
    _put(stops, [door.number for door in best])
    Round.objects.filter(pk=round_.pk).update(by_hand=False)
    _tell(shop, round_, now)


def _own_round(driver_id: int, **wanted: int) -> Round:
    found = Round.objects.filter(shift__driver_id=driver_id, closed_at=None, **wanted).first()
    if found is None:
        raise UnknownStop
    locked_shifts([found.shift_id])
    return found


def _tell(shop: Shop, round_: Round, now: dt.datetime) -> None:
    orders = acts.locked_all(stop.order_id for stop in itinerary.remaining(round_))
    if round_.left_at:
        expect(shop, round_, now)
    if orders:
        acts.tell(shop=shop, order=orders[0], others=orders[1:])


def expect(shop: Shop, round_: Round, now: dt.datetime) -> list[Order]:
    """When each door still to visit is reached, by the order of the stops; returns the orders that wait."""
    start, since = itinerary.last_place(shop, round_)
    stops = itinerary.remaining(round_)
    return road.expect(arrivals=itinerary.reached(stops=stops, start=start, since=since or now, now=now))


def go_on(shop: Shop, round_: Round, now: dt.datetime) -> None:
    """After an act: the round is over with its last door, else the next doors are expected anew."""
    if round_.stops.filter(state__in=Stop.OPEN).exists():
        expect(shop, round_, now)
        return
    round_.closed_at = max(now, round_.left_at or now)
    round_.save(update_fields=["closed_at"])
    Position.objects.filter(round=round_).delete()
