"""Each invariant, broken by hand: the command names it and leaves with 1."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from conftest import COOK, COUNTER, ask, place
from shared_apps.catalogue.models import ServiceMode
from tenant_apps.orders.invariants import INVARIANTS
from tenant_apps.orders.services import kitchen, settlement
from tenant_apps.orders.services.placing import Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.shop import queries as shop_queries
from tenants.backend.base import OWNER
from tenants.roles import acting_as

CORRUPTIONS = {
    "movements sum to balances": "UPDATE stock_stocklevel SET on_hand = on_hand + 1",
    "reserved is what reservations hold": "UPDATE stock_stocklevel SET reserved = reserved + 1 WHERE reserved > 0",
    "later days promise what reservations hold": "UPDATE stock_daypromise SET promised = promised + 1",
    "only accepted orders hold reservations": (
        "UPDATE stock_reservation SET order_id = (SELECT id FROM orders_order WHERE state = 'preparing')"
        " WHERE id = (SELECT min(id) FROM stock_reservation)"
    ),
    "every accepted order holds reservations": "DELETE FROM stock_reservation",
    "order totals equal their lines": "UPDATE orders_orderline SET quantity = quantity + 1",
    "slots hold the work of their orders": "UPDATE shop_slot SET taken = taken + 1",
    "slots hold the deliveries of their orders": "UPDATE shop_slot SET deliveries = deliveries + 1",
    "an order is where its last event took it": "UPDATE orders_order SET state = 'ready' WHERE state = 'preparing'",
    "payments never pass the total, and reach it at handover": "DELETE FROM payments_payment",
    "the group knows every order as it is": "UPDATE sales_ordersummary SET total_cents = 1",
    "the group's hours equal the shop's orders and payments": "UPDATE sales_hourlysales SET orders = orders + 1",
    "the group's products equal the shop's lines": "UPDATE sales_productsales SET quantity_hundredths = 1",
    "the group's alerts are the shop's low levels": (
        "INSERT INTO sales_stockalert (pizzeria_id, ingredient_id, since)"
        " SELECT %(pizzeria)s, min(id), now() FROM catalogue_ingredient"
    ),
    "a remake names an order and sells nothing": (
        "UPDATE orders_order SET remakes_id = id, remake_reason = 'other', items_cents = 0, delivery_fee_cents = 0,"
        " total_cents = 0 WHERE id = (SELECT max(id) FROM orders_order)"
    ),
}


@pytest.fixture
def busy_shop(shop):
    """One order handed over and paid, one in the oven, one accepted, one for a later day."""
    now = timezone.now()
    for finished in (True, False):
        order = place(shop, ask("reine"))
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
        if finished:
            kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
            settlement.hand_over(
                shop=shop, order_id=order.pk, by=COUNTER, now=now, means=Payment.Means.CASH, submission=order.submission
            )
    place(shop, ask("orientale", 2))
    later = list(shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now)))[-1].window.start
    place(shop, ask("margherita"), wishes=Wishes(ServiceMode.COLLECTION, starts_at=later))
    return shop


def check(shop) -> None:
    call_command("check_invariants", shop.slug, stdout=StringIO())


def test_a_busy_shop_adds_up(busy_shop):
    check(busy_shop)


def test_every_invariant_has_its_corruption():
    assert CORRUPTIONS.keys() == INVARIANTS.keys()


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_a_broken_invariant_is_named(busy_shop, invariant):
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(CORRUPTIONS[invariant], {"pizzeria": busy_shop.id})
        assert cursor.rowcount
    with pytest.raises(CommandError, match=invariant):
        check(busy_shop)


def test_rebuilding_mends_the_read_model_and_says_what_differed(busy_shop):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sales_ordersummary SET state = 'ready' WHERE pizzeria_id = %s", [busy_shop.id])
        cursor.execute("DELETE FROM sales_hourlysales WHERE pizzeria_id = %s", [busy_shop.id])
    said = StringIO()
    call_command("rebuild_sales", busy_shop.slug, stdout=said)
    assert "the group knows every order as it is" in said.getvalue()
    check(busy_shop)


def test_rebuilding_what_is_right_finds_nothing(busy_shop):
    said = StringIO()
    call_command("rebuild_sales", busy_shop.slug, stdout=said)
    assert "0 écart(s)" in said.getvalue()
