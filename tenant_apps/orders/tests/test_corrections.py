"""A receipt and then another order: the journal follows what was sold, by rate and by line, and never what nobody paid."""

import uuid
from collections import Counter

from django.utils import timezone

from conftest import COOK, COUNTER, CUSTOMER, MANAGER, ask, check_invariants, place
from shared_apps.accounts.models import Role
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services import changing, kitchen, online, refunding, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.refunding import Returned
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.tests.test_online import far_away, follow, held, page_of
from tenant_apps.payments.models import Payment, ReversalLine
from tenant_apps.shop.models import ShopSettings
from tenant_apps.till import queries as till
from tenant_apps.till.models import Entry

CASH = Payment.Means.CASH


def paid(shop, *lines):
    return place(shop, *lines, paid=Tender(CASH, uuid.uuid4()), by=COUNTER)


def change(shop, order, *lines):
    return changing.change(shop=shop, order_id=order.pk, lines=list(lines), by=CUSTOMER, now=timezone.now())


def take(shop, order, cents=None):
    tender = Tender(CASH, uuid.uuid4(), cents)
    return settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())


def give_back(shop, order):
    refunding.give_back(
        shop=shop, order_id=order.pk, reason="annulée", submission=uuid.uuid4(), by=MANAGER, now=timezone.now()
    )


def sealed(order, kind) -> list[Entry]:
    return list(Entry.objects.filter(order_number=order.number, kind=kind).order_by("number"))


def rates(entry) -> dict[int, int]:
    return {row["rate"]: row["gross_cents"] for row in entry.content["vat"]}


def test_more_is_sold_once_it_is_paid_and_not_before(shop):
    order = paid(shop, ask("margherita"))
    change(shop, order, ask("margherita", 3))
    take(shop, order, 500)
    assert sealed(order, "correction") == []
    assert till.standing(order_number=order.number).turnover_cents == 990
    take(shop, order)
    (correction,) = sealed(order, "correction")
    assert (correction.turnover_cents, correction.receipt_number, rates(correction)) == (1980, 1, {1000: 1980})
    assert correction.content["total_cents"] == 2970
    check_invariants()


def test_a_change_half_paid_then_cancelled_leaves_no_turnover(shop):
    order = paid(shop, ask("margherita"))
    change(shop, order, ask("margherita", 3))
    take(shop, order, 500)
    changing.cancel(shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now())
    give_back(shop, order)
    stands = till.standing(order_number=order.number)
    assert (stands.taken_cents, stands.turnover_cents, set(stands.by_rate.values())) == (0, 0, {0})
    check_invariants()


def test_an_old_page_that_pays_less_than_the_change_corrects_nothing(shop, stand_in):
    """Taken at once, the slot being far: a page for the first difference is paid after a second change."""
    ShopSettings.objects.update(days_ahead=14)
    order = held(shop, stand_in, wishes=far_away())
    change(shop, order, ask("margherita", 2))
    online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    page = page_of(order)
    change(shop, order, ask("margherita", 3))
    stand_in.pay(page)
    order = follow(shop, order)
    stands = till.standing(order_number=order.number)
    assert (stands.taken_cents, stands.turnover_cents) == (1980, 990)
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    follow(shop, order)
    stands = till.standing(order_number=order.number)
    assert (stands.taken_cents, stands.turnover_cents) == (0, 0)
    check_invariants()


def test_a_line_given_back_is_taxed_as_the_correction_says(shop):
    """Its place among the lines is not the one that it had on the receipt."""
    order = paid(shop, ask("reine"), ask("cola-33cl", size=None))
    change(shop, order, ask("cola-33cl", 2, size=None), ask("reine"))
    take(shop, order)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    reine = order.lines.get(position=1)
    returned = Returned("froide", {reine.pk: (1, ReversalLine.Fate.WASTED)})
    refunding.refund(
        shop=shop, order_id=order.pk, returned=returned, submission=uuid.uuid4(), by=MANAGER, now=timezone.now()
    )
    given_back = Counter()
    for entry in sealed(order, "refund"):  # one for each of the two payments
        given_back.update(rates(entry))
    assert given_back == {1000: -reine.unit_price_cents}
    check_invariants()


def test_a_line_given_back_without_a_change_is_taxed_as_the_receipt_says(shop):
    order = paid(shop, ask("reine"), ask("cola-33cl", 2, size=None))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    cola = order.lines.get(position=1)
    returned = Returned("tiède", {cola.pk: (1, ReversalLine.Fate.RETURNED)})
    refunding.refund(
        shop=shop, order_id=order.pk, returned=returned, submission=uuid.uuid4(), by=MANAGER, now=timezone.now()
    )
    (back,) = sealed(order, "refund")
    assert rates(back) == {550: -cola.unit_price_cents}


def test_another_pizza_for_the_same_price_is_on_the_receipt(shop):
    order = paid(shop, ask("quatre-saisons"))
    other = ask("quatre-fromages")
    change(shop, order, other)
    (correction,) = sealed(order, "correction")
    assert (correction.turnover_cents, correction.content["vat"]) == (0, [])
    (line,) = till.receipt(order_number=order.number).lines
    assert line.label == order.lines.get().label
    take_nothing_more(shop, order)
    assert len(sealed(order, "correction")) == 1
    check_invariants()


def take_nothing_more(shop, order):
    now = timezone.now()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
    settlement.hand_over(shop=shop, order_id=order.pk, by=COUNTER, now=now)


def test_a_card_given_back_names_who_asked_for_it_and_no_customer(shop, make_staff):
    """The bank answers later: who acted is who asked, not the worker that was told."""
    alix = make_staff(Role.COUNTER, shop)
    for by, named in (
        (By(Actor.COUNTER, alix.pk), ("Alix", "counter")),
        (By(Actor.CUSTOMER, alix.pk), ("", "customer")),
    ):
        order = place(shop, ask("margherita"), paid=Tender(Payment.Means.ONLINE_CARD, uuid.uuid4()))
        changing.cancel(shop=shop, order_id=order.pk, by=by, now=timezone.now())
        refunding.conclude(shop=shop, refund_id=order.refunds.get().pk, now=timezone.now())
        (back,) = sealed(order, "refund")
        assert (back.content["operator"], back.content["capacity"]) == named


def test_what_comes_for_a_cancelled_order_is_money_to_give_back_and_no_sale(shop):
    """Stripe took it all the same: nobody sells what was cancelled."""
    order = place(shop, ask("margherita"))
    order = changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    settlement.take_captured(shop=shop, order=order, amount_cents=990, submission=uuid.uuid4(), now=timezone.now())
    assert [entry.kind for entry in Entry.objects.filter(order_number=order.number)] == ["payment"]
    give_back(shop, order)
    refunding.conclude(shop=shop, refund_id=order.refunds.get().pk, now=timezone.now())
    (back,) = sealed(order, "refund")
    assert (back.turnover_cents, back.taken_cents, back.content["vat"]) == (0, -990, [])
