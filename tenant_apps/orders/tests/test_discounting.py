"""Off a whole order: codes used as often as they may be, discounts within the limit of the role, totals to the cent."""

import datetime as dt
import uuid
from collections import Counter
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from conftest import COOK, COUNTER, CUSTOMER, MANAGER, ask, check_invariants, place
from shared_apps.core.errors import RuleError
from tenant_apps.orders.lifecycle import MoveRefused
from tenant_apps.orders.models import Order
from tenant_apps.orders.pricing import BeyondLimit, WrongPrice
from tenant_apps.orders.services import changing, discounting, kitchen, refunding, settlement
from tenant_apps.orders.services.discounting import WrongDiscount
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.tests.test_races import together
from tenant_apps.orders.tests.test_refunding import given, line_of, refund
from tenant_apps.payments.models import Payment, ReversalLine
from tenant_apps.promotions import services as promotions
from tenant_apps.promotions.models import Voucher
from tenant_apps.promotions.services import NotValid
from tenant_apps.till.models import Entry
from tenants.backend.base import OWNER
from tenants.roles import acting_as


def code(shop, name="BIENVENUE", **changes) -> Voucher:
    today = timezone.localdate()
    values = {
        "code": name, "label": "Bienvenue", "percent": 10, "amount_cents": None, "minimum_cents": 0,
        "first_date": today, "last_date": today + dt.timedelta(days=30), "uses_limit": None, "user_id": None,
        "now": timezone.now(),
    } | changes  # fmt: skip
    return promotions.create(pizzeria_id=shop.id, **values)


def agree(shop, order, by=COUNTER, percent=None, cents=None, reason="attente", submission=None) -> Order:
    return discounting.agree(
        shop=shop, order_id=order.pk, percent=percent, sum_cents=cents, reason=reason,
        submission=submission or uuid.uuid4(), by=by, now=timezone.now(),
    )  # fmt: skip


def pay(shop, order, means=Payment.Means.CASH, cents=None):
    tender = Tender(means, uuid.uuid4(), cents)
    return settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())


def test_a_code_lowers_the_total_before_anything_is_paid(shop):
    voucher = code(shop)
    order = place(shop, ask("margherita", 3), voucher_code="bien venue")
    voucher.refresh_from_db()
    assert (order.items_cents, order.discount_cents, order.total_cents, voucher.uses) == (2970, 297, 2673, 1)
    pay(shop, order)
    sale = Entry.objects.get(kind=Entry.Kind.SALE)
    assert sale.turnover_cents == 2673
    assert sum(line["discount_cents"] for line in sale.content["lines"]) == 297
    check_invariants()


def test_a_sum_never_takes_off_more_than_the_items(shop):
    code(shop, percent=None, amount_cents=5000)
    order = place(shop, ask("margherita"), voucher_code="BIENVENUE", paid=Tender(Payment.Means.CASH, uuid.uuid4()))
    assert (order.discount_cents, order.total_cents) == (990, 0)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    settlement.hand_over(shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now())
    check_invariants()


@pytest.mark.parametrize(
    "changes",
    [
        {"first_date": timezone.localdate() + dt.timedelta(days=1)},
        {"first_date": dt.date(2020, 1, 1), "last_date": dt.date(2020, 2, 1)},
        {"minimum_cents": 1000},
    ],
)
def test_a_code_that_is_not_valid_places_nothing(shop, changes):
    code(shop, **changes)
    for name in ("BIENVENUE", "INCONNU"):
        with pytest.raises(NotValid):
            place(shop, ask("margherita"), voucher_code=name)
    assert not Order.objects.exists()
    check_invariants()


def test_a_withdrawn_code_is_used_no_more(shop):
    voucher = code(shop)
    promotions.withdraw(pizzeria_id=shop.id, voucher_id=voucher.pk, user_id=None, now=timezone.now())
    with pytest.raises(NotValid):
        place(shop, ask("margherita"), voucher_code="BIENVENUE")


def test_a_cancelled_order_gives_its_use_back(shop):
    code(shop, uses_limit=1)
    order = place(shop, ask("margherita"), voucher_code="BIENVENUE")
    with pytest.raises(NotValid):
        place(shop, ask("margherita"), voucher_code="BIENVENUE")
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    place(shop, ask("margherita"), voucher_code="BIENVENUE")
    check_invariants()


def test_a_change_follows_the_percentage_and_keeps_the_minimum(shop):
    code(shop, minimum_cents=1900)
    order = place(shop, ask("margherita", 2), voucher_code="BIENVENUE")
    changed = changing.change(
        shop=shop, order_id=order.pk, lines=[ask("margherita", 4)], by=CUSTOMER, now=timezone.now()
    )
    assert (changed.discount_cents, changed.total_cents) == (396, 3960 - 396)
    with pytest.raises(NotValid, match="19,00"):
        changing.change(shop=shop, order_id=order.pk, lines=[ask("margherita")], by=CUSTOMER, now=timezone.now())
    check_invariants()


def test_the_counter_agrees_to_a_discount_within_its_limit_and_the_manager_beyond(shop):
    order = place(shop, ask("margherita", 4))
    agree(shop, order, percent=10)
    with pytest.raises(BeyondLimit):
        agree(shop, order, percent=20)
    agree(shop, order, by=MANAGER, cents=1000, reason="anniversaire")
    order.refresh_from_db()
    assert (order.discount_cents, order.total_cents) == (396 + 1000, 3960 - 1396)
    with pytest.raises(MoveRefused):  # agreed for what it is: it is no longer changed
        changing.change(shop=shop, order_id=order.pk, lines=[ask("reine")], by=CUSTOMER, now=timezone.now())
    check_invariants()


def test_it_is_agreed_once_with_a_reason_by_the_shop_and_before_the_money(shop):
    order, submission = place(shop, ask("margherita", 2)), uuid.uuid4()
    for wrong in (
        {},
        {"percent": 10, "cents": 100},
        {"percent": 10, "reason": " "},
        {"percent": 101, "by": MANAGER},
        {"cents": 0},
    ):
        with pytest.raises(WrongDiscount):
            agree(shop, order, **wrong)
    with pytest.raises(MoveRefused):
        agree(shop, order, by=CUSTOMER, percent=10)
    for _ in range(3):
        agree(shop, order, cents=300, submission=submission)
    pay(shop, order, cents=1500)
    with pytest.raises(WrongPrice):
        agree(shop, order, cents=200)
    agree(shop, order, cents=180)  # nothing is left to pay: it is the sale
    order.refresh_from_db()
    assert (settlement.due_cents(order), Entry.objects.get(kind=Entry.Kind.SALE).turnover_cents) == (0, 1500)
    with pytest.raises(MoveRefused):
        agree(shop, order, by=MANAGER, cents=100)
    check_invariants()


def test_a_discounted_line_gives_back_what_was_paid_for_it(shop):
    code(shop, percent=33)
    order = place(shop, ask("margherita", 3), ask("reine"), voucher_code="BIENVENUE")
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    pay(shop, order, Payment.Means.CARD_TERMINAL)
    for position, pieces in ((0, 1), (0, 2), (1, 1)):
        refund(shop, order, lines={line_of(order, position): (pieces, ReversalLine.Fate.KEPT)})
    assert sum(cents for _means, cents in given(order)) == order.total_cents
    with pytest.raises(RuleError):
        refund(shop, order, gesture_cents=1)
    check_invariants()


def sell_with_the_last_use(shop) -> Counter:
    code(shop, uses_limit=2)
    buy = partial(place, shop, ask("margherita"), voucher_code="BIENVENUE")
    return Counter(type(one).__name__ for one in together(shop, *[buy] * 6))


def test_the_last_uses_of_a_code_have_that_many_winners(own_shop):
    assert sell_with_the_last_use(own_shop) == {"Order": 2, "NotValid": 4}
    check_invariants()


def test_without_the_guard_and_the_constraint_a_code_is_used_too_often(own_shop, monkeypatch):
    monkeypatch.setattr(promotions, "GUARD", "true")
    monkeypatch.setattr(promotions, "check", lambda *, code, items_cents, now: Voucher.objects.get())
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE promotions_voucher DROP CONSTRAINT a_voucher_is_never_used_beyond_its_limit")
    assert sell_with_the_last_use(own_shop) == {"Order": 6}


def test_what_a_cancelled_order_had_paid_is_given_back_whole(shop):
    code(shop)
    order = place(shop, ask("margherita"), voucher_code="BIENVENUE", paid=Tender(Payment.Means.CASH, uuid.uuid4()))
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    refunding.give_back(
        shop=shop, order_id=order.pk, reason="annulée", submission=uuid.uuid4(), by=COUNTER, now=timezone.now()
    )
    assert given(order) == [("cash", 891)]
    check_invariants()


def test_a_line_of_an_order_with_a_discount_gives_back_what_its_receipt_says(shop):
    """15 % off 11,90 € and 2,50 € leave half a cent on both lines: one of them gets it, the same everywhere."""
    code(shop, percent=15)
    order = place(shop, ask("reine"), ask("the-peche-33cl", size=None), voucher_code="BIENVENUE")
    pay(shop, order)
    sale = Entry.objects.get(kind=Entry.Kind.SALE)
    sold = [sum(part["cents"] for part in line["parts"]) for line in sale.content["lines"]]
    assert sold == [1011, 213]
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    refund(shop, order, lines={line_of(order): (1, ReversalLine.Fate.WASTED)})
    assert given(order) == [("cash", 1011)]
    back = Entry.objects.get(kind=Entry.Kind.REFUND)
    assert {row["rate"]: row["gross_cents"] for row in back.content["vat"]} == {1000: -1011}
    check_invariants()
