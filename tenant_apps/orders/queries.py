"""The lists of orders that the screens of the staff show. None has a number of queries that grows with its rows."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from shared_apps.catalogue.models import ServiceMode
from shared_apps.catalogue.recipes import Composition, Configuration
from shared_apps.core.calendar import day_bounds
from shared_apps.places.geometry import Location, estimate
from tenant_apps.orders import discounted
from tenant_apps.orders.lifecycle import OPEN, State, Station
from tenant_apps.orders.models import BlockedNumber, Order, OrderLine
from tenant_apps.payments.models import OnlinePayment, Payment
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.queries import Situation
from tenants.hosts import Shop

# An order for later comes to the kitchen this long before its time.
AHEAD = dt.timedelta(minutes=60)
RECALLED = 20
# What a ticket shows; another field of it would be a query for each.
PRODUCT_NAME, SIZE_NAME, OTHER_NAME = "product_name", "size_name", "other_name"
OF_A_LINE = (
    "order", "position", "quantity", "label", "without_names", "extra_names", "replaced_names", "allergens", "baked",
    "in_oven_at", "out_of_oven_at",
)  # fmt: skip
OF_A_TICKET = (
    "state", "mode", "note", "allergy_note", "alcohol", "placed_at", "accepted_at", "changed_at", "claimed_at", "received_at",
    "version", "seen_version", "seen_by_stations", "remakes", "remake_reason", "remake_words",
)  # fmt: skip
NOT_COLLECTED = "not_collected"  # why an order was cancelled: nobody came for it
REMAKES_FIRST = F("remakes_id").asc(nulls_last=True)
PAID, HELD, OWING = "paid_cents", "held_cents", "owing_id"
SUBMISSIONS = uuid.UUID("9d2f6c53-5a46-4b0c-9f1e-1d2a6f0c77aa")


def _with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    lines = OrderLine.objects.select_related("variant__product", "variant__size", "other_half__product")
    return orders.select_related("slot").prefetch_related(Prefetch("lines", queryset=lines.order_by("position")))


def _with_names(orders: QuerySet[Order]) -> QuerySet[Order]:
    """With lines that know the names on a ticket, and no more: a board has many, and is fetched again at each change."""
    names = {
        PRODUCT_NAME: F("variant__product__name"),
        SIZE_NAME: F("variant__size__name"),
        OTHER_NAME: F("other_half__product__name"),
    }
    lines = OrderLine.objects.annotate(**names).only(*OF_A_LINE).order_by("position")
    wanted = orders.select_related("slot").only(*OF_A_TICKET, "slot__starts_at", "slot__ends_at")
    return wanted.prefetch_related(Prefetch("lines", queryset=lines))


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the kitchen sees of an order."""

    order: Order
    hurry: dt.timedelta
    late: dt.timedelta
    in_stations: bool = False  # as the shop's kitchen works
    station: Station | None = None  # whose screen shows it; none: one screen for all

    @property
    def since(self) -> dt.datetime:
        """When it came to the kitchen: its clock runs from there."""
        return max(self.order.changed_at or self.order.visible_since, self.order.slot.starts_at - AHEAD)

    @property
    def lines(self) -> list[OrderLine]:
        """What is to be done here; the dispatch gathers the whole order, and sees where the rest of it is."""
        lines = list(self.order.lines.all())
        if self.station in (None, Station.DISPATCH):
            return lines
        return [line for line in lines if line.station == self.station]

    @property
    def is_here(self) -> bool:
        """Whether its station has something of it, and has not yet seen it go."""
        if self.order.state == State.CANCELLED and not self.must_be_acknowledged:
            return False
        return self.station is None or self.station in self.order.stations

    @property
    def must_be_acknowledged(self) -> bool:
        """Changed or cancelled since this screen's station looked at it."""
        return not self.order.was_seen_by(self.station, self.order.version)

    @property
    def furthest_back(self) -> Station:
        """Where what is missing is: the one act that a whole ticket waits for is done there."""
        places = {line.station for line in self.order.lines.all()}
        return next((station for station in Station if station in places), Station.DISPATCH)

    @property
    def waits_for(self) -> str:
        """The one act that it waits for on this screen; « others » while the dispatch waits for the rest of it."""
        if self.order.state != State.PREPARING:
            return "take" if self.order.state == State.ACCEPTED else "nothing"
        if not self.in_stations:
            return "ready"
        at = self.station or self.furthest_back
        if at == Station.DISPATCH:
            return "others" if self.missing else "ready"
        return "oven" if at == Station.PREPARATION else "out"

    @property
    def can_be_untaken(self) -> bool:
        """While none of it is in the oven; the screen offers it for some seconds."""
        lines = self.order.lines.all()
        return self.order.state == State.PREPARING and not any(line.in_oven_at for line in lines)

    @property
    def missing(self) -> int:
        """Pizzas that are not at the dispatch yet."""
        return sum(line.quantity for line in self.order.lines.all() if line.station != Station.DISPATCH)

    @property
    def soon_at(self) -> dt.datetime:
        return self.order.slot.starts_at - self.hurry

    @property
    def late_at(self) -> dt.datetime:
        return self.order.slot.ends_at + self.late


def board(settings: ShopSettings, now: dt.datetime, station: Station | None = None) -> list[Ticket]:
    """The tickets to make: remakes, then the first promised first, a new one last unless it was promised before others.

    A cancelled one stays until the kitchen acknowledges it. They age as the shop's settings say.
    """
    hurry, late = dt.timedelta(minutes=settings.hurry_minutes), dt.timedelta(minutes=settings.late_minutes)
    to_make = Q(state__in=(State.ACCEPTED, State.PREPARING))
    to_stop = Q(state=State.CANCELLED, seen_version__lt=F("version"), slot__ends_at__gt=now - AHEAD)
    orders = Order.objects.filter(to_make | to_stop, slot__starts_at__lte=now + AHEAD)
    found = _with_names(orders).order_by(REMAKES_FIRST, "slot__starts_at", "id")
    tickets = [Ticket(order, hurry, late, settings.kitchen_stations, station) for order in found]
    return [ticket for ticket in tickets if ticket.is_here]


@dataclass(frozen=True, slots=True)
class Passed:
    """What one act sent from a station to the next, while it may be brought back."""

    order: Order
    at: dt.datetime
    lines: tuple[OrderLine, ...]


def passed(station: Station) -> list[Passed]:
    """The last that left a station and that its next one still has, newest first."""
    field = "in_oven_at" if station == Station.PREPARATION else "out_of_oven_at"
    left = OrderLine.objects.filter(order__state=State.PREPARING, **{f"{field}__isnull": False})
    if station == Station.PREPARATION:
        left = left.filter(out_of_oven_at=None)
    acts: dict[tuple[int, dt.datetime], list[OrderLine]] = {}
    for line in left.select_related("order").order_by(f"-{field}", "order", "position")[: 4 * RECALLED]:
        acts.setdefault((line.order_id, getattr(line, field)), []).append(line)
    return [Passed(lines[0].order, at, tuple(lines)) for (_order, at), lines in list(acts.items())[:RECALLED]]


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
    to_make = [ticket for ticket in tickets if ticket.order.state != State.CANCELLED]
    for line in (line for ticket in to_make for line in ticket.lines):
        product, size, other = (getattr(line, name) for name in (PRODUCT_NAME, SIZE_NAME, OTHER_NAME))
        for name in (product, other or product):
            pizzas[f"{name} · {size}" if size else name] += line.quantity
        if size:
            doughs[size] += 2 * line.quantity
    return _tallies(pizzas), _tallies(doughs)


def _tallies(halves: Counter[str]) -> list[Tally]:
    return [Tally(label, f"{count / 2:g}".replace(".", ",")) for label, count in halves.most_common()]


def composition_of(line: OrderLine) -> Composition:
    """What a placed line is made of, for one piece: as the shop makes it now, then as the kitchen took it."""
    configuration = Configuration(line.variant_id, line.other_half_id, frozenset(line.removed), frozenset(line.extras))
    variants = {line.variant_id, *([line.other_half_id] if line.other_half_id else [])}
    own, order = shop_queries.changes(), line.order
    if order.state not in (State.AWAITING_PAYMENT, State.ACCEPTED):
        own = shop_queries.changes(only=order.stand_ins.values_list("substitution_id", flat=True))
    at = order.slot.starts_at
    card = shop_queries.part_of_card(variant_ids=variants, extra_ids=line.extras, own=own, at=at)
    return card.compose_placed(configuration)


def untold_allergens(line: OrderLine, composition: Composition) -> list[str]:
    """What head office put into the recipe since the order was placed, and its customer was never told of."""
    return [code for code in composition.allergens if code not in line.allergens]


def _with_due(orders: QuerySet[Order]) -> QuerySet[Order]:
    """With what is kept of the payments, as PAID, and with what cards hold for it, as HELD.

    One that is made again because it was not delivered takes the money of the first.
    """
    owing = Case(When(remakes__state=State.FAILED, then=F("remakes_id")), default=F("pk"))
    paid = Payment.objects.filter(order=OuterRef(OWING))
    held = OnlinePayment.objects.filter(order=OuterRef(OWING), state=OnlinePayment.State.AUTHORISED)
    kept = Sum(F("amount_cents") - F("refunded_cents"))
    orders = orders.select_related("remakes").annotate(**{OWING: owing})
    return orders.annotate(**{PAID: _sum(paid, kept), HELD: _sum(held, Sum("amount_cents"))})


def _sum(rows: QuerySet[Any], total: Sum) -> Coalesce:
    summed = rows.order_by().values("order").annotate(sum=total)
    return Coalesce(Subquery(summed.values("sum"), IntegerField()), Value(0))


@dataclass(frozen=True, slots=True)
class Handled:
    """An order as counter and driver handle it, with what is kept of its payments in cents."""

    order: Order
    kept_cents: int
    held_cents: int = 0  # by a card online: as good as paid

    @property
    def due_cents(self) -> int:
        """Still to be paid by hand."""
        return max(0, self.owing.owed_cents - self.kept_cents - self.held_cents)

    @property
    def due_without_alcohol_cents(self) -> int:
        """The same when its alcohol is refused."""
        owing = self.owing
        owed = discounted.total_without_alcohol_cents(owing) - owing.reversed_cents
        return max(0, owed - self.kept_cents - self.held_cents)

    @property
    def owing(self) -> Order:
        """Whose money is due at the handover: its own, or that of the one it makes again because nobody took it."""
        replaced = self.order.remakes
        return replaced if replaced and replaced.state == State.FAILED else self.order

    @property
    def to_give_back_cents(self) -> int:
        """Paid more than is owed: cancelled, or changed to cost less."""
        return max(0, self.kept_cents - self.owing.owed_cents)

    @property
    def submission(self) -> uuid.UUID:
        """Names the act « take what is due »: sent twice it is the same act, after a payment it is another."""
        return uuid.uuid5(SUBMISSIONS, f"{self.order.reference}:{self.due_cents}")


def _handled(orders: QuerySet[Order]) -> list[Handled]:
    found = _with_due(_with_lines(orders))
    return [Handled(order, getattr(order, PAID), getattr(order, HELD)) for order in found]


def in_progress() -> list[Handled]:
    """Every open order of the shop and those that await their payment, the first promised first."""
    return _handled(Order.objects.filter(state__in=OPEN | {State.AWAITING_PAYMENT}).order_by("slot__starts_at", "id"))


def unpaid() -> list[Handled]:
    """Open orders on which money is still to be taken."""
    return [found for found in _handled(Order.objects.filter(state__in=OPEN)) if found.due_cents]


def late(now: dt.datetime) -> list[Handled]:
    return _handled(Order.objects.filter(state__in=OPEN, slot__ends_at__lt=now).order_by("slot__starts_at", "id"))


def over(since: dt.datetime) -> list[Handled]:
    """Handed over or cancelled since a moment, newest first."""
    done = Order.objects.filter(state__in=(State.HANDED_OVER, State.CANCELLED), placed_at__gte=since)
    return _handled(done.order_by("-placed_at")[:200])


def deliveries() -> list[Handled]:
    """What waits for a driver, is on the road, or was not delivered."""
    states = (State.READY, State.ON_THE_WAY, State.FAILED)
    wanted = Order.objects.filter(mode=ServiceMode.DELIVERY, state__in=states)
    return _handled(wanted.order_by("slot__starts_at", "id"))


def handled(number: int) -> Handled | None:
    found = _handled(Order.objects.filter(pk=number))
    return found[0] if found else None


def reference(number: int) -> str:
    """The name of an order in its customer's address."""
    return Order.objects.filter(pk=number).values_list("reference", flat=True)[0]


def queue() -> list[tuple[dt.datetime, int]]:
    """The work that is not yet ready, in hundredths of a pizza, by the start of the slot it is promised for."""
    waiting = Order.objects.filter(state__in=(State.AWAITING_PAYMENT, State.ACCEPTED, State.PREPARING))
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
    made_from: dt.datetime | None = None,
) -> list[shop_queries.OfferedSlot]:
    """The times offered for this mode; a delivery's leave time for the way, the longest one while it is unknown.

    `made_from` is the moment before which the kitchen does not have what it takes.
    """
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
        made_from=made_from,
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
        return next((order for order in self.orders if order.street), None)


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
