"""Who takes what: assigned or taken, in the best order or by hand, left with, delivered."""

import pytest
from django.utils import timezone

from conftest import COOK, COUNTER, DRIVER, check_invariants
from shared_apps.accounts.models import Role
from tenant_apps.delivery import itinerary
from tenant_apps.delivery.models import Stop
from tenant_apps.delivery.services import handling, rounds, shifts
from tenant_apps.delivery.tests.doors import begin, driving, give, ready, send_out, tap
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.services import kitchen
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment


@pytest.fixture
def driver(shop, make_staff):
    return make_staff(Role.DRIVER, shop)


@pytest.fixture
def colleague(shop, make_staff):
    return make_staff(Role.DRIVER, shop)


def positions(round_) -> list[int]:
    return [stop.order_id for stop in itinerary.remaining(round_)]


def test_a_round_goes_from_the_counter_to_its_last_door(shop, driver):
    near, far = ready(shop, 0), ready(shop, 4)
    round_ = give(shop, driver, far, near)
    assert positions(round_) == [near.pk, far.pk]
    tap(shop, driver, "left", round_)
    near.refresh_from_db()
    far.refresh_from_db()
    assert (near.state, far.state) == (State.ON_THE_WAY, State.ON_THE_WAY)
    assert near.left_at < near.arrives_at < far.arrives_at
    for order in (near, far):
        tap(shop, driver, "arrived", round_, order)
        assert tap(shop, driver, "delivered", round_, order, paid_by="cash").refusal == ""
    round_.refresh_from_db()
    near.refresh_from_db()
    assert near.state == State.HANDED_OVER
    assert round_.closed_at
    check_invariants()


def test_a_delivery_is_given_once_and_taken_back_until_it_leaves(shop, driver, colleague):
    order, mine = ready(shop), begin(shop, driver)
    other = begin(shop, colleague)
    now = timezone.now()
    stop = rounds.assign(shop=shop, order_id=order.pk, shift_id=mine.pk, by=COUNTER, now=now)
    assert rounds.assign(shop=shop, order_id=order.pk, shift_id=mine.pk, by=COUNTER, now=now) == stop
    with pytest.raises(rounds.AlreadyTaken, match="Alix"):
        rounds.assign(shop=shop, order_id=order.pk, shift_id=other.pk, by=DRIVER, now=now)
    moved = rounds.assign(shop=shop, order_id=order.pk, shift_id=other.pk, by=COUNTER, now=now, reassign=True)
    assert moved.round.shift == other
    with pytest.raises(rounds.UnknownStop):
        rounds.take_back(shop=shop, order_id=order.pk, by=DRIVER, now=now, driver_id=driver.pk)
    tap(shop, colleague, "left", moved.round)
    for act in (
        lambda: rounds.take_back(shop=shop, order_id=order.pk, by=COUNTER, now=now),
        lambda: rounds.assign(shop=shop, order_id=order.pk, shift_id=mine.pk, by=COUNTER, now=now, reassign=True),
    ):
        with pytest.raises(rounds.OnTheRoad):
            act()
    check_invariants()


def test_only_what_is_ready_goes_and_only_with_somebody_on_shift(shop, driver):
    order = ready(shop)
    with pytest.raises(rounds.NoShift):
        rounds.assign(shop=shop, order_id=order.pk, shift_id=0, by=COUNTER, now=timezone.now())
    round_ = give(shop, driver, order)
    kitchen.recall(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert "En préparation" in tap(shop, driver, "left", round_).refusal
    rounds.take_back(shop=shop, order_id=order.pk, by=DRIVER, now=timezone.now())
    with pytest.raises(rounds.NotToDeliver, match="En préparation"):
        rounds.assign(shop=shop, order_id=order.pk, shift_id=round_.shift_id, by=DRIVER, now=timezone.now())
    check_invariants()


def test_the_driver_chooses_another_order_and_finds_the_best_again(shop, driver):
    first, second, third = (ready(shop, number) for number in range(3))
    round_ = give(shop, driver, first, second)
    assert positions(round_) == [first.pk, second.pk]
    stop = Stop.objects.get(order=second)
    rounds.move_earlier(shop=shop, stop_id=stop.pk, driver_id=driver.pk, now=timezone.now())
    assert positions(round_) == [second.pk, first.pk]
    give(shop, driver, third)
    assert positions(round_) == [second.pk, first.pk, third.pk]
    rounds.best_order(shop=shop, round_id=round_.pk, driver_id=driver.pk, now=timezone.now())
    assert positions(round_) == [first.pk, second.pk, third.pk]
    tap(shop, driver, "left", round_)
    third.refresh_from_db()
    expected = third.arrives_at
    rounds.move_earlier(shop=shop, stop_id=Stop.objects.get(order=third).pk, driver_id=driver.pk, now=timezone.now())
    third.refresh_from_db()
    assert third.arrives_at < expected
    check_invariants()


def test_what_the_counter_hands_over_or_cancels_leaves_the_round(shop, driver):
    collected, delivered = ready(shop), ready(shop, 1)
    round_ = send_out(shop, driver, delivered)
    give(shop, driver, collected)
    for order in (collected, delivered):
        handling.hand_over(
            shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now(),
            tender=Tender(Payment.Means.CASH, order.submission),
        )  # fmt: skip
    assert Stop.objects.get(order=collected).state == Stop.State.RETURNED
    assert Stop.objects.get(order=delivered).state == Stop.State.DELIVERED
    round_.refresh_from_db()
    assert round_.closed_at
    with pytest.raises(MoveRefused):
        handling.cancel(shop=shop, order_id=delivered.pk, by=COUNTER, now=timezone.now())
    check_invariants()


def test_a_shift_does_not_end_with_deliveries_in_it(shop, driver):
    round_ = give(shop, driver, ready(shop))
    with pytest.raises(shifts.RoundNotOver):
        shifts.end(shop=shop, driver_id=driver.pk, counted_cents=3000, reason="", now=timezone.now())
    order = round_.stops.get().order
    rounds.take_back(shop=shop, order_id=order.pk, by=driving(driver), now=timezone.now(), driver_id=driver.pk)
    assert shifts.end(shop=shop, driver_id=driver.pk, counted_cents=3000, reason="", now=timezone.now()).ended_at
