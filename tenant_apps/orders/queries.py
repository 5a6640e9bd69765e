"""The lists of orders that the screens of the staff show. None has a number of queries that grows with its rows."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from shared_apps.catalogue.models import ServiceMode
from shared_apps.catalogue.recipes import Composition, Configuration
from shared_apps.core.calendar import day_bounds
from shared_apps.places.geometry import Location, estimate
from tenant_apps.orders.lifecycle import OPEN, State
from tenant_apps.orders.models import BlockedNumber, Order, OrderLine
from tenant_apps.payments.models import Payment
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.queries import Situation
from tenants.hosts import Shop

# An order for later comes to the kitchen this long before its time.
AHEAD = dt.timedelta(minutes=60)
RECALLED = 20
NOT_COLLECTED = "not_collected"  # why an order was cancelled: nobody came for it
REMAKES_FIRST = F("remakes_id").asc(nulls_last=True)
PAID = "paid_cents"
SUBMISSIONS = uuid.UUID("9d2f6c53-5a46-4b0c-9f1e-1d2a6f0c77aa")


def _with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    lines = OrderLine.objects.select_related("variant__product", "variant__size", "other_half__product")
    return orders.select_related("slot").prefetch_related(Prefetch("lines", queryset=lines.order_by("position")))


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the kitchen sees of an order."""

    order: Order
    hurry: dt.timedelta
    late: dt.timedelta

    @property
    def since(self) -> dt.datetime:
        """When it came to the kitchen: its clock runs from there."""
        return max(self.order.changed_at or self.order.placed_at, self.order.slot.starts_at - AHEAD)

    @property
    def soon_at(self) -> dt.datetime:
        return self.order.slot.starts_at - self.hurry

    @property
    def late_at(self) -> dt.datetime:
        return self.order.slot.ends_at + self.late


def board(settings: ShopSettings, now: dt.datetime) -> list[Ticket]:
    """The tickets to make: remakes, then the first promised first, a new one last unless it was promised before others.

    A cancelled one stays until the kitchen acknowledges it. They age as the shop's settings say.
    """
    hurry, late = dt.timedelta(minutes=settings.hurry_minutes), dt.timedelta(minutes=settings.late_minutes)
    to_make = Q(state__in=(State.ACCEPTED, State.PREPARING))
    to_stop = Q(state=State.CANCELLED, seen_version__lt=F("version"), slot__ends_at__gt=now - AHEAD)
    orders = Order.objects.filter(to_make | to_stop, slot__starts_at__lte=now + AHEAD)
    return [
        Ticket(order, hurry, late) for order in _with_lines(orders).order_by(REMAKES_FIRST, "slot__starts_at", "id")
    ]


def later(now: dt.datetime) -> int:
    """Orders taken for a time further than what the board shows."""
    return Order.objects.filter(state=State.ACCEPTED, slot__starts_at__gt=now + AHEAD).count()


def recently_ready() -> list[Order]:
    """The last tickets that left the board, newest first; those still in the shop may be recalled."""
    return list(Order.objects.filter(ready_at__isnull=False).select_related("slot").order_by("-ready_at")[:RECALLED])


@dataclass(frozen=True, slots=True)
class Tally:
    label: str
    quantity: str  # « 3 », « 1,5 » with halves


def all_day(tickets: Iterable[Ticket]) -> tuple[list[Tally], list[Tally]]:
    """What all the tickets ask for together: pizzas by name and size, balls of dough by size."""
    pizzas: Counter[str] = Counter()
    doughs: Counter[str] = Counter()
    to_make = [ticket.order for ticket in tickets if ticket.order.state != State.CANCELLED]
    for line in (line for order in to_make for line in order.lines.all()):
        size = f" · {line.variant.size.name}" if line.variant.size else ""
        halves = [line.variant.product, line.other_half.product if line.other_half else line.variant.product]
        for product in halves:
            pizzas[f"{product.name}{size}"] += line.quantity
        if line.variant.size:
            doughs[line.variant.size.name] += 2 * line.quantity
    return _tallies(pizzas), _tallies(doughs)


def _tallies(halves: Counter[str]) -> list[Tally]:
    return [Tally(label, f"{count / 2:g}".replace(".", ",")) for label, count in halves.most_common()]


def composition_of(line: OrderLine) -> Composition:
    """What a placed line is made of, for one piece."""
    configuration = Configuration(line.variant_id, line.other_half_id, frozenset(line.removed), frozenset(line.extras))
    variants = {line.variant_id, *([line.other_half_id] if line.other_half_id else [])}
    return shop_queries.part_of_card(variant_ids=variants, extra_ids=line.extras).compose(configuration)


def _with_due(orders: QuerySet[Order]) -> QuerySet[Order]:
    """With the sum of the payments, as PAID."""
    paid = Payment.objects.filter(order=OuterRef("pk")).order_by().values("order").annotate(sum=Sum("amount_cents"))
    return orders.annotate(**{PAID: Coalesce(Subquery(paid.values("sum"), IntegerField()), Value(0))})


@dataclass(frozen=True, slots=True)
class Handled:
    """An order as counter and driver handle it, with what is still to be paid in cents."""

    order: Order
    due_cents: int

    @property
    def submission(self) -> uuid.UUID:
        """Names the act « take what is due »: sent twice it is the same act, after a payment it is another."""
        return uuid.uuid5(SUBMISSIONS, f"{self.order.reference}:{self.due_cents}")


def _handled(orders: QuerySet[Order]) -> list[Handled]:
    return [Handled(order, order.total_cents - getattr(order, PAID)) for order in _with_due(_with_lines(orders))]


def in_progress() -> list[Handled]:
    """Every open order of the shop, the first promised first."""
    return _handled(Order.objects.filter(state__in=OPEN).order_by("slot__starts_at", "id"))


def late(now: dt.datetime) -> list[Handled]:
    return _handled(Order.objects.filter(state__in=OPEN, slot__ends_at__lt=now).order_by("slot__starts_at", "id"))


def over(since: dt.datetime) -> list[Handled]:
    """Handed over or cancelled since a moment, newest first."""
    done = Order.objects.exclude(state__in=OPEN).filter(placed_at__gte=since)
    return _handled(done.order_by("-placed_at")[:200])


def deliveries() -> list[Handled]:
    """What waits for a driver or is on the road."""
    wanted = Order.objects.filter(mode=ServiceMode.DELIVERY, state__in=(State.READY, State.ON_THE_WAY))
    return _handled(wanted.order_by("slot__starts_at", "id"))


def handled(number: int) -> Handled | None:
    found = _handled(Order.objects.filter(pk=number))
    return found[0] if found else None


def queue() -> list[tuple[dt.datetime, int]]:
    """The work that is not yet ready, in hundredths of a pizza, by the start of the slot it is promised for."""
    waiting = Order.objects.filter(state__in=(State.ACCEPTED, State.PREPARING))
    return list(waiting.values_list("slot__starts_at").annotate(waiting=Sum("work")).order_by("slot__starts_at"))


def times_offered(
    *,
    shop: Shop,
    situation: Situation,
    mode: str,
    place: Location | None,
    work: int,
    now: dt.datetime,
    web: bool = False,
) -> list[shop_queries.OfferedSlot]:
    """The times offered for this mode; a delivery's leave time for the way, the longest one while it is unknown."""
    minutes = 0
    if mode == ServiceMode.DELIVERY:
        known = estimate(shop, place).minutes if place else 0
        edge = Location(shop.latitude + situation.settings.delivery_radius_m / 111_000, shop.longitude, "", "")
        minutes = known or estimate(shop, edge).minutes
    offered = shop_queries.offered_slots(
        now=now,
        work=work,
        travel_minutes=minutes,
        shop=situation,
        delivered=mode == ServiceMode.DELIVERY,
        queue=queue(),
        closed_until=situation.settings.web_closed_until(mode, now) if web else None,
    )
    return list(offered)


@dataclass(frozen=True, slots=True)
class Remade:
    """An order made again, with who decided it."""

    order: Order

    @property
    def what(self) -> str:
        return ", ".join(f"{line.quantity} × {line.label}" for line in self.order.lines.all())

    @property
    def who(self) -> str:
        first = next(iter(self.order.events.all()), None)
        return str(first.actor or first.get_capacity_display()) if first else ""


def remakes(first: dt.date, last: dt.date) -> list[Remade]:
    """Those of business days from `first` to `last`, both included, newest first; a cancelled one was not made."""
    within = {"placed_at__gte": day_bounds(first)[0], "placed_at__lt": day_bounds(last)[1]}
    found = Order.objects.filter(remakes__isnull=False, **within).exclude(state=State.CANCELLED)
    return [Remade(o) for o in found.prefetch_related("lines", "events__actor").order_by("-placed_at")]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who ordered in this shop before, found by the number they call from."""

    orders: tuple[Order, ...]  # newest first

    not_collected: bool = False  # the last time

    @property
    def last(self) -> Order:
        return self.orders[0]

    @property
    def last_delivery(self) -> Order | None:
        return next((order for order in self.orders if order.city), None)


def caller(phone: str) -> Caller | None:
    """By an E.164 number; their last orders."""
    known = Order.objects.filter(contact_phone=phone, remakes=None)
    orders = list(known.order_by("-placed_at").prefetch_related("lines")[:5])
    if not orders:
        return None
    missed = orders[0].events.filter(to_state=State.CANCELLED, reason=NOT_COLLECTED).exists()
    return Caller(tuple(orders), missed)


def blocked(phone: str, today: dt.date) -> BlockedNumber | None:
    """Why this E.164 number may not order, if so."""
    found = BlockedNumber.objects.filter(phone=phone)
    return found.filter(Q(until_date=None) | Q(until_date__gte=today)).first()
