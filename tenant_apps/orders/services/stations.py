"""A ticket passes from preparation to the oven to the dispatch, line by line or whole, each time by somebody's act."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shared_apps.core.errors import RuleError
from tenant_apps.orders import lifecycle
from tenant_apps.orders.lifecycle import FOLLOWING, MoveRefused, State, Station
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.orders.services import acts
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries
from tenants.hosts import Shop


class NotThere(RuleError):
    """Sent twice, or done by somebody else meanwhile."""

    def __init__(self) -> None:
        super().__init__(_("This is no longer at this station."))


class NotAllThere(RuleError):
    """An order is ready when nothing of it is in preparation or in the oven any more."""

    def __init__(self, missing: int) -> None:
        super().__init__(
            ngettext("%(count)s pizza is not out yet.", "%(count)s pizzas are not out yet.", missing)
            % {"count": missing}
        )


class AlreadyInTheOven(RuleError):
    """What is in the oven was taken."""

    def __init__(self) -> None:
        super().__init__(_("A pizza is in the oven already: this ticket stays taken."))


def pass_on(
    *, shop: Shop, order_id: int, station: Station, by: By, now: dt.datetime, line_ids: Collection[int] = ()
) -> Order:
    """What a ticket has at this station, or these lines of it, goes to the next. Raises MoveRefused, NotThere."""
    return _pass(shop, order_id, station, FOLLOWING.get(station, station), by, now, line_ids)


def bring_back(
    *, shop: Shop, order_id: int, station: Station, by: By, now: dt.datetime, line_ids: Collection[int] = ()
) -> Order:
    """The other way: what left this station for the next one is here again. Raises MoveRefused, NotThere."""
    return _pass(shop, order_id, FOLLOWING.get(station, station), station, by, now, line_ids)


@transaction.atomic
def _pass(
    shop: Shop, order_id: int, current: Station, target: Station, by: By, now: dt.datetime, line_ids: Collection[int]
) -> Order:
    order = acts.locked(order_id)
    lifecycle.check_pass(current=current, target=target, actor=by.capacity)
    if order.state != State.PREPARING:
        raise MoveRefused(
            _("This order is “%(state)s”: this can no longer be done.") % {"state": State(order.state).label}
        )
    wanted = order.lines.filter(baked=True, **({"pk__in": line_ids} if line_ids else {}))
    lines = [line for line in wanted if line.station == current]
    if not lines or (line_ids and len(lines) < len(set(line_ids))):
        raise NotThere
    _stamp(lines, current, target, now)
    moved = {"from": current.value, "to": target.value, "lines": [line.position for line in lines]}
    acts.record(order=order, by=by, now=now, from_state=order.state, reason="station", detail=moved)
    acts.tell(shop=shop, order=order)
    return order


def _stamp(lines: list[OrderLine], current: Station, target: Station, now: dt.datetime) -> None:
    """A moment for each way out of a station; going back takes it away."""
    field = "in_oven_at" if Station.PREPARATION in (current, target) else "out_of_oven_at"
    forward = FOLLOWING.get(current) == target
    OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(**{field: now if forward else None})


def leave_kitchen(*, order: Order, now: dt.datetime) -> None:
    """A locked order becomes ready: all of it must be out. Raises NotAllThere.

    Where one screen does everything, being ready says it; so does what was in the oven when the shop went back to one.
    """
    if shop_queries.settings().kitchen_stations:
        missing = sum(order.lines.filter(baked=True, out_of_oven_at=None).values_list("quantity", flat=True))
        if missing:
            raise NotAllThere(missing)
    else:
        order.lines.filter(in_oven_at__isnull=False, out_of_oven_at=None).update(out_of_oven_at=now)


def check_untouched(order: Order) -> None:
    """Raises AlreadyInTheOven."""
    if order.lines.filter(in_oven_at__isnull=False).exists():
        raise AlreadyInTheOven
