import uuid

import pytest
from django.core.management import call_command
from django.utils import timezone

from conftest import COOK, COUNTER, CUSTOMER, MANAGER, ask, place
from shared_apps.sales.models import HourlySales, OrderSummary, ProductSales
from tenant_apps.orders import queries
from tenant_apps.orders.models import Case, RemakeReason
from tenant_apps.orders.services import changing, kitchen, remaking, settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.shop.models import Slot
from tenant_apps.stock.models import StockLevel


@pytest.fixture
def made(shop):
    order = place(shop, ask("reine", 2), ask("margherita"))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    settlement.hand_over(
        shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now(), tender=Tender(Payment.Means.CASH, uuid.uuid4())
    )
    return order


def remake(shop, order, pieces=(1,), **changes):
    lines = [line.pk for line in order.lines.all()]
    values = {
        "shop": shop,
        "order_id": order.pk,
        "submission": uuid.uuid4(),
        "quantities": dict(zip(lines, pieces, strict=False)),
        "reason": RemakeReason.BURNT,
        "words": "tombée",
        "by": COUNTER,
        "now": timezone.now(),
    }
    return remaking.remake(**(values | changes))


def figures():
    hours = HourlySales.objects.values_list("day", "hour", "channel", "mode", "orders", "ordered_cents", "taken_cents")
    return (
        OrderSummary.objects.count(),
        sorted(hours),
        sorted(ProductSales.objects.values_list("product_id", "quantity_hundredths")),
    )


def dough():
    return StockLevel.objects.get(ingredient__code="paton-classique")


def test_a_remake_uses_stock_and_sells_nothing(shop, made):
    before, had = figures(), dough()
    again = remake(shop, made)
    assert (again.total_cents, again.remakes, again.lines.get().quantity) == (0, made, 1)
    assert dough().reserved == had.reserved + 1
    kitchen.claim(shop=shop, order_id=again.pk, by=COOK, now=timezone.now())
    kitchen.mark_ready(shop=shop, order_id=again.pk, by=COOK, now=timezone.now())
    settlement.hand_over(shop=shop, order_id=again.pk, by=COUNTER, now=timezone.now())
    assert (dough().on_hand, dough().reserved) == (had.on_hand - 1, had.reserved)
    assert figures() == before
    call_command("check_invariants", shop.slug)
    call_command("rebuild_sales", shop.slug)
    assert figures()[0] == before[0]
    call_command("check_invariants", shop.slug)


def test_a_remake_goes_first_in_the_kitchen(shop, made):
    waiting = place(shop, ask("reine"))
    again = remake(shop, made)
    assert [ticket.order for ticket in queries.board(shop_queries.settings(), timezone.now())] == [again, waiting]


def test_a_full_slot_does_not_refuse_a_remake(shop, made):
    from_now = place(shop, ask("reine", 5)).slot
    free = from_now.capacity - Slot.objects.get(pk=from_now.pk).taken
    shop_services.change_slot_work(slot_id=from_now.pk, delta=free)
    assert remake(shop, made).work == 0
    shop_services.change_slot_work(slot_id=from_now.pk, delta=-free)
    call_command("check_invariants", shop.slug)


def test_the_same_submission_makes_it_again_once(shop, made):
    submission = uuid.uuid4()
    assert remake(shop, made, submission=submission) == remake(shop, made, submission=submission)
    assert made.remade_by.count() == 1


@pytest.mark.parametrize("pieces", [(3,), (0,), (), (-1,)])
def test_no_more_than_what_was_ordered_and_not_nothing(shop, made, pieces):
    with pytest.raises(remaking.NothingToRemake):
        remake(shop, made, pieces)


def test_what_the_kitchen_has_not_begun_is_not_made_again(shop):
    with pytest.raises(remaking.CannotBeRemade):
        remake(shop, place(shop, ask("reine")))


def test_a_remake_is_not_made_again_nor_changed(shop, made):
    again = remake(shop, made)
    with pytest.raises(changing.MoveRefused):
        changing.change(shop=shop, order_id=again.pk, lines=[ask("reine")], by=MANAGER, now=timezone.now())
    kitchen.claim(shop=shop, order_id=again.pk, by=COOK, now=timezone.now())
    with pytest.raises(remaking.CannotBeRemade):
        remake(shop, again)


def test_a_cancelled_remake_gives_its_stock_back_and_changes_no_figure(shop, made):
    before, had = figures(), dough()
    again = remake(shop, made)
    changing.cancel(shop=shop, order_id=again.pk, by=COUNTER, now=timezone.now(), reason="erreur")
    assert (figures(), dough().reserved) == (before, had.reserved)
    call_command("check_invariants", shop.slug)


@pytest.mark.parametrize("by", [COOK, CUSTOMER])
def test_the_kitchen_asks_and_the_counter_decides(shop, made, by):
    with pytest.raises(remaking.NotForThisRole):
        remake(shop, made, by=by)
    for _ in range(2):
        remaking.ask(shop=shop, order_id=made.pk, by=COOK, now=timezone.now())
    case = Case.objects.get(order=made, kind=Case.Kind.REMAKE)
    remake(shop, made)
    case.refresh_from_db()
    assert case.closed_at
