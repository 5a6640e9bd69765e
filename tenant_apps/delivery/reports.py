"""What the manager reads of the drivers: deliveries, failures, lateness and cash, by shift and by driver."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Now

from tenant_apps.delivery.models import Shift, Stop
from tenant_apps.payments.models import Payment


@dataclass(frozen=True, slots=True)
class ShiftLine:
    shift: Shift
    delivered: int
    failed: int
    late: int  # delivered after the end of the time promised
    cash_cents: int

    @property
    def expected_cents(self) -> int:
        """What the driver must have on them, as it was counted against at the end."""
        kept = self.shift.expected_cents
        return self.shift.float_cents + self.cash_cents if kept is None else kept


@dataclass(frozen=True, slots=True)
class DriverLine:
    driver: str
    shifts: int
    delivered: int
    failed: int
    late: int
    cash_cents: int
    difference_cents: int  # of the shifts that are over


def by_shift(since: dt.datetime) -> list[ShiftLine]:
    """Those that began since, newest first; asks as much for one as for many."""
    during = Payment.objects.filter(
        taken_by_id=OuterRef("driver_id"),
        means=Payment.Means.CASH,
        cash_movement=None,  # in no drawer: it is on the driver
        taken_at__gte=OuterRef("started_at"),
        taken_at__lte=Coalesce(OuterRef("ended_at"), Now()),
    )
    cash = during.order_by().values("taken_by").annotate(sum=Sum("amount_cents")).values("sum")
    delivered = Q(rounds__stops__state=Stop.State.DELIVERED)
    late = delivered & Q(rounds__stops__done_at__gt=F("rounds__stops__order__slot__ends_at"))
    found = Shift.objects.select_related("driver").filter(started_at__gte=since)
    counted = found.annotate(
        delivered=Count("rounds__stops", filter=delivered),
        failed=Count("rounds__stops", filter=Q(rounds__stops__state=Stop.State.FAILED)),
        late=Count("rounds__stops", filter=late),
        cash=Coalesce(Subquery(cash), 0),
    )
    return [ShiftLine(shift, shift.delivered, shift.failed, shift.late, shift.cash) for shift in counted]


def by_driver(lines: Sequence[ShiftLine]) -> list[DriverLine]:
    """The same by person, by name."""
    people = {line.shift.driver_id: str(line.shift.driver) for line in lines}
    return [
        _sum(name, [line for line in lines if line.shift.driver_id == key])
        for key, name in sorted(people.items(), key=lambda person: person[1])
    ]


def _sum(name: str, lines: Sequence[ShiftLine]) -> DriverLine:
    return DriverLine(
        driver=name,
        shifts=len(lines),
        delivered=sum(line.delivered for line in lines),
        failed=sum(line.failed for line in lines),
        late=sum(line.late for line in lines),
        cash_cents=sum(line.cash_cents for line in lines),
        difference_cents=sum(line.shift.difference_cents for line in lines if line.shift.ended_at),
    )
