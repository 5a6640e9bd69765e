import datetime as dt

from django.db.models import QuerySet, Sum

from tenant_apps.delivery.models import Shift
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import OrderEvent
from tenant_apps.payments.models import Payment


def open_shift(driver_id: int) -> Shift | None:
    return Shift.objects.filter(driver_id=driver_id, ended_at=None).first()


def cash_cents(shift: Shift) -> int:
    """What the driver must have on them: the float and the cash of their deliveries since the shift began."""
    taken = Payment.objects.filter(
        taken_by_id=shift.driver_id, means=Payment.Means.CASH, taken_at__gte=shift.started_at
    )
    return shift.float_cents + (taken.aggregate(sum=Sum("amount_cents"))["sum"] or 0)


def shifts(since: dt.datetime) -> QuerySet[Shift]:
    """Open ones, and those that ended since."""
    return Shift.objects.select_related("driver").filter(started_at__gte=since)


def left_with(driver_id: int, numbers: list[int]) -> set[int]:
    """Which of these orders on the road this driver left with."""
    events = OrderEvent.objects.filter(order_id__in=numbers, to_state=State.ON_THE_WAY).order_by("id")
    last = dict(events.values_list("order_id", "actor_id"))
    return {number for number, actor_id in last.items() if actor_id == driver_id}
