"""What may be promised for a moment: what is there, what comes before it, and all that was promised before and after."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conftest import COOK, COUNTER, CUSTOMER, ask, place, proof_size
from shared_apps.catalogue.models import Ingredient, ServiceMode
from shared_apps.core.calendar import PARIS
from shared_apps.core.errors import RuleError
from tenant_apps.orders import invariants
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.services import changing, kitchen, receiving, stocktaking
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.orders.tests.test_races import leave_only, together
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Movement, Reception, Reservation, StockLevel, Supplier
from tenant_apps.stock.services import coverage, receptions, reservations
from tenant_apps.stock.services.movements import Where
from tenant_apps.stock.services.receptions import Taken
from tenant_apps.stock.services.reservations import OutOfStock, StockSpent
from tenants.backend.base import OWNER
from tenants.hosts import Shop
from tenants.roles import acting_as

HOUR = dt.timedelta(hours=1)
SLOT = dt.timedelta(minutes=15)
READY = dt.timedelta(minutes=20)  # the usual preparation: the kitchen begins so long before a slot


def burrata() -> int:
    return Ingredient.objects.get(code="burrata").pk


def level() -> StockLevel:
    return StockLevel.objects.get(ingredient__code="burrata")


def noon() -> dt.datetime:
    """Of tomorrow: far from the cut-off of the business day and from the clock of the machine."""
    day = timezone.localdate() + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(12), PARIS)


def order_for(shop: Shop, moment: dt.datetime, pieces: int = 1, *, now: dt.datetime) -> Order:
    """So many burratas, promised for the slot that begins at a moment."""
    wishes = Wishes(ServiceMode.COLLECTION, starts_at=moment)
    return place(shop, ask("burrata", pieces), wishes=wishes, now=now)


def expect(shop: Shop, moment: dt.datetime, quantity: int, *, now: dt.datetime) -> Reception:
    """So many burratas, ordered from a supplier who brings them at a moment at the latest."""
    supplier, _created = Supplier.objects.get_or_create(name="Crèmerie", defaults={"delivers_by": dt.time(10)})
    where = Where(shop.id, shop.schema_name)
    draft = receptions.plan(
        where=where, supplier_id=supplier.pk, expected_at=moment, quantities={burrata(): Decimal(quantity)},
        actor_id=None, now=now,
    )  # fmt: skip
    return receiving.order(shop=shop, reception_id=draft.pk, actor_id=None, now=now)


def claim(shop: Shop, order: Order, *, now: dt.datetime) -> None:
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)


def take_in(shop: Shop, reception: Reception, quantity: int, *, now: dt.datetime) -> Reception:
    taken = {burrata(): Taken(Decimal(quantity), fault="missing")}
    return receiving.receive(shop=shop, reception_id=reception.pk, taken=taken, actor_id=None, now=now)


def count(shop: Shop, quantity: int, *, now: dt.datetime) -> None:
    stocktaking.record(
        shop=shop, reason=Movement.Reason.COUNT, ingredient_id=burrata(), quantity=Decimal(quantity), actor_id=None,
        now=now,
    )  # fmt: skip


def numbers_short() -> set[int]:
    open_cases = Case.objects.filter(closed_at=None, kind=Case.Kind.SHORTAGE)
    return set(open_cases.values_list("order_id", flat=True))


def check(shop: Shop) -> None:
    assert not list(invariants.broken(pizzeria_id=shop.id))


@pytest.fixture
def kitchen_at_noon(shop):
    """A shop with room for everybody and no burrata; and the moment it is."""
    ShopSettings.objects.update(oven_places=400, days_ahead=5)
    now = noon()
    count(shop, 0, now=now)
    return shop, now


def test_tomorrow_is_sold_while_tonight_is_sold_out_when_more_comes_before_it(kitchen_at_noon):
    shop, now = kitchen_at_noon
    expect(shop, now + 20 * HOUR, 2, now=now)
    with pytest.raises(OutOfStock):
        order_for(shop, now + 8 * HOUR, now=now)
    for _ in range(2):
        order_for(shop, now + 26 * HOUR, now=now)
    with pytest.raises(OutOfStock):
        order_for(shop, now + 26 * HOUR, now=now)
    assert (level().reserved, level().awaited, level().expected) == (0, 2, 2)
    check(shop)


def test_the_refusal_of_tonight_says_from_when_it_is_possible(kitchen_at_noon):
    shop, now = kitchen_at_noon
    expect(shop, now + 20 * HOUR, 2, now=now)
    with pytest.raises(OutOfStock) as refused:
        place(shop, ask("burrata"), now=now)
    # Brought at 8, twenty minutes of preparation, the first slot after: half past eight.
    assert len(refused.value.following) == 3
    assert "8\u00a0h\u00a030" in refused.value.following[0]
    assert refused.value.following[0] in str(refused.value)


def test_the_kitchen_begins_before_the_slot_and_so_the_reception_comes_before_that(kitchen_at_noon):
    shop, now = kitchen_at_noon
    expect(shop, now + 5 * HOUR, 1, now=now)
    with pytest.raises(OutOfStock):
        order_for(shop, now + 5 * HOUR + SLOT, now=now)
    order_for(shop, now + 5 * HOUR + 2 * SLOT, now=now)


def test_tonight_does_not_eat_what_tomorrow_was_promised(kitchen_at_noon):
    shop, now = kitchen_at_noon
    count(shop, 1, now=now)
    order_for(shop, now + 26 * HOUR, now=now)
    with pytest.raises(OutOfStock):
        order_for(shop, now + 8 * HOUR, now=now)
    check(shop)


def test_unless_a_reception_replaces_it_in_time(kitchen_at_noon):
    shop, now = kitchen_at_noon
    count(shop, 1, now=now)
    tomorrow = order_for(shop, now + 26 * HOUR, now=now)
    expect(shop, now + 20 * HOUR, 1, now=now)
    tonight = order_for(shop, now + 8 * HOUR, now=now)
    awaited = dict(Reservation.objects.filter(ingredient_id=burrata()).values_list("order_id", "awaited"))
    assert awaited == {tonight.pk: 0, tomorrow.pk: 1}
    with pytest.raises(OutOfStock):
        order_for(shop, now + 30 * HOUR, now=now)
    check(shop)


def test_a_reception_between_two_orders_is_not_counted_for_the_first(kitchen_at_noon):
    shop, now = kitchen_at_noon
    count(shop, 2, now=now)
    expect(shop, now + 20 * HOUR, 3, now=now)
    order_for(shop, now + 8 * HOUR, 1, now=now)
    order_for(shop, now + 30 * HOUR, 4, now=now)
    with pytest.raises(OutOfStock):  # one is on hand tonight, but tomorrow would lack it
        order_for(shop, now + 9 * HOUR, 1, now=now)
    assert numbers_short() == set()
    check(shop)


def test_a_late_reception_is_counted_on_no_more_and_the_orders_needed_last_are_to_be_settled(kitchen_at_noon):
    shop, now = kitchen_at_noon
    reception = expect(shop, now + 2 * HOUR, 1, now=now)
    first = order_for(shop, now + 6 * HOUR, now=now)
    late = now + 2 * HOUR
    with pytest.raises(OutOfStock):
        order_for(shop, now + 8 * HOUR, now=late)
    assert [row.pk for row in receiving.miss_late(shop=shop, now=late)] == [reception.pk]
    assert receiving.miss_late(shop=shop, now=late) == []
    assert numbers_short() == {first.pk}
    assert level().shortage
    receiving.change(
        shop=shop, reception_id=reception.pk, expected_at=late + HOUR, quantities={burrata(): Decimal(1)},
        actor_id=None, now=late,
    )  # fmt: skip
    assert numbers_short() == set()
    check(shop)


def test_a_short_reception_covers_the_orders_needed_first(kitchen_at_noon):
    shop, now = kitchen_at_noon
    reception = expect(shop, now + 2 * HOUR, 3, now=now)
    last = order_for(shop, now + 9 * HOUR, 2, now=now)
    first = order_for(shop, now + 6 * HOUR, 1, now=now)
    take_in(shop, reception, 2, now=now + HOUR)
    assert numbers_short() == {last.pk}
    claim(shop, first, now=now + 5 * HOUR)
    changing.change(shop=shop, order_id=last.pk, lines=[ask("burrata")], by=CUSTOMER, now=now + 5 * HOUR)
    assert numbers_short() == set()
    claim(shop, last, now=now + 8 * HOUR)
    assert (level().on_hand, level().awaited, level().shortage) == (0, 0, False)
    check(shop)


def test_a_cancelled_reception_leaves_its_orders_to_be_settled(kitchen_at_noon):
    shop, now = kitchen_at_noon
    reception = expect(shop, now + 2 * HOUR, 1, now=now)
    order = order_for(shop, now + 6 * HOUR, now=now)
    receiving.cancel(shop=shop, reception_id=reception.pk, actor_id=None, now=now)
    assert numbers_short() == {order.pk}
    changing.cancel(shop=shop, order_id=order.pk, by=COUNTER, now=now)
    assert not level().shortage
    check(shop)


def test_the_kitchen_does_not_take_ahead_what_orders_before_it_need(kitchen_at_noon):
    shop, now = kitchen_at_noon
    count(shop, 1, now=now)
    expect(shop, now + 20 * HOUR, 1, now=now)
    tonight, tomorrow = (order_for(shop, now + hours * HOUR, now=now) for hours in (8, 26))
    with pytest.raises(StockSpent), transaction.atomic():
        claim(shop, tomorrow, now=now)
    claim(shop, tonight, now=now + 7 * HOUR)
    check(shop)


def test_one_statement_promises_what_is_on_hand_for_all_and_two_what_is_not(kitchen_at_noon, django_assert_num_queries):
    shop, now = kitchen_at_noon
    expect(shop, now + 20 * HOUR, 9, now=now)
    order = place(shop, ask("reine"), now=now)
    basil = Ingredient.objects.get(code="basilic").pk
    for needs, statements in (({basil: Decimal(1)}, 1), ({burrata(): Decimal(1)}, 2)):
        with django_assert_num_queries(statements):
            reservations.reserve(
                order_id=order.pk, needs=needs, needed_at=now + 26 * HOUR, pizzeria_id=shop.id, now=now
            )


# --- Fifty at once, some for tonight and some for tomorrow.

CHECKOUTS = 50


def sell_the_last_of_two_days(shop: Shop) -> Counter[str]:
    """Three are there tonight and four come tomorrow morning: fifty people want one, every other one for tomorrow."""
    ShopSettings.objects.update(oven_places=400, days_ahead=5)
    leave_only(shop, "burrata", 3)
    now = timezone.now()
    start = (now + 2 * HOUR).replace(minute=0, second=0, microsecond=0)
    expect(shop, start + 20 * HOUR, 4, now=now)
    moments = [start + (26 * HOUR if number % 2 else HOUR) for number in range(CHECKOUTS)]
    outcomes = together(shop, *(lambda moment=moment: order_for(shop, moment, now=now) for moment in moments))
    return Counter(
        f"{type(outcome).__name__}{' tonight' if number % 2 == 0 and isinstance(outcome, Order) else ''}"
        for number, outcome in enumerate(outcomes)
    )


def drop_the_constraints() -> None:
    with acting_as(OWNER), connection.cursor() as cursor:
        for name in ("awaited_within_receptions_unless_short", "reserved_within_stock_unless_short"):
            cursor.execute(f"ALTER TABLE stock_stocklevel DROP CONSTRAINT {name}")


def test_fifty_buyers_of_tonight_and_tomorrow_are_never_promised_more_than_there_will_be(own_shop):
    sold = sell_the_last_of_two_days(own_shop)
    assert sold["Order"] + sold["Order tonight"] == 7
    assert sold["Order tonight"] <= 3
    assert sold["OutOfStock"] == CHECKOUTS - 7
    assert not Case.objects.exists()
    check(own_shop)


def test_without_the_guard_of_time_tonight_eats_tomorrow(own_shop, monkeypatch):
    monkeypatch.setattr(coverage, "COVERED", "true")
    drop_the_constraints()
    sold = sell_the_last_of_two_days(own_shop)
    assert sold["Order tonight"] > 3 or sold["Order"] + sold["Order tonight"] > 7


def test_without_the_guard_the_constraint_still_refuses_more_than_comes(kitchen_at_noon, monkeypatch):
    shop, now = kitchen_at_noon
    monkeypatch.setattr(coverage, "COVERED", "true")
    expect(shop, now + 20 * HOUR, 1, now=now)
    order_for(shop, now + 26 * HOUR, now=now)
    with pytest.raises(Exception, match="awaited_within_receptions_unless_short"):
        order_for(shop, now + 26 * HOUR, now=now)


# --- Random evenings: whatever happens, what was accepted and is not to be settled can be made in its time.

moments, some, which = st.integers(1, 70), st.integers(1, 3), st.integers(0, 9)
ACTS = st.one_of(
    st.tuples(st.just("order"), moments, some),
    st.tuples(st.just("order"), moments, some),
    st.tuples(st.just("change"), which, some),
    st.tuples(st.just("cancel"), which, some),
    st.tuples(st.just("claim"), which, some),
    st.tuples(st.just("expect"), moments, st.integers(1, 6)),
    st.tuples(st.just("expect"), moments, st.integers(1, 6)),
    st.tuples(st.just("receive"), which, st.integers(0, 7)),
    st.tuples(st.just("move"), which, moments),
    st.tuples(st.just("call off"), which, some),
    st.tuples(st.just("count"), which, some),
    st.tuples(st.just("waste"), which, some),
    st.tuples(st.just("pass"), st.integers(1, 12), some),
)


class Evening:
    """One shop through random acts, by the services that people's screens call."""

    def __init__(self, shop: Shop, now: dt.datetime) -> None:
        self.shop, self.now = shop, now

    def play(self, act: str, first: int, second: int) -> None:
        getattr(self, act.replace(" ", "_"))(first, second)

    def order(self, hours: int, pieces: int) -> None:
        before = numbers_short()
        order_for(self.shop, self.now.replace(minute=0) + hours * HOUR + 3 * SLOT, pieces, now=self.now)
        assert numbers_short() == before  # an acceptance leaves nobody short

    def accepted(self, place: int) -> Order | None:
        found = list(Order.objects.filter(state=State.ACCEPTED).order_by("pk"))
        return found[place % len(found)] if found else None

    def change(self, place: int, pieces: int) -> None:
        if order := self.accepted(place):
            changing.change(
                shop=self.shop, order_id=order.pk, lines=[ask("burrata", pieces)], by=CUSTOMER, now=self.now
            )

    def cancel(self, place: int, _pieces: int) -> None:
        if order := self.accepted(place):
            changing.cancel(shop=self.shop, order_id=order.pk, by=CUSTOMER, now=self.now)

    def claim(self, place: int, _pieces: int) -> None:
        if order := self.accepted(place):
            claim(self.shop, order, now=self.now)

    def expect(self, hours: int, quantity: int) -> None:
        expect(self.shop, self.now + hours * HOUR, quantity, now=self.now)

    def coming(self, place: int) -> Reception | None:
        found = list(Reception.objects.filter(state=Reception.State.EXPECTED).order_by("pk"))
        return found[place % len(found)] if found else None

    def receive(self, place: int, quantity: int) -> None:
        if reception := self.coming(place):
            take_in(self.shop, reception, quantity, now=self.now)

    def move(self, place: int, hours: int) -> None:
        if reception := self.coming(place):
            receiving.change(
                shop=self.shop, reception_id=reception.pk, expected_at=self.now + hours * HOUR,
                quantities={burrata(): Decimal(2)}, actor_id=None, now=self.now,
            )  # fmt: skip

    def call_off(self, place: int, _pieces: int) -> None:
        if reception := self.coming(place):
            receiving.cancel(shop=self.shop, reception_id=reception.pk, actor_id=None, now=self.now)

    def count(self, quantity: int, _pieces: int) -> None:
        count(self.shop, quantity, now=self.now)

    def waste(self, _place: int, quantity: int) -> None:
        stocktaking.record(
            shop=self.shop, reason=Movement.Reason.WASTE, ingredient_id=burrata(), quantity=Decimal(quantity),
            actor_id=None, now=self.now,
        )  # fmt: skip

    def _pass(self, hours: int, _pieces: int) -> None:
        self.now += hours * HOUR
        receiving.miss_late(shop=self.shop, now=self.now)

    def run_out(self) -> None:
        """From here all goes as expected: receptions come full and in time, the kitchen takes each order at its hour."""
        coming = Reception.objects.filter(state=Reception.State.EXPECTED, missed_at=None)
        acts = [(max(self.now, reception.expected_at), 0, reception) for reception in coming]
        short = numbers_short()
        for row in Reservation.objects.filter(ingredient_id=burrata()).select_related("order"):
            if row.order_id in short:
                changing.cancel(shop=self.shop, order_id=row.order_id, by=COUNTER, now=self.now)
            else:
                acts.append((max(self.now, row.needed_at), 1, row.order))
        for moment, kind, what in sorted(acts, key=lambda act: (*act[:2], act[2].pk)):
            if kind == 0:
                take_in(self.shop, what, int(what.lines.get().expected), now=moment)
            else:
                claim(self.shop, what, now=moment)  # raises StockSpent when it is not there
            assert level().on_hand >= 0


setattr(Evening, "pass", Evening._pass)


def an_evening(shop: Shop, stock: int, acts: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        ShopSettings.objects.update(oven_places=400, days_ahead=6)
        evening = Evening(shop, noon())
        count(shop, stock, now=evening.now)
        for act in acts:
            try:
                with transaction.atomic():
                    evening.play(*act)
            except RuleError:
                pass
            check(shop)
        evening.run_out()
        check(shop)
        transaction.set_rollback(True)


def any_evening(shop: Shop, examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(stock=st.integers(0, 6), acts=st.lists(ACTS, min_size=2, max_size=14))
    def run(stock: int, acts: list[tuple[str, int, int]]) -> None:
        an_evening(shop, stock, acts)

    run()


@pytest.mark.proof
def test_no_set_of_accepted_orders_is_ever_short_when_receptions_come_as_expected(shop):
    any_evening(shop, proof_size(25, 1500))


def test_without_the_guard_some_evening_falls_short(shop, monkeypatch):
    monkeypatch.setattr(coverage, "COVERED", "true")
    drop_the_constraints()
    with pytest.raises((AssertionError, StockSpent)):
        any_evening(shop, 60)
