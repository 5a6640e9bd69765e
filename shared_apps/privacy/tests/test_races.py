"""An order placed by the customer while their account is erased: one of the two is refused, and nothing of them is left."""

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import MANAGER, PASSWORD, ask, check_invariants, place
from shared_apps.accounts.models import User
from shared_apps.core.errors import RuleError
from shared_apps.customers import services as customers
from shared_apps.customers.models import Customer
from shared_apps.privacy.models import Erasure, ErasureStep
from shared_apps.privacy.services import erasing, forgetting
from shared_apps.privacy.tests.test_erasing import HOME, NAME, WISHES
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders.models import Order, RemakeReason
from tenant_apps.orders.services import acts, remaking
from tenants.backend.base import LOGIN
from tenants.hosts import Shop
from tenants.roles import acting_as


@pytest.fixture
def customer(own_shop):
    with schema_context("public"):
        user = User.objects.create_user(f"cliente@{own_shop.slug}.example", PASSWORD, name=NAME)
        found = customers.of_user(user)
    yield found
    with schema_context("public"):
        ErasureStep.objects.filter(erasure__user=user).delete()
        Erasure.objects.filter(user=user).delete()
    with schema_context(own_shop.schema_name):
        Order.objects.update(customer=None)
    with schema_context("public"):
        OrderSummary.objects.filter(customer=found).update(customer=None)


class Pause:
    """Stops a thread at a point until it is let go on."""

    def __init__(self) -> None:
        self.reached, self.on = threading.Event(), threading.Event()

    def here(self) -> None:
        self.reached.set()
        assert self.on.wait(20)


def order(shop: Shop, customer: Customer, pause: Pause | None = None) -> object:
    """As the checkout does it: the customer is held, then the order placed, together."""
    try:
        with schema_context(shop.schema_name), transaction.atomic():
            held = customers.ordering(user=customer.user)
            if pause:
                pause.here()
            return place(shop, ask("reine", 2), contact=HOME, wishes=WISHES, customer_id=held.pk)
    except RuleError as refusal:
        return refusal
    finally:
        connection.close()


def erase(customer: Customer, pause: Pause | None = None) -> object:
    try:
        with schema_context("public"), transaction.atomic():
            erasure = erasing.begin(user=customer.user, cause=Erasure.Cause.ASKED, now=timezone.now())
            if pause:
                pause.here()
            return erasure
    except RuleError as refusal:
        return refusal
    finally:
        connection.close()


def waits(future) -> bool:
    """Whether somebody waits for a lock of this database, before this act ends."""
    while not future.done():
        with acting_as(LOGIN), connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone():
                return True
    return False


def test_an_order_being_placed_is_waited_for_and_refuses_the_erasure(own_shop, customer):
    pause = Pause()
    with ThreadPoolExecutor(2) as pool:
        placing = pool.submit(order, own_shop, customer, pause)
        assert pause.reached.wait(20)
        erasing_ = pool.submit(erase, customer)
        assert waits(erasing_)
        pause.on.set()
        assert isinstance(placing.result(), Order)
        assert isinstance(erasing_.result(), erasing.OrderUnderWay)
    check_invariants()


def test_an_erasure_under_way_is_waited_for_and_refuses_the_order(own_shop, customer):
    pause = Pause()
    with ThreadPoolExecutor(2) as pool:
        erasing_ = pool.submit(erase, customer, pause)
        assert pause.reached.wait(20)
        placing = pool.submit(order, own_shop, customer)
        assert waits(placing)
        pause.on.set()
        assert isinstance(erasing_.result(), Erasure)
        assert isinstance(placing.result(), customers.AccountClosed)
    with schema_context(own_shop.schema_name):
        assert not Order.objects.exists()


def test_without_the_lock_an_order_slips_in_and_keeps_their_name(own_shop, customer, monkeypatch):
    monkeypatch.setattr(customers, "ordering", lambda *, user: customers.of_user(user))
    pause = Pause()
    with ThreadPoolExecutor(2) as pool:
        placing = pool.submit(order, own_shop, customer, pause)
        assert pause.reached.wait(20)
        assert isinstance(erase(customer), Erasure)
        pause.on.set()
        assert isinstance(placing.result(), Order)
    with schema_context(own_shop.schema_name):
        assert Order.objects.get().contact_name == NAME


def over(shop: Shop, customer: Customer) -> Order:
    made = place(shop, ask("reine", 2), contact=HOME, wishes=WISHES, customer_id=customer.pk)
    with schema_context(shop.schema_name):
        Order.objects.filter(pk=made.pk).update(state="handed_over", handed_over_at=timezone.now())
    return made


def test_an_order_made_again_meanwhile_is_forgotten_too_or_waited_for(own_shop, customer):
    """The remake copies the name under the lock of the order that the shop forgets."""
    original, pause = over(own_shop, customer), Pause()

    def remake() -> object:
        try:
            with schema_context(own_shop.schema_name), transaction.atomic():
                with schema_context(own_shop.schema_name):
                    line = original.lines.get().pk
                made = remaking.remake(
                    shop=own_shop, order_id=original.pk, submission=uuid.uuid4(), quantities={line: 1},
                    reason=RemakeReason.COLD, words="", by=MANAGER, now=timezone.now(),
                )  # fmt: skip
                pause.here()
                return made
        finally:
            connection.close()

    def forget() -> bool:
        try:
            with schema_context(own_shop.schema_name):
                return erasing.forget_customer(pizzeria_id=own_shop.id, customer_id=customer.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        remaking_ = pool.submit(remake)
        assert pause.reached.wait(20)
        forgetting = pool.submit(forget)
        assert waits(forgetting)
        pause.on.set()
        remaking_.result()
        assert forgetting.result() is False  # the remake is in the kitchen: asked again once it is over
    with schema_context(own_shop.schema_name):
        assert set(Order.objects.values_list("contact_name", flat=True)) == {NAME}


def test_what_somebody_holds_is_left_for_the_next_night(own_shop, customer):
    """Nobody at the counter waits for the retention, nor the retention for them."""
    orders, pause = [over(own_shop, customer) for _index in range(2)], Pause()
    long_ago = timezone.now() - dt.timedelta(days=400)
    Order.objects.filter(pk__in=[made.pk for made in orders]).update(handed_over_at=long_ago)

    def hold() -> None:
        try:
            with schema_context(own_shop.schema_name), transaction.atomic():
                acts.locked(orders[0].pk)
                pause.here()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert pause.reached.wait(20)
        assert forgetting.forget(now=timezone.now())
        assert list(Order.objects.order_by("pk").values_list("contact_name", flat=True)) == [NAME, ""]
        pause.on.set()
        holding.result()
    assert forgetting.forget(now=timezone.now())
    assert set(Order.objects.values_list("contact_name", flat=True)) == {""}
