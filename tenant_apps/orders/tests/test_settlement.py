"""Taking money: each means has its rule, and together they sum to the total, to the cent."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COUNTER, DRIVER, ask, check_invariants, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import Product, ServiceMode, VatClass
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services import settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import (
    NoLegalData,
    NotEligible,
    Tender,
    TooMuchCash,
    WrongAmount,
    WrongChange,
)
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.orders.tests.test_discounting import code
from tenant_apps.payments.models import CreditNote, Payment, Tip
from tenant_apps.payments.services import credit_notes
from tenant_apps.payments.services.credit_notes import NoteOver, UnknownNote
from tenant_apps.shop.models import ShopSettings

Means = Payment.Means


def take(shop, order, means, cents=None, by=COUNTER, **changes):
    tender = Tender(means, changes.pop("submission", uuid.uuid4()), cents, **changes)
    return settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=by, now=timezone.now())


def note(cents: int = 1000, now: dt.datetime | None = None) -> CreditNote:
    return credit_notes.issue(
        amount_cents=cents, reason="geste", issued_by_id=None, submission=uuid.uuid4(), now=now or timezone.now()
    )


def test_any_mix_sums_to_the_total(shop):
    order, credit = place(shop, ask("margherita", 4)), note(500)
    take(shop, order, Means.MEAL_VOUCHER_CARD, 1100)
    take(shop, order, Means.MEAL_VOUCHER_PAPER, 900)
    take(shop, order, Means.CREDIT_NOTE, 500, credit_code=credit.code)
    take(shop, order, Means.CHEQUE, 460)
    take(shop, order, Means.CARD_TERMINAL, 1)
    assert settlement.due_cents(order) == 999
    take(shop, order, Means.CASH, tendered_cents=2000)
    assert settlement.due_cents(order) == 0
    assert sum(payment.amount_cents for payment in Payment.objects.all()) == order.total_cents == 3960
    with pytest.raises(WrongAmount):
        take(shop, order, Means.CASH, 1)
    check_invariants()


def test_a_shop_that_lost_its_legal_data_takes_no_money(shop):
    """Its receipt would not say who sells."""
    order = place(shop)
    with pytest.raises(NoLegalData):
        take(replace(shop, has_legal_data=False), order, Means.CASH)
    assert settlement.due_cents(order) == order.total_cents


def test_change_is_what_cash_leaves_of_the_sum_and_the_tip(shop, make_staff):
    order, alix = place(shop, ask("margherita")), make_staff(Role.COUNTER, shop)
    take(shop, order, Means.CASH, tendered_cents=2000, tip_cents=110, by=By(Actor.COUNTER, alix.pk))
    payment, tip = Payment.objects.get(), Tip.objects.get()
    assert (payment.amount_cents, payment.tendered_cents, payment.change_cents) == (990, 2000, 900)
    assert (tip.amount_cents, tip.received_by) == (110, alix)
    check_invariants()  # the tip is in no figure


def test_change_and_tips_only_where_they_can_be(shop):
    order = place(shop, ask("margherita"))
    for means, changes in (
        (Means.CASH, {"tendered_cents": 989}),
        (Means.CASH, {"tendered_cents": 1000, "tip_cents": 11}),
        (Means.CARD_TERMINAL, {"tendered_cents": 2000}),
        (Means.MEAL_VOUCHER_PAPER, {"tendered_cents": 1000}),
        (Means.CHEQUE, {"tip_cents": 100}),
    ):
        with pytest.raises(WrongChange):
            take(shop, order, means, **changes)
    assert not Payment.objects.exists()


def test_more_than_a_thousand_euros_of_cash_is_refused_over_the_whole_order(shop):
    ShopSettings.objects.update(oven_places=400)
    order = place(shop, ask("margherita", 120))
    take(shop, order, Means.CASH, 60_000)
    with pytest.raises(TooMuchCash):
        take(shop, order, Means.CASH, 40_001)
    take(shop, order, Means.CASH, 40_000)
    take(shop, order, Means.CARD_TERMINAL)


ADULT = Wishes(ServiceMode.COLLECTION, is_adult=True)


def sells_alcohol() -> None:
    ShopSettings.objects.update(sells_alcohol=True, alcohol_from=dt.time(0), alcohol_until=dt.time.max)


def test_meal_vouchers_pay_neither_alcohol_nor_more_than_the_food(shop):
    with schema_context("public"):  # the card is the group's
        Product.objects.filter(code="cola-33cl").update(vat_class=VatClass.ALCOHOL)
    sells_alcohol()
    order = place(shop, ask("margherita", 2), ask("cola-33cl", size=None), wishes=ADULT)
    with pytest.raises(NotEligible, match="19,80"):
        take(shop, order, Means.MEAL_VOUCHER_CARD, 1981)
    take(shop, order, Means.MEAL_VOUCHER_CARD, 1000)
    with pytest.raises(NotEligible, match="9,80"):  # card and paper together
        take(shop, order, Means.MEAL_VOUCHER_PAPER, 981)
    take(shop, order, Means.MEAL_VOUCHER_PAPER, 980)
    take(shop, order, Means.CASH)
    check_invariants()


def test_meal_vouchers_pay_the_food_as_the_receipt_says_it_after_a_discount(shop):
    with schema_context("public"):
        Product.objects.filter(code="the-peche-33cl").update(vat_class=VatClass.ALCOHOL)
    sells_alcohol()
    code(shop, percent=15)
    order = place(shop, ask("reine"), ask("the-peche-33cl", size=None), wishes=ADULT, voucher_code="BIENVENUE")
    with pytest.raises(NotEligible, match="10,11"):
        take(shop, order, Means.MEAL_VOUCHER_CARD, 1012)


def test_more_than_25_euros_of_vouchers_is_not_refused(shop):
    order = place(shop, ask("margherita", 4))
    take(shop, order, Means.MEAL_VOUCHER_CARD, 3000)
    assert settlement.due_cents(order) == 960


def test_a_credit_note_pays_what_is_left_on_it_and_nothing_after_its_day(shop):
    order, credit = place(shop, ask("margherita", 2)), note(1500)
    take(shop, order, Means.CREDIT_NOTE, 600, credit_code=credit.code.lower().replace("-", " "))
    credit.refresh_from_db()
    assert credit.balance_cents == 900
    with pytest.raises(NoteOver, match="9,00"):
        take(shop, order, Means.CREDIT_NOTE, 901, credit_code=credit.code)
    old = note(now=timezone.now() - dt.timedelta(days=400))
    with pytest.raises(NoteOver):
        take(shop, order, Means.CREDIT_NOTE, 100, credit_code=old.code)
    with pytest.raises(UnknownNote):
        take(shop, order, Means.CREDIT_NOTE, 100, credit_code="AAAA-BBBB-CCCC")


def test_an_act_sent_again_takes_nothing_more(shop):
    order, credit, submission = place(shop, ask("margherita", 2)), note(), uuid.uuid4()
    for _ in range(3):
        take(shop, order, Means.CREDIT_NOTE, 300, credit_code=credit.code, submission=submission)
    credit.refresh_from_db()
    assert (Payment.objects.count(), credit.balance_cents) == (1, 700)


def test_a_driver_takes_the_same_at_the_door(shop):
    order = place(shop, ask("margherita"))
    take(shop, order, Means.CASH, tendered_cents=1000, by=DRIVER)
    assert Payment.objects.get().change_cents == 10
