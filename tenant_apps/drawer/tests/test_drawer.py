"""The drawer: float, payments, refunds and what hands move; counted blind; nothing between two sessions."""

import threading
import uuid
from functools import partial

import pytest
from django.utils import timezone

from conftest import COUNTER, DRIVER, MANAGER, ask, check_invariants, place
from shared_apps.accounts.models import Role
from tenant_apps.delivery.services import shifts
from tenant_apps.drawer import queries
from tenant_apps.drawer.models import CashMovement, DrawerCount, DrawerSession
from tenant_apps.drawer.services import cash, sessions
from tenant_apps.drawer.services.cash import NoDrawer, NoReason, NotThatMuch
from tenant_apps.drawer.services.sessions import AlreadyOpen, Unexplained, WrongCount
from tenant_apps.orders.services import settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.tests.test_races import together
from tenant_apps.orders.tests.test_refunding import line_of, refund, sold
from tenant_apps.payments.models import Payment, ReversalLine
from tenant_apps.till.models import Entry

Means, Kind = Payment.Means, CashMovement.Kind


def opened(shop, cents: int = 10_000, user_id: int | None = None) -> DrawerSession:
    return sessions.open_drawer(shop=shop, float_cents=cents, operator_id=user_id, operator="Alix", now=timezone.now())


def close(shop, pieces, reason="", next_id=None) -> DrawerSession:
    return sessions.count_and_close(
        shop=shop, pieces=pieces, reason=reason, actor_id=None, operator="Alix", now=timezone.now(), next_id=next_id
    )


def move(shop, kind, cents, reason="monnaie", submission=None) -> CashMovement:
    return cash.move(
        shop=shop, kind=kind, cents=cents, reason=reason, submission=submission or uuid.uuid4(), actor_id=None,
        operator="Alix", now=timezone.now(),
    )  # fmt: skip


def take(shop, order, means, by=COUNTER, **changes):
    tender = Tender(means, uuid.uuid4(), **changes)
    return settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=by, now=timezone.now())


def test_what_it_should_hold_is_float_cash_refunds_and_what_hands_moved(shop):
    session = opened(shop)
    take(shop, place(shop, ask("margherita")), Means.CASH, tendered_cents=2000, tip_cents=10)
    take(shop, place(shop, ask("margherita")), Means.CARD_TERMINAL)
    order = sold(shop, ask("margherita", 2))
    refund(shop, order, lines={line_of(order): (1, ReversalLine.Fate.WASTED)})
    move(shop, Kind.PUT_IN, 500)
    move(shop, Kind.TAKEN_OUT, 5000, "coffre")
    move(shop, Kind.NO_SALE, 0, "monnaie demandée")
    assert queries.expected_cents(session) == 10_000 + 990 + 1980 - 990 + 500 - 5000
    check_invariants()


def test_it_is_counted_blind_and_a_difference_asks_why(shop):
    session = opened(shop, 5000)
    with pytest.raises(Unexplained, match="1,00"):
        close(shop, {2000: 2, 500: 1, 200: 2})
    assert DrawerSession.objects.get().closed_at is None
    closed = close(shop, {2000: 2, 500: 1, 200: 2}, "un euro manque")
    assert (closed.pk, closed.difference_cents) == (session.pk, -100)
    assert [count.counted_cents for count in DrawerCount.objects.all()] == [4900, 4900]  # the first is not forgotten
    check_invariants()


@pytest.mark.parametrize("pieces", [{}, {3: 1}, {500: -1}])
def test_only_coins_and_notes_are_counted(shop, pieces):
    opened(shop)
    with pytest.raises(WrongCount):
        close(shop, pieces, "essai")


def test_it_is_handed_over_with_what_was_counted(shop, make_staff):
    first, second = make_staff(Role.COUNTER, shop), make_staff(Role.COUNTER, shop)
    opened(shop, 5000, first.pk)
    take(shop, place(shop, ask("margherita")), Means.CASH)
    before = close(shop, {5000: 1, 500: 1, 200: 2, 50: 1, 20: 2}, next_id=second.pk)
    after = queries.open_session()
    assert (after.operator, after.float_cents, after.follows) == (second, 5990, before)
    assert queries.expected_cents(after) == 5990
    check_invariants()


def test_one_at_a_time_and_nothing_moves_while_it_is_closed(shop):
    with pytest.raises(NoDrawer):
        move(shop, Kind.PUT_IN, 500)
    with pytest.raises(NoDrawer):
        close(shop, {500: 1})
    opened(shop)
    with pytest.raises(AlreadyOpen):
        opened(shop)
    for wrong in ((Kind.PUT_IN, 500, " "), (Kind.PUT_IN, 0, "rien"), (Kind.NO_SALE, 500, "essai")):
        with pytest.raises(NoReason):
            move(shop, *wrong)
    with pytest.raises(NotThatMuch):
        move(shop, Kind.TAKEN_OUT, 10_001)


def test_a_movement_sent_again_moves_nothing(shop):
    session, submission = opened(shop), uuid.uuid4()
    for _ in range(3):
        move(shop, Kind.TAKEN_OUT, 4000, "coffre", submission)
    assert queries.expected_cents(session) == 6000


def test_a_driver_carries_their_own_cash_until_they_hand_it_in(shop, make_staff):
    session, driver = opened(shop), make_staff(Role.DRIVER, shop)
    shifts.start(shop=shop, driver_id=driver.pk, float_cents=3000, now=timezone.now())
    take(shop, place(shop, ask("margherita")), Means.CASH, by=DRIVER.__class__(DRIVER.capacity, driver.pk))
    assert queries.expected_cents(session) == 7000
    shifts.end(shop=shop, driver_id=driver.pk, counted_cents=3990, reason="", now=timezone.now())
    assert queries.expected_cents(session) == 10_990
    check_invariants()


def test_cash_at_the_counter_is_in_the_drawer_and_not_on_the_driver(shop, make_staff):
    session, both = opened(shop), make_staff(Role.COUNTER, shop)
    shifts.start(shop=shop, driver_id=both.pk, float_cents=0, now=timezone.now())
    take(shop, place(shop, ask("margherita")), Means.CASH, by=MANAGER.__class__(COUNTER.capacity, both.pk))
    shift = shifts.end(shop=shop, driver_id=both.pk, counted_cents=0, reason="", now=timezone.now())
    assert (shift.expected_cents, queries.expected_cents(session)) == (0, 10_990)


def test_every_opening_is_sealed(shop):
    opened(shop)
    move(shop, Kind.NO_SALE, 0, "monnaie demandée")
    move(shop, Kind.PUT_IN, 500)
    close(shop, {10_000: 1, 500: 1})
    events = [entry.content["event"] for entry in Entry.objects.filter(kind=Entry.Kind.TECHNICAL).order_by("number")]
    assert events == ["drawer_opened", "drawer_no_sale", "cash_in", "drawer_closed"]


def test_cash_taken_while_it_closes_is_in_one_session_or_in_none(own_shop):
    opened(own_shop, 5000)
    orders = [place(own_shop, ask("margherita")) for _ in range(4)]
    together(
        own_shop,
        partial(close, own_shop, {5000: 1}, "fin de service"),
        *(partial(take, own_shop, order, Means.CASH) for order in orders),
    )
    assert Payment.objects.count() == 4
    check_invariants()


def test_without_the_lock_cash_comes_into_a_drawer_that_was_counted(own_shop, monkeypatch):
    session, order = opened(own_shop, 5000), place(own_shop, ask("margherita"))
    found, closed = threading.Event(), threading.Event()

    def read_then_wait() -> DrawerSession | None:
        unlocked = DrawerSession.objects.filter(closed_at=None).first()
        if threading.current_thread().name == "payer":
            found.set()
            closed.wait(20)
        return unlocked

    def pay() -> object:
        threading.current_thread().name = "payer"
        return take(own_shop, order, Means.CASH)

    def count() -> object:
        found.wait(20)
        try:
            return close(own_shop, {5000: 1})
        finally:
            closed.set()

    monkeypatch.setattr(cash, "held", read_then_wait)
    together(own_shop, pay, count)
    session.refresh_from_db()
    assert session.expected_cents != queries.expected_cents(session)
