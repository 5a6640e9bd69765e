"""An account erased: nothing in any table of any schema names its customer any more, and all still adds up."""

import datetime as dt
import uuid
from smtplib import SMTPException, SMTPRecipientsRefused

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, COUNTER, CUSTOMER, DRIVER, MANAGER, PASSWORD, ask, check_invariants, place
from shared_apps.accounts.models import Role, User
from shared_apps.catalogue.models import ServiceMode
from shared_apps.customers import services as customers
from shared_apps.customers.models import Customer
from shared_apps.places.models import Geocode
from shared_apps.privacy import tasks
from shared_apps.privacy.models import Erasure, Export
from shared_apps.privacy.services import erasing
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders.models import Case, Order, RemakeReason
from tenant_apps.orders.services import changing, kitchen, remaking, road, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenants.backend.base import OWNER
from tenants.models import Pizzeria
from tenants.roles import acting_as

NAME, PHONE, EMAIL = "Philippine Quatrevaux", "+33698765432", "philippine.quatrevaux@example.net"
STREET = "17 allée des Hautbois"
HOME = Contact(NAME, PHONE, EMAIL, STREET, "59000", "Lille", "code 4B71", 50.637, 3.063)
WISHES = Wishes(ServiceMode.DELIVERY, note="pour Philippine Quatrevaux", allergy_note="Quatrevaux : arachides")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Tasks run where they are deferred, as the worker runs them after the commit: in the public schema."""

    def run(path: str, *arguments: object) -> None:
        if path.startswith("shared_apps.privacy"):
            with schema_context("public"):
                getattr(tasks, path.rpartition(".")[2])(*arguments)

    monkeypatch.setattr(erasing, "async_task", run)


@pytest.fixture
def customer(db) -> Customer:
    with schema_context("public"):
        user = User.objects.create_user(EMAIL, PASSWORD, name=NAME, phone=PHONE)
        customer = customers.of_user(user)
        customer.allergens, customer.allergens_agreed_at = ["peanuts"], timezone.now()
        customer.save()
        customers.remember_address(
            customer=customer, street=STREET, postcode="59000", city="Lille", details="code 4B71",
            latitude=50.637, longitude=3.063,
        )  # fmt: skip
        Geocode.objects.create(
            digest="d" * 64, place_id="x", latitude=50.6, longitude=3.0, street=STREET, postcode="59000", city="Lille",
            fetched_at=timezone.now(),
        )  # fmt: skip
        LogEntry.objects.create(
            user=user, content_type=ContentType.objects.get_for_model(User), object_id=user.pk, object_repr=str(user),
            action_flag=2, change_message="[]",
        )  # fmt: skip
        Export.objects.create(user=user, asked_at=timezone.now(), ready_at=timezone.now(), content={"name": NAME})
    return customer


def sold(shop, customer: Customer, **changes) -> Order:
    """An order of theirs, made, paid and over."""
    values = {
        "contact": HOME,
        "wishes": WISHES,
        "customer_id": customer.pk,
        "by": By(CUSTOMER.capacity, customer.user_id),
    }
    order = place(shop, ask("reine", 2), **(values | changes))
    with schema_context(shop.schema_name):
        now = timezone.now()
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
        order = kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
        paid = Tender(means=Payment.Means.CASH, amount_cents=order.total_cents, submission=order.submission)
        settlement.take_payment(shop=shop, order_id=order.pk, tender=paid, by=COUNTER, now=now)
        road.leave(shop=shop, order_ids=[order.pk], by=DRIVER, now=now)
        return settlement.hand_over(shop=shop, order_id=order.pk, by=DRIVER, now=now)


def erase(customer: Customer) -> Erasure:
    with schema_context("public"):
        return erasing.begin(user=customer.user, cause=Erasure.Cause.ASKED, now=timezone.now())


def is_done(erasure: Erasure) -> bool:
    with schema_context("public"):
        erasure.refresh_from_db()
    return erasure.done_at is not None


def found_in_the_database(*words: str) -> set[str]:
    """Every table and column of every schema where one of these words stands, whatever the case."""
    found = set()
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
            " AND (data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'character', 'bytea'))"
        )
        columns = cursor.fetchall()
        assert len({schema for schema, _table, _column in columns}) >= 3
        for schema, table, column in columns:
            cursor.execute(
                f'SELECT 1 FROM "{schema}"."{table}" WHERE'
                f" CASE WHEN pg_typeof(\"{column}\") = 'bytea'::regtype THEN encode(\"{column}\"::text::bytea, 'escape')"
                f' ELSE "{column}"::text END ILIKE ANY(%s) LIMIT 1',
                [[f"%{word}%" for word in words]],
            )
            if cursor.fetchone():
                found.add(f"{schema}.{table}.{column}")
    return found


def test_nothing_names_the_customer_any_more_and_all_adds_up(shop, neighbour, customer, visit):
    for place_ in (shop, neighbour):
        sold(place_, customer)
    cancelled = place(shop, ask("reine", 2), contact=HOME, wishes=WISHES, customer_id=customer.pk)
    with schema_context(shop.schema_name):
        changing.cancel(shop=shop, order_id=cancelled.pk, by=CUSTOMER, now=timezone.now())
    browser = visit(None)
    answer = browser.post("/compte/connexion/", {"login": EMAIL, "password": PASSWORD})
    assert answer.status_code == 302
    assert browser.get("/mon-compte/").status_code == 200
    words = ("quatrevaux", "philippine", PHONE, PHONE.removeprefix("+33"), EMAIL, STREET)
    before = found_in_the_database(*words)
    assert {f"{place_.schema_name}.orders_order.contact_name" for place_ in (shop, neighbour)} < before
    assert {"public.accounts_user.email", "public.customers_address.street", "public.privacy_export.content"} < before
    assert "public.django_admin_log.object_repr" in before
    erasure = erase(customer)
    assert is_done(erasure)
    assert found_in_the_database(*words) == set()
    assert browser.get("/mon-compte/")["Location"].startswith("/compte/connexion/")
    assert not visit(None).login(email=EMAIL, password=PASSWORD)
    assert not UserSession.objects.filter(user=customer.user).exists()
    assert not Session.objects.filter(session_key=browser.cookies["sessionid"].value).exists()
    call_command("verify_till")
    check_invariants()


def test_the_last_letter_goes_to_the_address_that_is_then_forgotten(shop, customer):
    sold(shop, customer)
    mail.outbox.clear()
    erase(customer)
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [([EMAIL], "Votre compte est effacé")]
    assert "sans nom" in mail.outbox[0].body


def test_the_sale_stays_and_names_nobody(shop, customer):
    order = sold(shop, customer)
    erase(customer)
    with schema_context(shop.schema_name):
        kept = Order.objects.get(pk=order.pk)
    assert (kept.total_cents, kept.state, kept.city) == (order.total_cents, "handed_over", "Lille")
    assert (kept.customer_id, kept.contact_name, kept.street, kept.latitude) == (None, "", "", None)


def test_an_order_under_way_refuses_it_by_its_number(shop, customer):
    order = place(shop, ask("reine", 2), contact=HOME, wishes=WISHES, customer_id=customer.pk)
    with pytest.raises(erasing.OrderUnderWay, match=f"n°\u00a0{order.number} chez {shop.name}"):
        erase(customer)
    customer.user.refresh_from_db()
    assert customer.user.is_active
    assert customer.addresses.exists()


def test_somebody_of_the_team_asks_their_manager(shop, make_staff):
    for role in (Role.COOK, Role.MANAGER):
        user = make_staff(role, shop)
        with schema_context("public"), pytest.raises(erasing.StaffAccount):
            erasing.begin(user=user, cause=Erasure.Cause.ASKED, now=timezone.now())


def test_a_guest_with_the_same_phone_is_somebody_else(shop, customer):
    sold(shop, customer)
    guest = sold(shop, customer, customer_id=None, by=CUSTOMER)
    erase(customer)
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=guest.pk).contact_name == NAME


def test_what_made_an_order_again_is_forgotten_with_it_once_it_is_over(shop, customer):
    order = sold(shop, customer)
    with schema_context(shop.schema_name):
        remake = remaking.remake(
            shop=shop, order_id=order.pk, submission=uuid.uuid4(), reason=RemakeReason.COLD,
            quantities={order.lines.get().pk: 1}, words="Philippine a rappelé", by=MANAGER, now=timezone.now(),
        )  # fmt: skip
    erasure = erase(customer)
    assert not is_done(erasure)  # the kitchen still makes it
    assert "Votre compte est effacé" not in [letter.subject for letter in mail.outbox]
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=order.pk).contact_name == NAME
        changing.cancel(shop=shop, order_id=remake.pk, by=MANAGER, now=timezone.now())
    with schema_context("public"):
        tasks.resume_erasures()
    assert is_done(erasure)
    with schema_context(shop.schema_name):
        assert set(Order.objects.values_list("contact_name", "remake_words")) == {("", "")}


def test_an_open_case_is_settled_first(shop, customer):
    order = sold(shop, customer)
    with schema_context(shop.schema_name):
        case = Case.objects.create(order=order, kind=Case.Kind.REMAKE, opened_at=timezone.now(), words="Philippine")
    erasure = erase(customer)
    assert not is_done(erasure)
    with schema_context(shop.schema_name):
        Case.objects.filter(pk=case.pk).update(closed_at=timezone.now())
    with schema_context("public"):
        tasks.resume_erasures()
    assert is_done(erasure)


def test_a_shop_that_fails_is_asked_again_and_told(shop, neighbour, customer, monkeypatch, caplog):
    sold(shop, customer)
    sold(neighbour, customer)
    right, failing = erasing.forget_customer, True

    def fails_here(*, pizzeria_id: int, customer_id: int) -> bool:
        if failing and pizzeria_id == neighbour.id:
            raise RuntimeError("no connection")
        return right(pizzeria_id=pizzeria_id, customer_id=customer_id)

    monkeypatch.setattr(erasing, "forget_customer", fails_here)
    with pytest.raises(RuntimeError):
        erase_and_keep(customer)
    failing = False
    with schema_context("public"):
        erasure = Erasure.objects.get(user=customer.user)
        assert erasure.done_at is None
        assert [step.pizzeria_id for step in erasure.steps.filter(done_at=None)] == [neighbour.id]
        Erasure.objects.update(asked_at=timezone.now() - dt.timedelta(days=3))
        with monkeypatch.context() as without_worker:
            without_worker.setattr(erasing, "async_task", lambda *_arguments: None)
            tasks.resume_erasures()
        assert f"erasure {erasure.pk} is not done: shops [{neighbour.id}]" in caplog.text
        tasks.resume_erasures()
    assert is_done(erasure)


def erase_and_keep(customer: Customer) -> None:
    """What is committed before its tasks run stays, whatever becomes of them."""
    deferred: list[tuple[str, tuple[object, ...]]] = []
    run = erasing.async_task
    erasing.async_task = lambda path, *arguments: deferred.append((path, arguments))
    try:
        erase(customer)
    finally:
        erasing.async_task = run
    for path, arguments in deferred:
        run(path, *arguments)


@pytest.mark.parametrize("fault", [SMTPRecipientsRefused({EMAIL: (550, b"no")}), SMTPException("later")])
def test_an_address_that_takes_no_mail_is_forgotten_all_the_same(shop, customer, monkeypatch, fault):
    def fails(*_arguments: object) -> None:
        raise fault

    monkeypatch.setattr(erasing, "send_mail", fails)
    if isinstance(fault, SMTPRecipientsRefused):
        erase(customer)
    else:
        with pytest.raises(SMTPException):
            erase_and_keep(customer)
        with schema_context("public"):
            assert User.objects.get(pk=customer.user_id).email == EMAIL
            Erasure.objects.update(asked_at=timezone.now() - dt.timedelta(days=4))
            tasks.resume_erasures()
    assert User.objects.get(pk=customer.user_id).email.endswith("@efface.invalid")


def test_it_may_be_asked_and_run_again(shop, customer):
    sold(shop, customer)
    erasure = erase(customer)
    assert erase(customer) == erasure
    with schema_context("public"):
        tasks.erase(erasure.pk)
        tasks.erase_in_shop(shop.id, erasure.pk)
        tasks.finish_erasure(erasure.pk)
        assert list(Erasure.objects.values_list("cause", flat=True)) == ["asked"]
    assert [letter.subject for letter in mail.outbox].count("Votre compte est effacé") == 1


def test_what_a_backup_brings_back_is_forgotten_the_next_night(shop, customer):
    order = sold(shop, customer)
    erase(customer)
    with schema_context(shop.schema_name):
        Order.objects.filter(pk=order.pk).update(contact_name=NAME, contact_phone=PHONE, customer_id=customer.pk)
    with schema_context("public"):
        OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(customer_id=customer.pk)
        tasks.forget_in_shop(shop.id)
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=order.pk).contact_name == ""
    check_invariants()


def test_a_shop_closed_for_good_keeps_no_erasure_waiting(shop, neighbour, customer):
    with schema_context("public"):
        Pizzeria.objects.filter(pk=neighbour.id).update(state=Pizzeria.State.CLOSED)
    erasure = erase(customer)
    assert is_done(erasure)


def test_unused_accounts_are_left_to_the_night_of_each_shop(shop, neighbour, customer):
    order = sold(shop, customer)
    with schema_context("public"):
        erasure = erasing.begin(user=customer.user, cause=Erasure.Cause.INACTIVE, now=timezone.now())
    assert not is_done(erasure)
    for here in (shop, neighbour):
        with schema_context("public"):
            tasks.forget_in_shop(here.id)
    assert is_done(erasure)
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=order.pk).contact_name == ""
    assert "longtemps" in mail.outbox[-1].body
    check_invariants()


def test_a_guest_is_forgotten_at_their_request_and_an_account_is_not(shop, neighbour, customer, capsys):
    linked = sold(shop, customer)
    for here in (shop, neighbour):
        sold(here, customer, customer_id=None, by=CUSTOMER)
    under_way = place(neighbour, ask("reine", 2), contact=HOME, wishes=WISHES)
    with schema_context("public"):
        with pytest.raises(CommandError, match=neighbour.slug):
            call_command("forget_guest", "06 98 76 54 32")
        assert "1 commande(s)" in capsys.readouterr().out
    with schema_context(neighbour.schema_name):
        assert Order.objects.filter(contact_name=NAME).count() == 2
        changing.cancel(shop=neighbour, order_id=under_way.pk, by=CUSTOMER, now=timezone.now())
    with schema_context("public"):
        call_command("forget_guest", "06 98 76 54 32")
    with schema_context(neighbour.schema_name):
        assert not Order.objects.filter(contact_name=NAME).exists()
    with schema_context(shop.schema_name):
        assert [order.pk for order in Order.objects.filter(contact_name=NAME)] == [linked.pk]
    call_command("verify_till")
    check_invariants()


def test_a_number_that_is_none_is_refused(db):
    with pytest.raises(CommandError):
        call_command("forget_guest", "12")
