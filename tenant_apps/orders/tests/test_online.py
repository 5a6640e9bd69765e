"""Paying online, against the stand-in over HTTP: what a customer, the kitchen and Stripe do, and what is true after."""

import datetime as dt

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from conftest import COOK, COUNTER, CUSTOMER, DRIVER, MANAGER, ask, check_invariants, place
from shared_apps.catalogue.models import ServiceMode
from shared_apps.gateway.models import FollowUp
from shared_apps.gateway.services import OnlinePaymentDown
from shared_apps.gateway.stripe_api import Unreachable
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Case, FailureReason, Order
from tenant_apps.orders.services import accepting, changing, failures, kitchen, online, road, settlement
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import OnlinePayment, Payment, Refund
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import StockLevel


def waiting(shop, *lines, **changes) -> Order:
    """An order that awaits its payment, with its page open."""
    order = place(shop, *(lines or [ask("margherita")]), pays_online=True, **changes)
    online.open_page(shop=shop, order_id=order.pk, now=order.placed_at)
    return order


def page_of(order) -> str:
    return order.online_payments.get(state__in=OnlinePayment.PENDING).url


def follow(shop, order, now=None) -> Order:
    online.follow(shop=shop, order_id=order.pk, now=now or timezone.now())
    return Order.objects.get(pk=order.pk)


def held(shop, stand_in, *lines, **changes) -> Order:
    """An order accepted by a card."""
    order = waiting(shop, *lines, **changes)
    stand_in.pay(page_of(order))
    return follow(shop, order)


def intent(stand_in) -> dict:
    (only,) = stand_in.objects("payment_intent")
    return only


def test_an_order_that_awaits_its_payment_holds_time_and_stock_and_is_in_nobodys_figures(shop, stand_in):
    order = waiting(shop)
    assert order.state == State.AWAITING_PAYMENT
    assert StockLevel.objects.get(ingredient__code="paton-classique").reserved == 1
    assert order.slot.taken == order.work
    check_invariants()


def test_paid_it_is_accepted_claimed_it_is_captured(shop, stand_in):
    order = held(shop, stand_in)
    assert (order.state, intent(stand_in)["status"]) == (State.ACCEPTED, "requires_capture")
    assert settlement.to_collect_cents(order) == 0
    assert not Payment.objects.exists()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    follow(shop, order)
    payment = Payment.objects.get()
    assert (payment.means, payment.amount_cents) == (Payment.Means.ONLINE_CARD, order.total_cents)
    assert intent(stand_in)["amount_received"] == order.total_cents
    check_invariants()


def test_the_same_page_is_opened_however_often_it_is_asked_for(shop, stand_in):
    order = waiting(shop)
    again = online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    assert again == page_of(order)
    assert len(stand_in.objects("checkout.session")) == 1


def test_a_cancelled_order_lets_its_sum_go(shop, stand_in):
    order = held(shop, stand_in)
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    follow(shop, order)
    assert (intent(stand_in)["status"], intent(stand_in)["amount_received"]) == ("canceled", 0)
    assert not FollowUp.objects.exists()
    check_invariants()


def test_an_order_changed_to_cost_less_is_captured_for_less(shop, stand_in):
    order = held(shop, stand_in, ask("margherita", 2))
    changing.change(shop=shop, order_id=order.pk, lines=[ask("margherita")], by=CUSTOMER, now=timezone.now())
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    order = follow(shop, order)
    assert (order.total_cents, intent(stand_in)["amount_received"]) == (990, 990)
    assert Payment.objects.get().amount_cents == 990
    check_invariants()


def test_an_order_changed_to_cost_more_is_paid_on_a_second_page_and_both_are_captured(shop, stand_in):
    order = held(shop, stand_in)
    changing.change(shop=shop, order_id=order.pk, lines=[ask("margherita", 3)], by=CUSTOMER, now=timezone.now())
    assert settlement.to_collect_cents(Order.objects.get()) == 1980
    page = online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    stand_in.pay(page)
    order = follow(shop, order)
    assert settlement.to_collect_cents(order) == 0
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    follow(shop, order)
    assert sorted(one["amount_received"] for one in stand_in.objects("payment_intent")) == [990, 1980]
    assert settlement.kept_cents(order) == order.total_cents
    check_invariants()


def test_a_difference_that_nobody_pays_online_is_paid_by_hand(shop, stand_in):
    order = held(shop, stand_in)
    changing.change(shop=shop, order_id=order.pk, lines=[ask("margherita", 2)], by=CUSTOMER, now=timezone.now())
    online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    follow(shop, order, timezone.now() + dt.timedelta(minutes=11))
    assert [one["status"] for one in stand_in.objects("checkout.session")] == ["complete", "expired"]
    assert Order.objects.get().state == State.ACCEPTED
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    order = follow(shop, order)
    assert settlement.to_collect_cents(order) == 990
    check_invariants()


def test_an_order_for_a_day_far_away_is_captured_at_once(shop, stand_in):
    ShopSettings.objects.update(days_ahead=14)
    order = held(shop, stand_in, wishes=far_away())
    assert (order.state, intent(stand_in)["status"]) == (State.ACCEPTED, "succeeded")
    changing.change(shop=shop, order_id=order.pk, lines=[ask("margherita")], by=CUSTOMER, now=timezone.now())
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    follow(shop, order)
    (charge,) = stand_in.objects("charge")
    assert charge["amount_refunded"] == charge["amount_captured"]
    assert Refund.objects.get().state == Refund.State.DONE
    check_invariants()


def far_away() -> Wishes:
    now = timezone.now()
    slots = shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now))
    far = next(slot for slot in slots if slot.window.start > now + dt.timedelta(days=5))
    return Wishes(ServiceMode.COLLECTION, starts_at=far.window.start)


def test_an_order_far_away_that_comes_to_cost_less_gives_the_difference_back(shop, stand_in):
    ShopSettings.objects.update(days_ahead=14)
    order = held(shop, stand_in, ask("margherita", 2), wishes=far_away())
    changing.change(shop=shop, order_id=order.pk, lines=[ask("margherita")], by=CUSTOMER, now=timezone.now())
    follow(shop, order)
    (charge,) = stand_in.objects("charge")
    assert (charge["amount_captured"], charge["amount_refunded"]) == (1980, 990)
    check_invariants()


def test_abandoned_it_frees_its_time_and_its_ingredients(shop, stand_in):
    order = waiting(shop)
    order = follow(shop, order, timezone.now() + dt.timedelta(minutes=11))
    assert (order.state, order.events.last().reason) == (State.CANCELLED, "not_paid")
    assert stand_in.objects("checkout.session")[0]["status"] == "expired"
    assert StockLevel.objects.get(ingredient__code="paton-classique").reserved == 0
    assert not FollowUp.objects.exists()
    check_invariants()


def test_an_order_whose_page_was_never_opened_is_given_up_too(shop, stand_in):
    order = place(shop, ask("margherita"), pays_online=True)
    order = follow(shop, order, timezone.now() + dt.timedelta(minutes=11))
    assert order.state == State.CANCELLED
    assert stand_in.calls() == []
    check_invariants()


def test_a_payment_that_comes_while_stripe_is_away_is_let_go_with_a_message(shop, stand_in):
    """The page could not be expired: the customer pays an order that is given up."""
    order = waiting(shop)
    page = page_of(order)
    stand_in.faults({"kind": "error", "times": 9})
    with pytest.raises(Unreachable):
        follow(shop, order, timezone.now() + dt.timedelta(minutes=11))
    assert Order.objects.get().state == State.CANCELLED
    stand_in.faults()
    stand_in.pay(page)
    follow(shop, order)
    assert (intent(stand_in)["status"], intent(stand_in)["amount_received"]) == ("canceled", 0)
    assert Case.objects.get().kind == Case.Kind.LATE_PAYMENT
    assert told("paid_late")
    check_invariants()


def told(kind: str) -> bool:
    return any(one.task["args"][2] == kind for one in OrmQ.objects.all() if "tell_customer" in one.task["func"])


def test_a_payment_seen_late_but_in_time_for_stripe_is_kept(shop, stand_in):
    """The customer paid in the last second: the page cannot be expired any more, the order is accepted."""
    order = waiting(shop)
    stand_in.pay(page_of(order))
    order = follow(shop, order, timezone.now() + dt.timedelta(minutes=11))
    assert order.state == State.ACCEPTED
    check_invariants()


def test_stripe_down_the_order_is_kept_and_may_be_paid_otherwise(shop, stand_in):
    order = place(shop, ask("margherita"), pays_online=True)
    stand_in.faults({"kind": "lost_request", "times": 1})
    with pytest.raises(OnlinePaymentDown):
        online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    before = len(stand_in.calls())
    with pytest.raises(OnlinePaymentDown):  # the breaker: nobody waits for Stripe a second time
        online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    assert len(stand_in.calls()) == before
    order = accepting.pay_on_receipt(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    assert order.state == State.ACCEPTED
    assert settlement.to_collect_cents(order) == order.total_cents
    follow(shop, order, timezone.now() + dt.timedelta(minutes=1))
    assert not FollowUp.objects.exists()
    check_invariants()


def test_an_answer_that_is_lost_is_found_again_by_its_key(shop, stand_in):
    order = place(shop, ask("margherita"), pays_online=True)
    stand_in.faults({"kind": "lost_answer", "match": "POST /v1/checkout"})
    with pytest.raises(OnlinePaymentDown):
        online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    page = online.open_page(shop=shop, order_id=order.pk, now=timezone.now() + dt.timedelta(minutes=1))
    assert len(stand_in.objects("checkout.session")) == 1
    stand_in.pay(page)
    assert follow(shop, order).state == State.ACCEPTED


def test_a_page_whose_answer_was_lost_and_that_is_paid_is_ours_at_the_next_look(shop, stand_in):
    order = place(shop, ask("margherita"), pays_online=True)
    stand_in.faults({"kind": "lost_answer", "times": 1, "match": "checkout"})
    with pytest.raises(OnlinePaymentDown):
        online.open_page(shop=shop, order_id=order.pk, now=order.placed_at)
    (session,) = stand_in.objects("checkout.session")
    stand_in.pay(session["url"])
    order = follow(shop, order)
    assert order.state == State.ACCEPTED
    assert order.online_payments.held_cents() == order.total_cents
    assert len(stand_in.objects("checkout.session")) == 1


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "error"])
@pytest.mark.parametrize("act", ["capture", "cancel", "refunds", "expire"])
def test_whatever_is_lost_the_next_look_ends_it_once(shop, stand_in, act, fault):
    order = waiting(shop) if act == "expire" else held(shop, stand_in)
    now = timezone.now()
    if act in ("capture", "refunds"):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    if act == "refunds":
        follow(shop, order)
    if act in ("cancel", "refunds", "expire"):
        changing.cancel(shop=shop, order_id=order.pk, by=MANAGER, now=now)
    stand_in.faults({"kind": fault, "match": f"POST /v1/{act}" if act == "refunds" else f"/{act}"})
    with pytest.raises(Unreachable):
        follow(shop, order)
    check_invariants()
    assert FollowUp.objects.filter(order_number=order.pk).exists()
    follow(shop, order)
    owed = Order.objects.get().owed_cents
    kept = sum(charge["amount_captured"] - charge["amount_refunded"] for charge in stand_in.objects("charge"))
    assert kept == owed == settlement.kept_cents(order)
    assert not FollowUp.objects.exists()
    check_invariants()


def test_a_capture_that_fails_leaves_the_ticket_cooking_and_its_sum_to_collect(shop, stand_in):
    order = held(shop, stand_in)
    stand_in.pull("clock", advance=8 * 24 * 3600)  # the hold lapsed
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    order = follow(shop, order)
    assert order.state == State.PREPARING
    assert Case.objects.get().kind == Case.Kind.TO_COLLECT
    assert settlement.to_collect_cents(order) == order.total_cents
    check_invariants()


@pytest.mark.parametrize("reached", ["ready", "failed"])
def test_what_was_not_captured_at_the_claim_is_captured_wherever_the_order_is_by_then(shop, stand_in, reached):
    """Cooked, or at a door that nobody opened: the kitchen has had it, so it is taken."""
    home = Contact("Camille", "+33612345678", "", "3 rue Nationale", "59000", "Lille", latitude=50.637, longitude=3.063)
    lines = [ask("margherita", 2)]
    order = held(shop, stand_in, *lines, wishes=Wishes(mode=ServiceMode.DELIVERY), contact=home)
    now = timezone.now()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    stand_in.faults({"kind": "error", "times": 9})
    with pytest.raises(Unreachable):
        follow(shop, order)
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
    if reached == "failed":
        road.leave(shop=shop, order_ids=[order.pk], by=DRIVER, now=now)
        why = {"reason": FailureReason.ABSENT, "words": ""}
        failures.fail(shop=shop, order_id=order.pk, by=DRIVER, now=now, **why)
    stand_in.faults()
    order = follow(shop, order)
    assert order.state == reached
    assert intent(stand_in)["amount_received"] == order.total_cents == Payment.objects.get().amount_cents
    check_invariants()


def test_a_refund_that_the_bank_sends_back_is_a_case_again(shop, stand_in):
    order = held(shop, stand_in)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    follow(shop, order)
    stand_in.pull("refunds", status="pending")
    changing.cancel(shop=shop, order_id=order.pk, by=MANAGER, now=timezone.now())
    follow(shop, order)
    assert Refund.objects.get().state == Refund.State.PENDING
    stand_in.pull("refunds", status="failed")
    follow(shop, order)
    assert Refund.objects.get().state == Refund.State.FAILED
    assert Case.objects.get(closed_at=None).kind == Case.Kind.MONEY_BACK
    check_invariants()


def test_an_undone_claim_waits_for_the_next_one(shop, stand_in):
    order = held(shop, stand_in)
    now = timezone.now()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    kitchen.undo_claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    follow(shop, order)
    assert intent(stand_in)["status"] == "requires_capture"


def test_an_order_is_handed_over_while_its_card_still_holds_the_sum(shop, stand_in):
    order = held(shop, stand_in)
    now = timezone.now()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
    settlement.hand_over(shop=shop, order_id=order.pk, by=COUNTER, now=now)
    check_invariants()
    follow(shop, order)
    assert settlement.kept_cents(order) == order.total_cents
    check_invariants()


def test_nobody_holds_a_time_for_ever_by_asking_for_the_page_again(shop, stand_in):
    order = waiting(shop)
    with pytest.raises(online.TooLateToPay):
        online.open_page(shop=shop, order_id=order.pk, now=timezone.now() + dt.timedelta(minutes=11))
