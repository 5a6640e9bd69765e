"""What follows a delivery that nobody took: money and stock are settled in one act, with its event."""

import uuid
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from conftest import COOK, COUNTER, MANAGER, ask, check_invariants
from shared_apps.accounts.models import Role
from tenant_apps.delivery.tests.doors import ready, send_out, tap
from tenant_apps.orders import queries, tasks
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.models import Case, FailureReason, Order
from tenant_apps.orders.services import cases, changing, failures, kitchen, settlement, telling
from tenant_apps.orders.services.failures import FollowUp
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment, Refund
from tenant_apps.stock.models import Movement, StockLevel


@pytest.fixture
def driver(shop, make_staff):
    return make_staff(Role.DRIVER, shop)


@pytest.fixture
def at_once(monkeypatch):
    """Letters are written where they are deferred."""
    monkeypatch.setattr(telling, "async_task", lambda path, *what: getattr(tasks, path.rpartition(".")[2])(*what))


def failed(shop, driver, *, paid: bool = False, reason=FailureReason.ABSENT, lines=()) -> Order:
    order = ready(shop, 0, *lines)
    if paid:
        tender = Tender(Payment.Means.CARD_TERMINAL, uuid.uuid4())
        settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())
    round_ = send_out(shop, driver, order)
    assert tap(shop, driver, "failed", round_, order, reason=reason).refusal == ""
    order.refresh_from_db()
    assert order.state == State.FAILED
    check_invariants()
    return order


def give_up(shop, order, follow_up, drinks_back=True, submission=None):
    return failures.give_up(
        shop=shop, order_id=order.pk, follow_up=follow_up, drinks_back=drinks_back,
        submission=submission or uuid.uuid4(), by=MANAGER, now=timezone.now(),
    )  # fmt: skip


def test_it_is_delivered_again_and_the_customer_is_told_when(shop, driver, at_once):
    order = failed(shop, driver)
    assert "n’a pas pu vous remettre" in mail.outbox[-1].body
    failures.deliver_again(shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now())
    order.refresh_from_db()
    assert (order.state, order.left_at) == (State.READY, None)
    assert order.estimated_until_at > timezone.now()
    assert "Nous revenons avec votre commande" in mail.outbox[-1].body
    assert Case.objects.get().resolution == "Livrer à nouveau"
    round_ = send_out(shop, driver, order)
    tap(shop, driver, "delivered", round_, order, paid_by="cash")
    assert Payment.objects.get().amount_cents == order.total_cents
    check_invariants()


def test_it_is_made_again_and_paid_once_when_the_second_is_delivered(shop, driver):
    order = failed(shop, driver, reason=FailureReason.DAMAGED)
    submission = uuid.uuid4()
    remakes = {
        failures.make_again(
            shop=shop, order_id=order.pk, drinks_back=True, submission=submission, by=COUNTER, now=timezone.now()
        )
        for _ in range(2)
    }
    (remake,) = remakes
    assert (remake.total_cents, remake.remake_reason) == (0, "damaged")
    check_invariants()
    kitchen.claim(shop=shop, order_id=remake.pk, by=COOK, now=timezone.now())
    kitchen.mark_ready(shop=shop, order_id=remake.pk, by=COOK, now=timezone.now())
    assert queries.handled(remake.pk).due_cents == order.total_cents
    round_ = send_out(shop, driver, remake)
    assert "à payer" in tap(shop, driver, "delivered", round_, remake).refusal
    assert tap(shop, driver, "delivered", round_, remake, paid_by="cash").refusal == ""
    order.refresh_from_db()
    assert order.state == State.HANDED_OVER
    assert Payment.objects.get().order == order
    check_invariants()


def test_a_remake_that_is_cancelled_brings_the_question_back(shop, driver):
    order = failed(shop, driver)
    remake = failures.make_again(
        shop=shop, order_id=order.pk, drinks_back=True, submission=uuid.uuid4(), by=COUNTER, now=timezone.now()
    )
    assert not Case.objects.filter(closed_at=None).exists()
    changing.cancel(shop=shop, order_id=remake.pk, by=COUNTER, now=timezone.now())
    assert Case.objects.get(closed_at=None).order == order
    check_invariants()


def test_what_was_paid_is_given_back_by_the_same_means_and_what_was_cooked_is_waste(shop, driver):
    order = failed(shop, driver, paid=True, lines=[ask("margherita", 2), ask("cola-33cl", size=None)])
    before = dict(StockLevel.objects.values_list("ingredient__code", "on_hand"))
    submission = uuid.uuid4()
    for _ in range(2):
        give_up(shop, order, FollowUp.REFUND, submission=submission)
    order.refresh_from_db()
    assert order.state == State.CANCELLED
    refund = Refund.objects.get()
    assert (refund.means, refund.amount_cents) == ("card_terminal", order.total_cents)
    after = dict(StockLevel.objects.values_list("ingredient__code", "on_hand"))
    gained = {code: after[code] - before[code] for code in after if after[code] != before[code]}
    assert list(gained.values()) == [Decimal(1)]  # the closed can, and nothing that was cooked
    assert Movement.objects.filter(order=order, reason=Movement.Reason.WASTE).exists()
    assert not Case.objects.filter(closed_at=None).exists()
    check_invariants()


def test_what_was_not_paid_is_written_off_and_what_was_paid_is_not(shop, driver):
    unpaid, paid = failed(shop, driver), failed(shop, driver, paid=True)
    with pytest.raises(failures.NothingToRefund):
        give_up(shop, unpaid, FollowUp.REFUND)
    with pytest.raises(failures.StillPaid):
        give_up(shop, paid, FollowUp.LOSS)
    with pytest.raises(MoveRefused):
        failures.give_up(
            shop=shop, order_id=unpaid.pk, follow_up=FollowUp.LOSS, drinks_back=False, submission=uuid.uuid4(),
            by=COUNTER, now=timezone.now(),
        )  # fmt: skip
    give_up(shop, unpaid, FollowUp.LOSS)
    unpaid.refresh_from_db()
    assert unpaid.state == State.CANCELLED
    assert unpaid.events.filter(reason="loss").exists()
    check_invariants()


def test_words_alone_do_not_close_it(shop, driver, make_staff):
    failed(shop, driver)
    with pytest.raises(cases.DecideFirst):
        cases.close(
            case_id=Case.objects.get().pk,
            user_id=make_staff(Role.MANAGER, shop).pk,
            resolution="vu",
            now=timezone.now(),
        )
    check_invariants()


def test_the_customer_who_comes_to_collect_it_has_it_in_the_end(shop, driver):
    order = failed(shop, driver)
    tender = Tender(Payment.Means.CASH, uuid.uuid4())
    settlement.hand_over(shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now(), tender=tender)
    assert Case.objects.get().closed_at
    check_invariants()
