"""Giving money back: by line, to the same means, never above what was taken, the stock and the figures with it."""

import uuid

import pytest
from django.core import mail
from django.db.models import Sum
from django.utils import timezone

from conftest import COOK, COUNTER, CUSTOMER, DRIVER, MANAGER, ask, check_invariants, place
from shared_apps.messages.models import Message
from shared_apps.sales.models import HourlySales
from tenant_apps.orders import tasks
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.models import Case
from tenant_apps.orders.services import cases, changing, kitchen, refunding, settlement
from tenant_apps.orders.services.refunding import (
    BeyondRefundLimit,
    CannotBeRefunded,
    CookedIsWasted,
    NothingToRefund,
    Returned,
)
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import CreditNote, Payment, Refund, ReversalLine
from tenant_apps.payments.services.refunds import MoreThanTaken
from tenant_apps.stock.models import Movement, StockLevel

Means, Fate = Payment.Means, ReversalLine.Fate


def sold(shop, *lines, means=((Means.CASH, None),), **changes):
    """Cooked, paid by these means and handed over."""
    order, now = place(shop, *lines, **changes), timezone.now()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
    pay(shop, order, *means)
    return settlement.hand_over(shop=shop, order_id=order.pk, by=COUNTER, now=now)


def pay(shop, order, *means):
    for one, cents in means:
        tender = Tender(one, uuid.uuid4(), cents)
        settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())


def refund(shop, order, by=MANAGER, submission=None, reason="froide", **returned):
    return refunding.refund(
        shop=shop, order_id=order.pk, returned=Returned(reason, **returned), submission=submission or uuid.uuid4(),
        by=by, now=timezone.now(),
    )  # fmt: skip


def line_of(order, position=0) -> int:
    return order.lines.all()[position].pk


def given(order) -> list[tuple[str, int]]:
    return list(order.refunds.values_list("means", "amount_cents"))


def turnover(shop) -> int:
    return HourlySales.objects.filter(pizzeria_id=shop.id).aggregate(sum=Sum("turnover_cents"))["sum"]


def on_hand(code: str):
    return StockLevel.objects.get(ingredient__code=code).on_hand


@pytest.mark.parametrize("returned", [{"lines": True}, {"gesture_cents": 100}])
def test_an_order_that_is_paid_back_in_part_is_cancelled_and_not_changed(shop, returned):
    """Paid, claimed, a piece given back; the claim undone, the customer changes it: what was given back names its lines."""
    order, now = place(shop, ask("reine", 2)), timezone.now()
    pay(shop, order, (Means.CASH, None))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    if "lines" in returned:
        returned = {"lines": {line_of(order): (1, Fate.WASTED)}}
    refund(shop, order, **returned)
    kitchen.undo_claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    with pytest.raises(MoveRefused, match="remboursée"):
        changing.change(shop=shop, order_id=order.pk, lines=[ask("reine")], by=CUSTOMER, now=now)
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=now)
    refunding.give_back(shop=shop, order_id=order.pk, reason="annulée", submission=uuid.uuid4(), by=MANAGER, now=now)
    assert sum(cents for _means, cents in given(order)) == 2380
    check_invariants()


def test_a_line_is_paid_back_to_its_means_and_leaves_the_figures(shop):
    order = sold(shop, ask("margherita", 2), ask("reine"), means=[(Means.CARD_TERMINAL, None)])
    refund(shop, order, lines={line_of(order): (1, Fate.WASTED)})
    order.refresh_from_db()
    assert given(order) == [("card_terminal", 990)]
    assert (order.owed_cents, settlement.due_cents(order)) == (order.total_cents - 990, 0)
    assert turnover(shop) == order.total_cents - 990
    assert order.events.last().reason == "froide"
    check_invariants()


def test_all_of_it_goes_back_over_every_means_that_paid(shop):
    order = sold(shop, ask("margherita", 3), means=[(Means.MEAL_VOUCHER_CARD, 1000), (Means.CASH, None)])
    refund(shop, order, lines={line_of(order): (3, Fate.WASTED)})
    assert sorted(given(order)) == [("cash", 1970), ("voucher_card", 1000)]
    assert turnover(shop) == 0
    with pytest.raises(NothingToRefund):
        refund(shop, order, lines={line_of(order): (1, Fate.WASTED)})
    with pytest.raises(NothingToRefund):
        refund(shop, order, gesture_cents=1)
    check_invariants()


def test_the_means_asked_for_goes_first_and_gives_no_more_than_it_took(shop):
    order = sold(shop, ask("margherita", 2), means=[(Means.CARD_TERMINAL, 500), (Means.CASH, None)])
    refund(shop, order, lines={line_of(order): (1, Fate.KEPT)}, means=Means.CARD_TERMINAL)
    assert given(order) == [("card_terminal", 500), ("cash", 490)]
    check_invariants()


def test_the_customer_may_have_a_credit_note_instead(shop):
    order = sold(shop, ask("margherita", 2))
    refund(shop, order, lines={line_of(order): (2, Fate.KEPT)}, means=Means.CREDIT_NOTE)
    note = CreditNote.objects.get()
    assert (given(order), note.balance_cents) == ([("credit_note", 1980)], 1980)
    again = place(shop, ask("margherita"))
    tender = Tender(Means.CREDIT_NOTE, uuid.uuid4(), credit_code=note.code)
    settlement.take_payment(shop=shop, order_id=again.pk, tender=tender, by=COUNTER, now=timezone.now())
    note.refresh_from_db()
    assert note.balance_cents == 990
    check_invariants()


def test_what_a_note_paid_comes_back_onto_it(shop):
    first = sold(shop, ask("margherita", 2))
    refund(shop, first, lines={line_of(first): (2, Fate.KEPT)}, means=Means.CREDIT_NOTE)
    note, order = CreditNote.objects.get(), place(shop, ask("margherita"))
    tender = Tender(Means.CREDIT_NOTE, uuid.uuid4(), credit_code=note.code)
    settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())
    changing.cancel(shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now())
    refunding.give_back(
        shop=shop, order_id=order.pk, reason="annulée", submission=uuid.uuid4(), by=COUNTER, now=timezone.now()
    )
    note.refresh_from_db()
    assert (CreditNote.objects.count(), note.balance_cents) == (1, 1980)
    check_invariants()


def test_a_returned_drink_is_on_the_shelf_again_and_a_pizza_is_waste(shop):
    before, dough = on_hand("cola-33cl"), on_hand("paton-classique")
    order = sold(shop, ask("margherita"), ask("cola-33cl", 2, size=None))
    refund(shop, order, lines={line_of(order): (1, Fate.WASTED), line_of(order, 1): (2, Fate.RETURNED)})
    assert on_hand("cola-33cl") == before
    assert on_hand("paton-classique") == dough - 1
    wasted = Movement.objects.filter(order=order, reason=Movement.Reason.WASTE)
    assert wasted.get(ingredient__code="paton-classique").delta == -1
    check_invariants()


def test_what_the_kitchen_made_never_goes_back_in_stock(shop):
    order = sold(shop, ask("margherita"))
    with pytest.raises(CookedIsWasted):
        refund(shop, order, lines={line_of(order): (1, Fate.RETURNED)})


def test_the_parts_of_a_line_sum_to_what_was_paid_for_it(shop):
    order = sold(shop, ask("margherita", 3))
    for _ in range(3):
        refund(shop, order, lines={line_of(order): (1, Fate.KEPT)})
    assert sum(cents for _means, cents in given(order)) == order.total_cents
    check_invariants()


def test_the_counter_gives_back_up_to_its_limit_over_the_whole_order_and_nobody_else(shop):
    order = sold(shop, ask("margherita", 4))
    refund(shop, order, by=COUNTER, lines={line_of(order): (2, Fate.KEPT)})
    with pytest.raises(BeyondRefundLimit):
        refund(shop, order, by=COUNTER, lines={line_of(order): (1, Fate.KEPT)})
    for nobody in (CUSTOMER, COOK, DRIVER):
        with pytest.raises(CannotBeRefunded):
            refund(shop, order, by=nobody, lines={line_of(order): (1, Fate.KEPT)})
    refund(shop, order, by=MANAGER, lines={line_of(order): (1, Fate.KEPT)})


def test_a_reason_some_pieces_and_a_paid_order_are_asked_for(shop):
    order = sold(shop, ask("margherita"))
    for wrong in (
        {"reason": "  ", "gesture_cents": 100},
        {},
        {"lines": {line_of(order): (2, Fate.KEPT)}},
        {"lines": {0: (1, Fate.KEPT)}},
    ):
        with pytest.raises(NothingToRefund):
            refund(shop, order, **wrong)
    waiting = place(shop, ask("margherita"))
    with pytest.raises(CannotBeRefunded):
        refund(shop, waiting, gesture_cents=100)
    kitchen.claim(shop=shop, order_id=waiting.pk, by=COOK, now=timezone.now())
    with pytest.raises(CannotBeRefunded):
        refund(shop, waiting, gesture_cents=100)


def test_an_act_sent_again_gives_nothing_more(shop):
    order, submission = sold(shop, ask("margherita", 2)), uuid.uuid4()
    for _ in range(3):
        refund(shop, order, submission=submission, lines={line_of(order): (1, Fate.KEPT)})
    assert given(order) == [("cash", 990)]


def test_cancelling_what_is_paid_is_a_case_until_the_money_is_back(shop):
    order = place(shop, ask("margherita", 2), paid=Tender(Means.CASH, uuid.uuid4()))
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    case = Case.objects.get(kind=Case.Kind.MONEY_BACK, closed_at=None)
    check_invariants()
    with pytest.raises(cases.StillToGiveBack):
        cases.close(case_id=case.pk, user_id=None, resolution="réglé", now=timezone.now())
    submission = uuid.uuid4()
    for _ in range(2):
        refunding.give_back(
            shop=shop, order_id=order.pk, reason="annulée", submission=submission, by=COUNTER, now=timezone.now()
        )
    case.refresh_from_db()
    assert (given(order), case.closed_at is None, turnover(shop)) == ([("cash", 1980)], False, 0)
    check_invariants()


def test_a_change_that_costs_less_than_was_paid_is_a_case(shop):
    order = place(shop, ask("margherita", 2), paid=Tender(Means.CARD_TERMINAL, uuid.uuid4()))
    changing.change(shop=shop, order_id=order.pk, lines=[ask("margherita")], by=CUSTOMER, now=timezone.now())
    assert Case.objects.filter(kind=Case.Kind.MONEY_BACK, closed_at=None).count() == 1
    refunding.give_back(
        shop=shop, order_id=order.pk, reason="changée", submission=uuid.uuid4(), by=COUNTER, now=timezone.now()
    )
    assert given(order) == [("card_terminal", 990)]
    check_invariants()


def test_an_online_card_is_paid_back_by_itself_pending_until_the_bank_has_it(shop):
    order = place(shop, ask("margherita"), paid=Tender(Means.ONLINE_CARD, uuid.uuid4()))
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    pending = Refund.objects.get()
    assert (pending.state, pending.amount_cents, Case.objects.count()) == (Refund.State.PENDING, 990, 0)
    for _ in range(2):
        refunding.conclude(shop=shop, refund_id=pending.pk, now=timezone.now())
    pending.refresh_from_db()
    assert pending.state == Refund.State.DONE
    check_invariants()


def test_a_refund_that_the_bank_refuses_is_a_case_and_counts_no_more(shop):
    order = place(shop, ask("margherita"), paid=Tender(Means.ONLINE_CARD, uuid.uuid4()))
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    for _ in range(2):
        refunding.conclude(shop=shop, refund_id=Refund.objects.get().pk, failure="carte close", now=timezone.now())
    assert (settlement.kept_cents(order), turnover(shop)) == (990, 990)  # sealed as it was: nothing went back
    assert Case.objects.get(closed_at=None).kind == Case.Kind.MONEY_BACK
    check_invariants()


def test_the_customer_is_told_what_came_back(shop):
    order = sold(shop, ask("margherita", 2))
    refund(shop, order, lines={line_of(order): (1, Fate.KEPT)})
    tasks.tell_customer(shop.id, order.pk, Message.Kind.REFUNDED.value, 1)
    letter = mail.outbox[-1]
    assert "remboursée" in letter.subject
    assert "9,90\u00a0€" in letter.body
    assert "Espèces" in letter.body


def test_more_than_was_taken_never_goes_back(shop):
    order = sold(shop, ask("margherita"))
    payment = Payment.objects.get()
    assert order.state == State.HANDED_OVER
    with pytest.raises(MoreThanTaken):
        settlement.pay_back(
            shop=shop, order=order, amount_cents=991,
            by=MANAGER, act=refunding.Act("trop", None, uuid.uuid4(), timezone.now()),
        )  # fmt: skip
    payment.refresh_from_db()
    assert payment.refunded_cents == 0


def test_the_customer_reads_what_came_back_on_the_page_of_the_order(shop, visit):
    order = sold(shop, ask("margherita", 2), means=[(Means.CARD_TERMINAL, None)])
    refund(shop, order, lines={line_of(order): (1, Fate.KEPT)})
    page = visit(shop).get(f"/commande/{order.reference}/").content.decode().replace("\u00a0", " ")
    assert "Carte bancaire, remboursé" in page
