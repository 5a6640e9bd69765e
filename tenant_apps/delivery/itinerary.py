"""Where a round is and when it reaches its doors, read from its stops."""

import datetime as dt
from collections.abc import Iterable, Sequence

from shared_apps.places.geometry import Point
from tenant_apps.delivery import routes
from tenant_apps.delivery.models import Round, Stop
from tenant_apps.delivery.routes import Door
from tenants.hosts import Shop


def remaining(round_: Round) -> list[Stop]:
    """The doors still to visit, in their order."""
    return list(round_.stops.filter(state__in=Stop.OPEN).select_related("order__slot"))


def doors(stops: Iterable[Stop]) -> list[Door]:
    return [
        Door(stop.pk, stop.order.latitude or 0, stop.order.longitude or 0, stop.order.slot.ends_at) for stop in stops
    ]


def last_place(shop: Shop, round_: Round) -> tuple[Point, dt.datetime | None]:
    """Where the round last was by the driver's own acts, and since when it goes on: the last door, else the shop."""
    done = round_.stops.filter(arrived_at__isnull=False).select_related("order__slot").order_by("-arrived_at").first()
    if done is None or done.arrived_at is None:
        return shop, round_.left_at
    return doors([done])[0], done.done_at or done.arrived_at + dt.timedelta(minutes=routes.AT_THE_DOOR)


def reached(*, stops: Sequence[Stop], start: Point, since: dt.datetime, now: dt.datetime) -> dict[int, dt.datetime]:
    """Order → when the driver is at its door, by the order of the stops.

    What should have been reached by now and was not makes all that follows later by as much.
    """
    coming = [stop for stop in stops if stop.state == Stop.State.WAITING]
    here = {stop.order_id: stop.arrived_at or now for stop in stops if stop.state == Stop.State.ARRIVED}
    times = routes.arrivals(start=start, stops=doors(coming), leaving_at=since)
    late = max(dt.timedelta(), now - times[coming[0].pk]) if coming else dt.timedelta()
    return {**here, **{stop.order_id: times[stop.pk] + late for stop in coming}}
