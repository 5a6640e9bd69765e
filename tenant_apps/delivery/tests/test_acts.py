"""The acts of a phone: once each, in their own time, refused in words, and a case when a person must settle it."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COUNTER, MANAGER, check_invariants
from shared_apps.accounts.models import Membership, Role, User
from tenant_apps.delivery.models import Act, Round, Stop
from tenant_apps.delivery.services import handling, performing, rounds
from tenant_apps.delivery.tests.doors import give, ready, send_out, tap
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Case, FailureReason
from tenant_apps.orders.services import settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def driver(shop, make_staff):
    return make_staff(Role.DRIVER, shop)


def test_an_act_sent_three_times_is_one_act(shop, driver):
    order = ready(shop)
    round_ = send_out(shop, driver, order)
    submission = uuid.uuid4()
    for _ in range(3):
        assert tap(shop, driver, "delivered", round_, order, paid_by="cash", submission=submission).refusal == ""
    assert Payment.objects.get().amount_cents == order.total_cents
    assert order.events.filter(to_state=State.HANDED_OVER).count() == 1
    assert Act.objects.filter(kind=Act.Kind.DELIVERED).count() == 1
    check_invariants()


def test_acts_made_offline_keep_their_own_time_and_the_money_that_of_its_coming(shop, driver):
    order = ready(shop)
    round_ = send_out(shop, driver, order)
    now = timezone.now() + 20 * MINUTE
    arrived, delivered = now - 12 * MINUTE, now - 10 * MINUTE
    tap(shop, driver, "arrived", round_, order, now=now, made_at=arrived)
    tap(shop, driver, "delivered", round_, order, now=now, made_at=delivered, paid_by="cash")
    order.refresh_from_db()
    assert order.handed_over_at == delivered
    event = order.events.get(to_state=State.HANDED_OVER)
    assert (event.at, event.detail["received_at"]) == (delivered, now.isoformat())
    assert Stop.objects.get().arrived_at == arrived
    assert Payment.objects.get().taken_at == now
    check_invariants()


def test_a_phones_clock_is_bounded(shop, driver):
    order = ready(shop)
    round_ = give(shop, driver, order)
    now = timezone.now()
    long_ago, tomorrow = now - dt.timedelta(days=3), now + dt.timedelta(days=1)
    assert tap(shop, driver, "left", round_, now=now, made_at=long_ago).made_at == round_.opened_at >= order.ready_at
    round_.refresh_from_db()
    assert tap(shop, driver, "arrived", round_, order, now=now, made_at=tomorrow).made_at == now
    assert tap(shop, driver, "delivered", round_, order, now=now, made_at=long_ago, paid_by="cash").made_at == now


def test_what_the_counter_did_meanwhile_is_refused_in_words_and_becomes_a_case(shop, driver):
    order = ready(shop)
    other = ready(shop, 1)
    round_ = send_out(shop, driver, order, other)
    handling.cancel(shop=shop, order_id=order.pk, by=MANAGER, now=timezone.now(), reason="erreur")
    submission = uuid.uuid4()
    refused = tap(shop, driver, "delivered", round_, order, paid_by="cash", submission=submission)
    assert "Rapportée" in refused.refusal
    assert tap(shop, driver, "delivered", round_, order, paid_by="cash", submission=submission) == refused
    case = Case.objects.get(kind=Case.Kind.ROAD)
    assert case.order == order
    assert "Espèces" in case.words
    assert not Payment.objects.exists()
    check_invariants()


def test_a_delivery_not_paid_is_refused_without_a_case_and_may_be_done_again(shop, driver):
    order = ready(shop)
    round_ = send_out(shop, driver, order)
    assert "à payer" in tap(shop, driver, "delivered", round_, order).refusal
    assert not Case.objects.exists()
    assert tap(shop, driver, "delivered", round_, order, paid_by="card_terminal").refusal == ""


def test_nobody_acts_in_the_round_of_a_colleague(shop, driver, make_staff):
    order = ready(shop)
    round_ = send_out(shop, driver, order)
    with pytest.raises(performing.NotYourRound):
        tap(shop, make_staff(Role.DRIVER, shop), "delivered", round_, order, paid_by="cash")
    assert "déjà partie" in tap(shop, driver, "left", round_).refusal


def test_a_second_round_waits_for_the_end_of_the_first(shop, driver):
    first, second = ready(shop), ready(shop, 1)
    on_the_road = send_out(shop, driver, first)
    planned = give(shop, driver, second)
    assert "n’est pas finie" in tap(shop, driver, "left", planned).refusal
    tap(shop, driver, "returned", on_the_road, first)
    assert tap(shop, driver, "left", planned).refusal == ""
    first.refresh_from_db()
    assert (first.state, first.left_at, first.arrives_at) == (State.READY, None, None)
    check_invariants()


def together(shop, *calls):
    outcomes = [None] * len(calls)

    def run(place, call):
        try:
            with schema_context(shop.schema_name):
                outcomes[place] = call()
        except Exception as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


@pytest.fixture
def own_driver(own_shop):
    with schema_context("public"):
        user = User.objects.create_user(f"livreur@{own_shop.slug}.example", "mot-de-passe-long", name="Alix")
        Membership.objects.create(user=user, role=Role.DRIVER, pizzeria_id=own_shop.id)
    return user


def pay_ahead(shop, order) -> None:
    """So that the journal of the till, which every payment waits for, orders nothing in the race."""
    tender = Tender(Payment.Means.CHEQUE, uuid.uuid4())
    settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())


def race_of_the_last_two_doors(shop, driver) -> Round:
    """The driver delivers one door while the counter hands the other over."""
    first, last = ready(shop), ready(shop, 1)
    round_ = send_out(shop, driver, first, last)
    pay_ahead(shop, last)
    outcomes = together(
        shop,
        lambda: tap(shop, driver, "delivered", round_, first, paid_by="card_terminal"),
        lambda: handling.hand_over(shop=shop, order_id=last.pk, by=COUNTER, now=timezone.now()),
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    round_.refresh_from_db()
    return round_


def test_a_round_closes_whoever_takes_care_of_its_last_two_doors(own_shop, own_driver):
    for _ in range(3):
        assert race_of_the_last_two_doors(own_shop, own_driver).closed_at
    check_invariants()


def test_without_the_lock_of_the_shift_it_may_stay_open(own_shop, own_driver, monkeypatch):
    """Each sees the other's door still open, and neither closes the round."""
    first, last = ready(own_shop), ready(own_shop, 1)
    round_ = send_out(own_shop, own_driver, first, last)
    pay_ahead(own_shop, last)
    both = threading.Barrier(2)
    go_on = rounds.go_on

    def after_both(*what):
        both.wait(20)  # each has taken care of its door
        go_on(*what)
        both.wait(20)  # neither is done before the other has looked

    monkeypatch.setattr(rounds, "locked_shifts", lambda ids: dict.fromkeys(ids))
    monkeypatch.setattr(rounds, "lock_orders", lambda *what: None)
    monkeypatch.setattr(rounds, "expect", lambda *what: [])
    monkeypatch.setattr(rounds, "go_on", after_both)
    together(
        own_shop,
        lambda: tap(own_shop, own_driver, "delivered", round_, first, paid_by="card_terminal"),
        lambda: handling.hand_over(shop=own_shop, order_id=last.pk, by=COUNTER, now=timezone.now()),
    )
    round_.refresh_from_db()
    assert round_.closed_at is None
    assert not round_.stops.filter(state__in=Stop.OPEN).exists()


def test_a_tap_that_comes_many_times_at_once_is_one_act(own_shop, own_driver):
    order = ready(own_shop)
    round_ = send_out(own_shop, own_driver, order)
    submission = uuid.uuid4()
    outcomes = together(
        own_shop,
        *(lambda: tap(own_shop, own_driver, "delivered", round_, order, paid_by="cash", submission=submission),) * 5,
    )
    assert {outcome.refusal for outcome in outcomes} == {""}
    assert Payment.objects.count() == 1
    check_invariants()


def test_a_failure_says_why(shop, driver):
    order = ready(shop)
    round_ = send_out(shop, driver, order)
    tap(shop, driver, "failed", round_, order, reason=FailureReason.ABSENT, words="portail fermé")
    stop = Stop.objects.get()
    assert (stop.failure, stop.failure_words) == ("absent", "portail fermé")
    assert Case.objects.get().words == "Absent : portail fermé"
