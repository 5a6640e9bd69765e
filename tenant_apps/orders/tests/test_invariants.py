"""Each invariant, broken by hand: the command names it and leaves with 1."""

import datetime as dt
import uuid
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from conftest import COOK, COUNTER, ask, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.calendar import business_day
from tenant_apps.delivery.tests import doors
from tenant_apps.drawer.services import sessions
from tenant_apps.orders import expected_sales
from tenant_apps.orders.invariants import INVARIANTS
from tenant_apps.orders.models import FailureReason
from tenant_apps.orders.services import kitchen, refunding, settlement
from tenant_apps.orders.services.refunding import Returned
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.orders.tests.test_substitutions import replace
from tenant_apps.payments.models import Payment, ReversalLine
from tenant_apps.payments.services import credit_notes
from tenant_apps.promotions import services as promotions
from tenant_apps.shop import queries as shop_queries
from tenant_apps.stock import suggestion
from tenants.backend.base import OWNER
from tenants.roles import acting_as

CORRUPTIONS = {
    "movements sum to balances": "UPDATE stock_stocklevel SET on_hand = on_hand + 1",
    "reserved is what reservations hold": "UPDATE stock_stocklevel SET reserved = reserved + 1 WHERE reserved > 0",
    "what awaits a reception is what reservations await": "UPDATE stock_stocklevel SET awaited = 1, shortage = true",
    "what is expected is what receptions will bring": "UPDATE stock_stocklevel SET expected = expected + 1",
    "the orders needed first are covered by the stock": "UPDATE stock_reservation SET awaited = quantity",
    "nothing is promised beyond what will be there, unless it is said to be short": (
        "UPDATE stock_stocklevel SET shortage = true"
    ),
    "only orders to be made hold reservations": (
        "UPDATE stock_reservation SET order_id = (SELECT id FROM orders_order WHERE state = 'preparing')"
        " WHERE id = (SELECT min(id) FROM stock_reservation)"
    ),
    "every order to be made holds reservations": "DELETE FROM stock_reservation",
    "a level names the substitution that replaces it": "UPDATE stock_stocklevel SET substitution_id = NULL",
    "open orders hold what the recipes of now ask for": ("UPDATE stock_substitution SET ended_at = now()"),
    "what is in the oven is of an order in preparation": (
        "UPDATE orders_orderline SET in_oven_at = now() WHERE baked"
        " AND order_id IN (SELECT id FROM orders_order WHERE state = 'accepted')"
    ),
    "order totals equal their lines": "UPDATE orders_orderline SET quantity = quantity + 1",
    "an order has the discounts that it names": "UPDATE orders_orderdiscount SET amount_cents = amount_cents + 1",
    "a code was used by the orders that stand": "UPDATE promotions_voucher SET uses = uses + 1",
    "slots hold the work of their orders": "UPDATE shop_slot SET taken = taken + 1",
    "slots hold the deliveries of their orders": "UPDATE shop_slot SET deliveries = deliveries - 1 WHERE deliveries > 0",
    "an order is where its last event took it": "UPDATE orders_order SET state = 'ready' WHERE state = 'preparing'",
    "taken less given back never passes what is owed, and reaches it at handover": (
        "UPDATE payments_payment SET amount_cents = amount_cents + 1"
    ),
    "a payment gives back what its refunds say": "UPDATE payments_payment SET refunded_cents = refunded_cents - 1"
    " WHERE refunded_cents > 0",
    "a refund goes back by the means of its payment": "UPDATE payments_refund SET means = 'cheque'",
    "an order is reversed by what its reversals say": "UPDATE orders_order SET reversed_cents = 1 WHERE reversed_cents > 0",
    "no line is reversed beyond its pieces and its price": "UPDATE payments_reversalline SET quantity = 2",
    "credit notes hold what they gave less what they paid": "UPDATE payments_creditnote SET balance_cents = 1",
    "a drawer was expected to hold what came in less what went out": (
        "UPDATE drawer_drawersession SET expected_cents = expected_cents + 1, reason = 'essai' WHERE closed_at IS NOT NULL"
    ),
    "cash in a drawer is its float, its payments and its refunds": "UPDATE drawer_cashmovement SET delta_cents = 1",
    "an order's turnover never passes what is kept of its money, and is nothing when all went back": (
        "UPDATE till_entry SET turnover_cents = turnover_cents + 1 WHERE kind = 'sale'"
    ),
    "what is paid online is followed until it is over": "DELETE FROM gateway_followup",
    "the group knows every order as it is": "UPDATE sales_ordersummary SET total_cents = 1",
    "every payment is sealed, once": "DELETE FROM till_entry WHERE kind = 'payment'",
    "every refund that is done is sealed, once": "DELETE FROM till_entry WHERE kind = 'refund'",
    "an order handed over is a sealed sale, once, for its total": "DELETE FROM till_entry WHERE kind = 'sale'",
    "the journal ends where the group last saw it": "UPDATE till_journalhead SET number = number - 1",
    "the group's hours equal the shop's orders and journal": "UPDATE sales_hourlysales SET orders = orders + 1",
    "the group's products equal the shop's lines": "UPDATE sales_productsales SET quantity_hundredths = 1",
    "the group's alerts are the shop's low levels": (
        "INSERT INTO sales_stockalert (pizzeria_id, ingredient_id, since)"
        " SELECT %(pizzeria)s, min(id), now() FROM catalogue_ingredient"
    ),
    "an order on its way is in one round on the road": (
        "UPDATE delivery_stop SET state = 'returned', done_at = now() WHERE state = 'waiting'"
    ),
    "stops agree with their orders": "UPDATE delivery_stop SET state = 'delivered', failure = '' WHERE state = 'failed'",
    "a round on the road has a door to visit, a closed one none": (
        "UPDATE delivery_round SET closed_at = clock_timestamp() WHERE left_at IS NOT NULL"
    ),
    "a shift ends after its rounds": "UPDATE delivery_shift SET ended_at = now(), expected_cents = 0, counted_cents = 0",
    "an order that was not delivered waits for a decision or for its remake": (
        "UPDATE orders_case SET closed_at = now() WHERE kind = 'failed_delivery'"
    ),
    "a position is kept only on the road": (
        "INSERT INTO delivery_position (round_id, latitude, longitude, at)"
        " SELECT id, 50.6, 3.1, now() FROM delivery_round WHERE left_at IS NULL"
    ),
    "a remake names an order and sells nothing": (
        "UPDATE orders_order SET remakes_id = id, remake_reason = 'other', items_cents = 0, delivery_fee_cents = 0,"
        " total_cents = 0 WHERE id = (SELECT max(id) FROM orders_order)"
    ),
}


@pytest.fixture
def busy_shop(shop, make_staff):
    """One order handed over, paid and paid back, a credit note, one in the oven, one accepted, one for a later day;
    a driver on the road with one order, who could not deliver another and prepares a third."""
    now = timezone.now()
    sessions.open_drawer(shop=shop, float_cents=5000, operator_id=None, operator="", now=now)
    for finished in (True, False):
        order = place(shop, ask("reine"))
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
        if finished:
            kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
            settlement.hand_over(
                shop=shop, order_id=order.pk, by=COUNTER, now=now, tender=Tender(Payment.Means.CASH, order.submission)
            )
            returned = Returned("froide", {order.lines.get().pk: (1, ReversalLine.Fate.WASTED)})
            refunding.refund(
                shop=shop, order_id=order.pk, returned=returned, submission=uuid.uuid4(), by=COUNTER, now=now
            )
    sessions.count_and_close(shop=shop, pieces={5000: 1}, reason="", actor_id=None, operator="", now=now)
    credit_notes.issue(amount_cents=500, reason="geste", issued_by_id=None, submission=uuid.uuid4(), now=now)
    promotions.create(
        pizzeria_id=shop.id, code="ESSAI", label="essai", percent=10, amount_cents=None, minimum_cents=0,
        first_date=timezone.localdate(now), last_date=timezone.localdate(now), uses_limit=5, user_id=None, now=now,
    )  # fmt: skip
    place(shop, ask("orientale", 2), voucher_code="essai")
    later = list(shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now)))[-1].window.start
    place(shop, ask("margherita"), wishes=Wishes(ServiceMode.COLLECTION, starts_at=later))
    driver = make_staff(Role.DRIVER, shop)
    carried, refused, next_one = (doors.ready(shop, number) for number in range(3))
    round_ = doors.send_out(shop, driver, carried, refused)
    doors.tap(shop, driver, "failed", round_, refused, reason=FailureReason.ABSENT)
    doors.give(shop, driver, next_one)
    replace(shop, "merguez", "chorizo")
    place(shop, ask("margherita"), pays_online=True)
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


@pytest.mark.parametrize(
    "moment",
    [
        dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)
        for month, day in ((3, 28), (3, 29), (10, 24), (10, 25), (11, 21), (1, 1))
        for hour, minute in ((0, 30), (1, 59), (2, 0), (2, 59), (3, 0), (12, 0), (23, 30))
    ],
)
def test_a_business_day_is_the_same_in_the_database(db, moment):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expected_sales.DAY.format(moment='%s')}", [moment])
        assert cursor.fetchone()[0] == business_day(moment)


def test_the_cut_off_has_one_source(settings):
    cut_off = settings.BUSINESS_DAY_CUTOFF_HOUR
    for statement in (expected_sales.DAY, suggestion.USED):
        assert f"interval '{cut_off} hours'" in statement
    sources = (Path(module.__file__).read_text() for module in (expected_sales, suggestion))
    assert not any(f"'{cut_off} hours'" in source for source in sources)
