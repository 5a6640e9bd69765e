"""Payments online by real threads on real PostgreSQL, against the stand-in. Each protection is also switched off here,
and the same race then goes wrong."""

import contextlib
import threading
import time
import uuid

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, connection
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, CUSTOMER, MANAGER, ask, check_invariants, place, variant
from shared_apps.gateway import services as gateway
from shared_apps.gateway import stripe_api
from shared_apps.gateway.models import GatewayEvent
from tenant_apps.orders import tasks
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order, OrderEvent
from tenant_apps.orders.services import acts, changing, kitchen, online
from tenant_apps.orders.tests.test_online import follow, held, page_of, waiting
from tenant_apps.orders.tests.test_races import together
from tenant_apps.payments.models import OnlinePayment, Payment, Refund
from tenant_apps.storefront.tests.test_checkout import COLLECTION, CONTACT
from tenants.backend.base import OWNER
from tenants.roles import acting_as

TIMES = 3


@pytest.fixture
def unlocked(monkeypatch):
    """Orders are read without their lock, and everybody has read before anybody goes on."""

    def switch_off(parties: int) -> None:
        barrier, met = threading.Barrier(parties), threading.local()

        def read(order_id: int) -> Order:
            order = Order.objects.select_related("slot").get(pk=order_id)
            if not getattr(met, "once", False):
                met.once = True
                barrier.wait(20)
            return order

        monkeypatch.setattr(acts, "locked", read)

    return switch_off


def paid(shop, stand_in) -> Order:
    """Paid at Stripe's, and nobody told us."""
    order = waiting(shop)
    stand_in.pay(page_of(order))
    return order


def acceptances() -> int:
    return OrderEvent.objects.filter(from_state=State.AWAITING_PAYMENT, to_state=State.ACCEPTED).count()


def follow_at_once(shop, order, times: int = TIMES) -> list[object]:
    return together(shop, *[lambda: online.follow(shop=shop, order_id=order.pk, now=timezone.now())] * times)


def test_one_event_three_times_at_once_is_kept_once(own_shop, stand_in):
    order = paid(own_shop, stand_in)
    body, signature = stand_in.signed(stand_in.events()[-1])
    received = lambda: gateway.receive(body=body.encode(), signature=signature, now=timezone.now())  # noqa: E731
    together(own_shop, *[received] * TIMES)
    assert GatewayEvent.objects.filter(order_number=order.pk).count() == 1
    assert acceptances() == 0  # the answer does not wait for the payment


def test_a_payment_told_of_three_times_at_once_accepts_the_order_once(own_shop, stand_in):
    order = paid(own_shop, stand_in)
    follow_at_once(own_shop, order)
    assert acceptances() == 1
    check_invariants()


def test_without_the_lock_it_is_accepted_more_than_once(own_shop, stand_in, unlocked):
    order = paid(own_shop, stand_in)
    unlocked(TIMES)
    follow_at_once(own_shop, order)
    assert acceptances() > 1
    with pytest.raises(CommandError, match="the group's hours"):
        check_invariants()


def come_back(shop, order, visit):
    def browser() -> object:
        connection.set_schema_to_public()
        return visit(shop).get(f"/commande/{order.reference}/paye/").status_code

    return browser


def test_the_customers_return_and_the_webhook_at_once_accept_the_order_once(own_shop, stand_in, visit):
    order = paid(own_shop, stand_in)
    webhook = lambda: tasks.follow_payment(own_shop.id, order.pk)  # noqa: E731
    statuses = together(own_shop, come_back(own_shop, order, visit), webhook)
    assert statuses[0] == 302
    assert acceptances() == 1
    check_invariants()


def test_without_the_lock_return_and_webhook_accept_it_twice(own_shop, stand_in, visit, unlocked):
    order = paid(own_shop, stand_in)
    unlocked(2)
    together(own_shop, come_back(own_shop, order, visit), lambda: tasks.follow_payment(own_shop.id, order.pk))
    assert acceptances() == 2


def test_captured_by_three_workers_at_once_it_is_one_payment(own_shop, stand_in):
    order = held(own_shop, stand_in)
    kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=timezone.now())
    follow_at_once(own_shop, order)
    assert Payment.objects.get().amount_cents == order.total_cents
    assert len(stand_in.objects("charge")) == 1
    check_invariants()


def test_without_the_lock_the_database_still_keeps_one_payment(own_shop, stand_in, unlocked):
    """The name of the act is unique: the last guard."""
    order = held(own_shop, stand_in)
    kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=timezone.now())
    unlocked(TIMES)
    together(own_shop, *[lambda: _or_none(own_shop, order)] * TIMES)
    assert Payment.objects.count() == 1


def _or_none(shop, order) -> None:
    try:
        online.follow(shop=shop, order_id=order.pk, now=timezone.now())
    except IntegrityError:
        return


def test_the_kitchen_and_the_customer_at_once_have_one_whole_outcome(own_shop, stand_in):
    order = held(own_shop, stand_in)
    now = timezone.now()
    together(
        own_shop,
        lambda: kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=now),
        lambda: changing.cancel(shop=own_shop, order_id=order.pk, by=CUSTOMER, now=now),
    )
    order = follow(own_shop, order)
    (intent,) = stand_in.objects("payment_intent")
    outcome = (order.state, intent["status"], intent["amount_received"], Payment.objects.count())
    assert outcome in (("preparing", "succeeded", 990, 1), ("cancelled", "canceled", 0, 0))
    check_invariants()


def test_without_the_lock_kitchen_and_customer_both_have_their_way(own_shop, stand_in, unlocked):
    order = held(own_shop, stand_in)
    now = timezone.now()
    unlocked(2)
    together(
        own_shop,
        lambda: kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=now),
        lambda: changing.cancel(shop=own_shop, order_id=order.pk, by=CUSTOMER, now=now),
    )
    assert {"preparing", "cancelled"} <= set(order.events.values_list("to_state", flat=True))


def to_refund(shop, stand_in) -> Order:
    order = held(shop, stand_in)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    follow(shop, order)
    changing.cancel(shop=shop, order_id=order.pk, by=MANAGER, now=timezone.now())
    return order


@pytest.fixture
def unseen(monkeypatch):
    """Two workers look at once and see no refund at Stripe's yet."""

    def switch_off(parties: int) -> None:
        barrier = threading.Barrier(parties)

        def nothing(intent_id: str) -> list[stripe_api.SeenRefund]:
            barrier.wait(20)
            return []

        monkeypatch.setattr(stripe_api, "refunds_of", nothing)

    return switch_off


def test_refunded_by_two_workers_at_once_it_goes_back_once(own_shop, stand_in, unseen):
    order = to_refund(own_shop, stand_in)
    unseen(2)
    follow_at_once(own_shop, order, 2)
    assert [refund["amount"] for refund in stand_in.objects("refund")] == [order.total_cents]
    assert Refund.objects.get().state == Refund.State.DONE
    check_invariants()


def test_without_a_key_of_its_own_a_refund_is_asked_for_twice(own_shop, stand_in, unseen, monkeypatch):
    order = to_refund(own_shop, stand_in)
    Refund.objects.update(amount_cents=300)
    unseen(2)
    keyed = stripe_api.refund
    monkeypatch.setattr(
        stripe_api, "refund", lambda intent, cents, key, data: keyed(intent, cents, str(uuid.uuid4()), data)
    )
    follow_at_once(own_shop, order, 2)
    assert len(stand_in.objects("refund")) == 2


def tap(shop, visit, visitor_cookies, sent):
    def browser() -> object:
        connection.set_schema_to_public()
        client = visit(shop)
        client.cookies.update(visitor_cookies)
        return client.post(COLLECTION, sent).get("Location")

    return browser


def test_the_order_button_tapped_twice_makes_one_order_and_one_page(own_shop, stand_in, visit):
    visitor = visit(own_shop)
    visitor.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    form = visitor.get(COLLECTION).content.decode()
    sent = CONTACT | {"payment": "online", "submission": form.partition('name="submission" value="')[2][:36]}
    pages = together(own_shop, *[tap(own_shop, visit, visitor.cookies, sent)] * 2)
    with schema_context(own_shop.schema_name):
        order = Order.objects.get()
        assert order.online_payments.count() == 1
        assert len(stand_in.objects("checkout.session")) == 1
        assert page_of(order) in pages
        check_invariants()


def open_at_once(shop, order) -> list[object]:
    return together(shop, *[lambda: online.open_page(shop=shop, order_id=order.pk, now=timezone.now())] * TIMES)


def test_the_page_asked_for_three_times_at_once_is_one_page(own_shop, stand_in):
    order = place(own_shop, ask("margherita"), pays_online=True)
    pages = open_at_once(own_shop, order)
    assert len(set(pages)) == 1
    assert len(stand_in.objects("checkout.session")) == 1
    check_invariants()


def test_without_lock_and_constraints_it_is_several(own_shop, stand_in, unlocked):
    order = place(own_shop, ask("margherita"), pays_online=True)
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_open_online_payment_per_order")
        cursor.execute("ALTER TABLE payments_onlinepayment DROP CONSTRAINT one_online_payment_per_attempt")
    unlocked(TIMES)
    with contextlib.suppress(IntegrityError):  # they have one key: Stripe gives them one page, which is unique too
        open_at_once(own_shop, order)
    assert OnlinePayment.objects.count() > 1


def test_no_lock_is_held_while_stripe_takes_its_time(own_shop, stand_in):
    order = held(own_shop, stand_in)
    kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=timezone.now())
    stand_in.faults({"kind": "slow", "match": "/capture", "seconds": 4})
    worker = threading.Thread(target=together, args=(own_shop, lambda: tasks.follow_payment(own_shop.id, order.pk)))
    worker.start()
    deadline = time.monotonic() + 20
    while not stand_in.calls("/capture") and time.monotonic() < deadline:
        time.sleep(0.02)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; SELECT id FROM orders_order WHERE id = %s FOR UPDATE NOWAIT", [order.pk])
        cursor.execute("SELECT count(*) FROM payments_payment")
        assert cursor.fetchone() == (0,)  # Stripe has not answered yet
        cursor.execute("ROLLBACK")
    worker.join()
    assert Payment.objects.count() == 1
