"""Races with real threads on real PostgreSQL. Each protection is also switched off here, and the same race then goes wrong."""

import itertools
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, COUNTER, CUSTOMER, MANAGER, ask, check_invariants, place, proof_size
from shared_apps.catalogue.models import Ingredient, ServiceMode
from shared_apps.core.errors import RuleError
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order, RemakeReason
from tenant_apps.orders.services import (
    acts,
    blocking,
    bookkeeping,
    changing,
    kitchen,
    refunding,
    remaking,
    settlement,
    stocktaking,
)
from tenant_apps.orders.services.refunding import Returned
from tenant_apps.orders.services.refusals import NoSlot
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.payments.models import Payment, Refund, Reversal
from tenant_apps.payments.services import credit_notes, refunds
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.services import SlotFull
from tenant_apps.stock.models import Movement, StockLevel
from tenant_apps.stock.services import coverage, reservations
from tenants.backend.base import OWNER
from tenants.hosts import Shop
from tenants.roles import acting_as


def together(shop: Shop, *acts: Callable[[], object]) -> list[object]:
    """Runs each act in a thread of its own, in the shop's schema, all released at once; results or errors, in order."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            with schema_context(shop.schema_name):
                connection.ensure_connection()
                barrier.wait(20)
                return act()
        except (RuleError, OperationalError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def leave_only(shop: Shop, code: str, quantity: int) -> StockLevel:
    ingredient = Ingredient.objects.get(code=code)
    return stocktaking.record(
        shop=shop,
        reason=Movement.Reason.COUNT,
        ingredient_id=ingredient.pk,
        quantity=quantity,
        actor_id=None,
        now=timezone.now(),
    )


BUYERS, PORTIONS = proof_size(12, 40), 5


def sell_the_last_burratas(shop: Shop) -> Counter[str]:
    leave_only(shop, "burrata", PORTIONS)
    ShopSettings.objects.update(oven_places=400)
    outcomes = together(shop, *(lambda: place(shop, ask("burrata")) for _ in range(BUYERS)))
    return Counter(type(outcome).__name__ for outcome in outcomes)


@pytest.mark.proof
def test_the_last_portions_are_sold_once(own_shop):
    assert sell_the_last_burratas(own_shop) == {"Order": PORTIONS, "OutOfStock": BUYERS - PORTIONS}
    level = StockLevel.objects.get(ingredient__code="burrata")
    assert (level.on_hand, level.reserved) == (PORTIONS, PORTIONS)
    check_invariants()


def test_without_the_guard_and_the_constraint_the_last_portions_are_oversold(own_shop, monkeypatch):
    monkeypatch.setattr(reservations, "GUARD", "true")
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE stock_stocklevel DROP CONSTRAINT reserved_within_stock_unless_short")
    assert sell_the_last_burratas(own_shop) == {"Order": BUYERS}
    assert StockLevel.objects.get(ingredient__code="burrata").reserved == BUYERS


def test_without_the_guard_the_constraint_still_refuses(own_shop, monkeypatch):
    """The database is the last guard: the sale fails rather than lies."""
    monkeypatch.setattr(reservations, "GUARD", "true")
    leave_only(own_shop, "burrata", 1)
    place(own_shop, ask("burrata"))
    with pytest.raises(Exception, match="reserved_within_stock_unless_short"):
        place(own_shop, ask("burrata"))


ONE_BY_ONE = f"SELECT {coverage.COLUMNS} FROM stock_stocklevel WHERE ingredient_id = %s FOR UPDATE"


def lock_in_opposite_orders(barrier: threading.Barrier) -> Callable[..., dict[int, coverage.Level]]:
    """What two careless transactions do: one goes up the ingredients, the other down, and each waits for the other."""
    turn = itertools.count()

    def lock(ingredient_ids: object) -> dict[int, coverage.Level]:
        keys = sorted(ingredient_ids, reverse=bool(next(turn) % 2))  # type: ignore[call-overload]
        found = {}
        with connection.cursor() as cursor:
            for position, key in enumerate(keys):
                cursor.execute(ONE_BY_ONE, [key])
                found[key] = coverage.Level(*cursor.fetchone())
                if position == 0:
                    barrier.wait(20)
        return found

    return lock


def test_opposite_ingredient_orders_never_deadlock(own_shop):
    baskets = [(ask("reine"), ask("orientale")), (ask("orientale"), ask("reine"))] * 6
    ShopSettings.objects.update(oven_places=400)
    outcomes = together(own_shop, *(lambda lines=lines: place(own_shop, *lines) for lines in baskets))
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"Order": 12}
    check_invariants()


def release(shop: Shop, order: Order) -> None:
    with transaction.atomic():
        reservations.release(order_id=order.pk, pizzeria_id=shop.id, now=timezone.now())


def test_without_the_one_order_of_locks_two_buyers_deadlock(own_shop, monkeypatch):
    first, second = place(own_shop, ask("reine")), place(own_shop, ask("reine"))
    monkeypatch.setattr(coverage, "lock_levels", lock_in_opposite_orders(threading.Barrier(2)))
    outcomes = together(own_shop, *(partial(release, own_shop, order) for order in (first, second)))
    assert any("deadlock" in str(outcome) or "lock timeout" in str(outcome) for outcome in outcomes)


ROUNDS = proof_size(8, 40)


def claim(shop: Shop, order: Order) -> Order:
    return kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())


def cancel(shop: Shop, order: Order) -> Order:
    return changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())


def change(shop: Shop, order: Order) -> Order:
    return changing.change(shop=shop, order_id=order.pk, lines=[ask("reine", 3)], by=CUSTOMER, now=timezone.now())


@pytest.mark.proof
@pytest.mark.parametrize("act", [cancel, change])
def test_the_kitchen_and_the_customer_never_both_have_it_their_way(own_shop, act):
    for _ in range(ROUNDS):
        order = place(own_shop, ask("margherita"))
        claimed, customers = together(own_shop, partial(claim, own_shop, order), partial(act, own_shop, order))
        order.refresh_from_db()
        if isinstance(customers, RuleError):  # the kitchen was first
            assert (order.state, order.total_cents) == (State.PREPARING, 990)
        elif act is cancel:
            assert isinstance(claimed, RuleError)
            assert order.state == State.CANCELLED
        else:  # changed, then claimed as changed
            assert (order.state, order.total_cents) == (State.PREPARING, 3 * 1190)
    check_invariants()


def test_without_the_lock_an_order_is_claimed_and_cancelled(own_shop, monkeypatch):
    order = place(own_shop, ask("margherita"))
    both_have_read = threading.Barrier(2)

    def read_without_lock(order_id: int) -> Order:
        found = Order.objects.select_related("slot").get(pk=order_id)
        both_have_read.wait(20)
        return found

    monkeypatch.setattr(acts, "locked", read_without_lock)
    outcomes = together(own_shop, partial(claim, own_shop, order), partial(cancel, own_shop, order))
    assert order.events.filter(from_state=State.ACCEPTED).count() == 2  # it left this state twice
    assert [type(outcome).__name__ for outcome in outcomes] == ["Order", "Order"]


def test_a_form_sent_many_times_makes_one_order(own_shop):
    submission = uuid.uuid4()
    outcomes = together(
        own_shop, *(lambda: place(own_shop, ask("margherita"), submission=submission) for _ in range(6))
    )
    assert {outcome.pk for outcome in outcomes if isinstance(outcome, Order)} == {Order.objects.get().pk}
    check_invariants()


def test_a_slot_is_never_over_capacity(own_shop):
    ShopSettings.objects.update(oven_places=1, days_ahead=0)
    outcomes = together(own_shop, *(lambda: place(own_shop, ask("margherita", 2)) for _ in range(6)))
    taken = Order.objects.values_list("slot__taken", "slot__capacity")
    assert all(used <= capacity for used, capacity in taken)
    assert {type(outcome).__name__ for outcome in outcomes} <= {"Order", "SlotFull", "NoSlot"}  # late: it sees it full
    check_invariants()


def test_money_is_taken_once_however_often_it_is_sent(own_shop):
    order = place(own_shop, ask("margherita"))
    submission = uuid.uuid4()

    def take() -> Order:
        return settlement.take_payment(
            shop=own_shop, order_id=order.pk, tender=Tender(Payment.Means.CASH, submission, 990), by=COOK,
            now=timezone.now(),
        )  # fmt: skip

    together(own_shop, *(take for _ in range(6)))
    assert Payment.objects.get().amount_cents == 990
    check_invariants()


CHECKOUTS = 50


def a_time(shop: Shop) -> Wishes:
    """The second slot of the day, so that the shop has a next one and the first is not over meanwhile."""
    now = timezone.now()
    with schema_context(shop.schema_name):
        slots = shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now))
        return Wishes(ServiceMode.COLLECTION, starts_at=list(itertools.islice(slots, 2))[-1].window.start)


def take_the_last_place(shop: Shop) -> list[object]:
    """Fifty checkouts at once for a slot where one pizza still fits."""
    ShopSettings.objects.update(oven_places=1, make_minutes=15)
    wishes = a_time(shop)
    return together(shop, *(lambda: place(shop, ask("margherita"), wishes=wishes) for _ in range(CHECKOUTS)))


def test_the_last_place_of_a_slot_has_one_winner_and_the_others_the_next_times(own_shop):
    outcomes = take_the_last_place(own_shop)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, SlotFull | NoSlot)]
    assert Counter(isinstance(outcome, Order) for outcome in outcomes) == {True: 1, False: CHECKOUTS - 1}
    assert len(refusals) == CHECKOUTS - 1
    assert all(len(refusal.following) == 3 and refusal.following[0] in str(refusal) for refusal in refusals)
    check_invariants()


def test_without_the_guard_and_the_constraint_the_last_place_is_sold_many_times(own_shop, monkeypatch):
    monkeypatch.setattr(shop_services, "GUARD", "true")
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_slot DROP CONSTRAINT slot_never_over_capacity")
    outcomes = take_the_last_place(own_shop)
    assert sum(isinstance(outcome, Order) for outcome in outcomes) > 1


def test_two_tabs_that_make_the_same_order_again_make_it_once(own_shop):
    order = place(own_shop, ask("reine"))
    kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=timezone.now())
    line, submission = order.lines.get().pk, uuid.uuid4()

    def again() -> object:
        return remaking.remake(
            shop=own_shop,
            order_id=order.pk,
            submission=submission,
            quantities={line: 1},
            reason=RemakeReason.BURNT,
            words="",
            by=COUNTER,
            now=timezone.now(),
        )

    assert len(set(together(own_shop, *[again] * 6))) == 1
    assert order.remade_by.count() == 1
    check_invariants()


def test_two_tabs_that_finish_the_same_paid_draft_take_one_order_and_one_payment(own_shop):
    submission = uuid.uuid4()
    paid = Tender(Payment.Means.CASH, uuid.uuid5(submission, "paid"))
    outcomes = together(own_shop, *[lambda: place(own_shop, ask("reine"), submission=submission, paid=paid)] * 6)
    assert len({order.pk for order in outcomes}) == 1
    assert Payment.objects.count() == 1
    check_invariants()


def test_one_pass_lets_one_of_many_orders_through(own_shop):
    number = blocking.block(
        phone="+33612345678", reason="faux ordres", until_date=None, user_id=None, now=timezone.now()
    )
    blocking.let_through(blocked_id=number.pk)
    outcomes = Counter(type(one).__name__ for one in together(own_shop, *[lambda: place(own_shop, ask("reine"))] * 6))
    assert outcomes == {"Order": 1, "NumberBlocked": 5}
    check_invariants()


def sold_for_refunds(shop: Shop) -> Order:
    """A pizza that is cooked, paid in cash and handed over."""
    order, now = place(shop, ask("margherita"), paid=Tender(Payment.Means.CASH, uuid.uuid4())), timezone.now()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
    return settlement.hand_over(shop=shop, order_id=order.pk, by=COUNTER, now=now)


def pay_back_all(shop: Shop, order: Order) -> Order:
    return refunding.refund(
        shop=shop,
        order_id=order.pk,
        returned=Returned("brûlée", gesture_cents=990),
        submission=uuid.uuid4(),
        by=MANAGER,
        now=timezone.now(),
    )


REFUNDERS = proof_size(4, 12)


@pytest.mark.proof
def test_many_refunds_at_once_give_the_money_back_once(own_shop):
    order = sold_for_refunds(own_shop)
    act = partial(pay_back_all, own_shop, order)
    outcomes = Counter(type(one).__name__ for one in together(own_shop, *[act] * REFUNDERS))
    assert outcomes == {"Order": 1, "NothingToRefund": REFUNDERS - 1}
    assert Refund.objects.get().amount_cents == 990
    check_invariants()


def refund_without_lock(shop: Shop, monkeypatch) -> list[object]:
    """Two refunds that both have read the order and its payment before either writes."""
    order = sold_for_refunds(shop)
    both_have_read = threading.Barrier(2)

    def payments_without_lock(*, order_id: int) -> list[Payment]:
        found = list(Payment.objects.filter(order_id=order_id))
        both_have_read.wait(20)
        return found

    monkeypatch.setattr(acts, "locked", lambda order_id: Order.objects.select_related("slot").get(pk=order_id))
    monkeypatch.setattr(refunds, "locked", payments_without_lock)
    monkeypatch.setattr(refunding, "_reverse", reverse_without_count)
    return together(shop, *[partial(pay_back_all, shop, order)] * 2)


def reverse_without_count(order: Order, returned: Returned, *rest: object) -> Reversal:
    """The return as it is written, its sum on the order left out: that row would queue the two."""
    return Reversal.objects.create(
        order=order, amount_cents=990, gesture_cents=990, reason="brûlée", at=timezone.now(), submission=uuid.uuid4()
    )


def test_without_the_lock_the_database_still_refuses_to_give_the_money_twice(own_shop, monkeypatch):
    with pytest.raises(IntegrityError, match="never_refunded_above_what_was_taken"):
        refund_without_lock(own_shop, monkeypatch)


def test_without_the_lock_the_constraint_and_the_journal_the_money_goes_back_twice(own_shop, monkeypatch):
    monkeypatch.setattr(bookkeeping, "given_back", lambda **_refund: None)  # the journal refuses it too
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_payment DROP CONSTRAINT never_refunded_above_what_was_taken")
    outcomes = refund_without_lock(own_shop, monkeypatch)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Order", "Order"]
    assert Payment.objects.get().refunded_cents == 2 * 990


def test_a_credit_note_is_not_spent_twice_at_two_tills(own_shop):
    note = credit_notes.issue(
        amount_cents=990, reason="geste", issued_by_id=None, submission=uuid.uuid4(), now=timezone.now()
    )
    orders = [place(own_shop, ask("margherita")) for _ in range(4)]

    def pay(order: Order) -> Order:
        tender = Tender(Payment.Means.CREDIT_NOTE, uuid.uuid4(), credit_code=note.code)
        return settlement.take_payment(shop=own_shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())

    outcomes = Counter(type(one).__name__ for one in together(own_shop, *(partial(pay, order) for order in orders)))
    assert outcomes == {"Order": 1, "NoteOver": 3}
    check_invariants()
