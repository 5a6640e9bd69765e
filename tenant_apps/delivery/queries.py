import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Sum

from shared_apps.places.geometry import navigation_url
from tenant_apps.delivery import change
from tenant_apps.delivery.models import Act, Position, Round, Shift, Stop
from tenant_apps.orders import queries as order_queries
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.orders.queries import Handled
from tenant_apps.payments.models import Payment

SUBMISSIONS = uuid.UUID("5b0f8a52-6a39-4a35-8f0e-3f1d0c5f6b21")
WITHOUT_ALCOHOL = "without_alcohol"  # the same act as delivered, less that


def open_shift(driver_id: int) -> Shift | None:
    return Shift.objects.filter(driver_id=driver_id, ended_at=None).first()


def cash_cents(shift: Shift) -> int:
    """What the driver must have on them: the float and the cash of their deliveries since the shift began."""
    taken = Payment.objects.filter(
        taken_by_id=shift.driver_id, means=Payment.Means.CASH, taken_at__gte=shift.started_at, cash_movement=None
    )
    return shift.float_cents + (taken.aggregate(sum=Sum("amount_cents"))["sum"] or 0)


@dataclass(frozen=True, slots=True)
class Visit:
    """A delivery as drivers and dispatchers see it: the order, what is due, and its last stop."""

    handled: Handled
    stop: Stop | None
    refused: int = 0  # acts on this stop that were refused: the next one is another act

    @property
    def order(self) -> Order:
        return self.handled.order

    @property
    def navigation(self) -> str:
        return navigation_url(latitude=self.order.latitude or 0, longitude=self.order.longitude or 0)

    @property
    def with_driver(self) -> Stop | None:
        """The stop, while a driver has the order to deliver."""
        return self.stop if self.stop and self.stop.is_open else None

    @property
    def change(self) -> list[change.Given]:
        return change.likely(self.handled.due_cents)

    @property
    def follow_up(self) -> uuid.UUID:
        """Names the decision on this failure."""
        return uuid.uuid5(SUBMISSIONS, f"follow-up:{self.stop.pk if self.stop else self.order.reference}")

    @property
    def submissions(self) -> dict[str, uuid.UUID]:
        """Names each act on this stop: sent twice it is one act; after a refusal it is another."""
        key = f"{self.stop.pk if self.stop else 0}:{self.handled.due_cents}:{self.refused}"
        return {kind: uuid.uuid5(SUBMISSIONS, f"{kind}:{key}") for kind in (*Act.Kind.values, WITHOUT_ALCOHOL)}


@dataclass(frozen=True, slots=True)
class Trip:
    """A round with the doors still to visit, in their order."""

    round: Round
    visits: list[Visit]
    refused: int = 0

    @property
    def submission(self) -> uuid.UUID:
        return uuid.uuid5(SUBMISSIONS, f"left:{self.round.pk}:{self.refused}")


@dataclass(slots=True)
class Driver:
    """Somebody on shift, with what they carry, what they will take, and what they bring back."""

    shift: Shift
    road: Trip | None = None
    planned: Trip | None = None
    failed: list[Visit] = field(default_factory=list)
    position: Position | None = None  # where they were seen last, with their consent

    @property
    def visits(self) -> list[Visit]:
        return [visit for trip in (self.road, self.planned) if trip for visit in trip.visits]

    @property
    def load(self) -> int:
        return len(self.visits)


@dataclass(frozen=True, slots=True)
class Board:
    """Every delivery of the shop and who has it."""

    drivers: list[Driver]
    free: list[Visit]  # ready, with nobody
    failed: list[Visit]  # somebody decides what follows

    def driver(self, user_id: int) -> Driver | None:
        return next((driver for driver in self.drivers if driver.shift.driver_id == user_id), None)


def board() -> Board:
    """Asks as much for one delivery as for many."""
    handled = order_queries.deliveries()
    stops = _last_stops([one.order.pk for one in handled])
    refused = _refused(stops.values())
    visits = []
    for one in handled:
        stop = stops.get(one.order.pk)
        visits.append(Visit(one, stop, refused[stop.round_id, stop.pk] if stop else 0))
    on_shift = Shift.objects.filter(ended_at=None).select_related("driver").order_by("driver__name", "pk")
    seen = {position.round_id: position for position in Position.objects.all()}
    return Board(
        [_driver(shift, visits, refused, seen) for shift in on_shift],
        [visit for visit in visits if visit.order.state == State.READY and not visit.with_driver],
        [visit for visit in visits if visit.order.state == State.FAILED],
    )


def _last_stops(numbers: list[int]) -> dict[int, Stop]:
    found = Stop.objects.filter(order_id__in=numbers).select_related("round__shift__driver").order_by("pk")
    return {stop.order_id: stop for stop in found}


def _refused(stops: Iterable[Stop]) -> Counter[tuple[int, int | None]]:
    rounds = {stop.round_id for stop in stops if stop.is_open}
    found = Act.objects.filter(round_id__in=rounds).exclude(refusal="")
    return Counter(found.values_list("round_id", "stop_id"))


def _driver(
    shift: Shift, visits: list[Visit], refused: Counter[tuple[int, int | None]], seen: Mapping[int, Position]
) -> Driver:
    driver = Driver(shift)
    mine = [visit for visit in visits if visit.stop and visit.stop.round.shift_id == shift.pk]
    for on_the_road in (True, False):
        trip = [v for v in mine if v.with_driver and bool(v.with_driver.round.left_at) == on_the_road]
        if trip and trip[0].stop:
            trip.sort(key=lambda visit: (visit.stop.position, visit.stop.pk) if visit.stop else (0, 0))
            made = Trip(trip[0].stop.round, trip, refused[trip[0].stop.round_id, None])
            driver.road, driver.planned = (made, driver.planned) if on_the_road else (driver.road, made)
    driver.position = seen.get(driver.road.round.pk) if driver.road else None
    driver.failed = [visit for visit in mine if visit.order.state == State.FAILED]
    return driver
