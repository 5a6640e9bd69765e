"""What is shown of a driver on the road: to the customer who waits, to the dispatcher."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shared_apps.places.geometry import Location, distance_m
from tenant_apps.delivery import itinerary, maps
from tenant_apps.delivery.maps import Map, Place
from tenant_apps.delivery.models import Position, Stop
from tenant_apps.delivery.queries import Board
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenants.hosts import Shop

FRESH = dt.timedelta(minutes=2)  # an older position says where a driver was, not where they are


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a driver was seen, about, from a place that the reader knows."""

    distance_m: int
    direction: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the driver of an order is, by the real order of their stops."""

    stops_before: int
    at_the_door: bool
    expected_at: dt.datetime
    seen: Seen | None
    map: Map | None


def progress(*, shop: Shop, order: Order, now: dt.datetime) -> Progress | None:
    """None unless the order is on the road. The customer sees no other door than theirs, and the driver only about."""
    if order.state != State.ON_THE_WAY or order.latitude is None or order.longitude is None:
        return None
    mine = Stop.objects.select_related("round__position").filter(order=order, state__in=Stop.OPEN).first()
    if mine is None or mine.round.left_at is None:
        return None
    stops = itinerary.remaining(mine.round)
    position = _fresh(getattr(mine.round, "position", None), now)
    start, since = (position, position.at) if position else itinerary.last_place(shop, mine.round)
    expected = itinerary.reached(stops=stops, start=start, since=since or now, now=now)
    door = Location(order.latitude, order.longitude, order.postcode, order.city)
    return Progress(
        stops_before=sum(stop.position < mine.position for stop in stops),
        at_the_door=mine.state == Stop.State.ARRIVED,
        expected_at=max(now, expected[order.pk]),
        seen=_seen(door, position) if position else None,
        map=_customers_map(shop, door, position) if position else None,
    )


def _fresh(position: Position | None, now: dt.datetime) -> Position | None:
    return position if position and now - position.at <= FRESH else None


def _about(position: Position) -> Location:
    latitude, longitude = maps.approximate(position)
    return Location(latitude, longitude, "", "")


def _seen(origin: Location, position: Position) -> Seen:
    about = _about(position)
    return Seen(int(round(distance_m(origin, about), -2)), maps.direction(origin, about), position.at)


def _customers_map(shop: Shop, door: Location, position: Position) -> Map | None:
    about = _about(position)
    return maps.draw(
        [
            Place(shop.latitude, shop.longitude, "shop", _("Pizzeria")),
            Place(door.latitude, door.longitude, "door", _("Your door")),
            Place(about.latitude, about.longitude, "driver", _("Driver")),
        ]
    )


def dispatch_map(*, shop: Shop, board: Board) -> Map | None:
    """The shop, the doors that wait or are on the road, and the drivers who share where they are."""
    places = [Place(shop.latitude, shop.longitude, "shop", _("Pizzeria"))]
    visits = [*board.free, *(visit for driver in board.drivers for visit in driver.visits)]
    for visit in visits:
        places.append(Place(visit.order.latitude or 0, visit.order.longitude or 0, "door", str(visit.order.number)))
    for driver in board.drivers:
        if driver.position:
            where = driver.position
            places.append(Place(where.latitude, where.longitude, "driver", str(driver.shift.driver)))
    return maps.draw(places) if len(places) > 1 else None


def seen_from_the_shop(*, shop: Shop, board: Board) -> list[tuple[str, Seen]]:
    """The same in words."""
    found = []
    for driver in board.drivers:
        if driver.position:
            where = Location(driver.position.latitude, driver.position.longitude, "", "")
            away = round(distance_m(shop, where), -2)
            found.append((str(driver.shift.driver), Seen(int(away), maps.direction(shop, where), driver.position.at)))
    return found
