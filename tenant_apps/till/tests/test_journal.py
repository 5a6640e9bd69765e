"""The journal cannot be changed by its own role, and whoever can leaves a trace that the verifier names."""

import datetime as dt
import os
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COUNTER, ask, check_invariants, place
from shared_apps.catalogue.models import Ingredient
from shared_apps.onboarding.backups import restoring, saving
from shared_apps.sales.models import TillAnchor
from tenant_apps.orders.services import settlement, stocktaking
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment
from tenant_apps.stock.models import Movement
from tenant_apps.till import signing
from tenant_apps.till.models import Entry, JournalHead
from tenant_apps.till.services import closings, journal, sealing
from tenants import schemas
from tenants.backend.base import OWNER
from tenants.models import Pizzeria
from tenants.roles import acting_as

CASH = Payment.Means.CASH


def sell(shop, count: int = 1) -> None:
    for _ in range(count):
        place(shop, ask("margherita"), paid=Tender(CASH, uuid.uuid4()), by=COUNTER)


def verify(shop) -> str:
    said = StringIO()
    call_command("verify_till", shop=[shop.slug], stdout=said)
    return said.getvalue()


def as_superuser(statement: str, *values: object) -> None:
    """What nobody of ours may do, but whoever holds the database can."""
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE till_entry SET taken_cents = 0",
        "DELETE FROM till_entry",
        "TRUNCATE till_entry",
        "DELETE FROM till_journalhead",
        "TRUNCATE till_journalhead",
    ],
)
def test_the_role_of_the_shop_may_change_nothing_that_is_sealed(shop, statement):
    sell(shop)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0].endswith(shop.schema_name)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_what_is_sealed_verifies(shop):
    sell(shop, 3)
    assert [entry.number for entry in Entry.objects.all()] == [1, 2, 3, 4, 5, 6]
    assert "6 écriture(s), le journal est intact" in verify(shop)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("content", "content || '{\"total_cents\": 1}'"),
        ("turnover_cents", "turnover_cents - 1"),
        ("at", "at + interval '1 microsecond'"),
        ("day", "day - 1"),
        ("order_number", "order_number + 1"),
        ("signature", "translate(signature, '0123456789', '1234567890')"),
    ],
)
def test_an_edited_entry_is_named(shop, column, value):
    sell(shop, 3)
    as_superuser(f"UPDATE till_entry SET {column} = {value} WHERE number = 4")
    with pytest.raises(CommandError, match="Caisse, écriture 4\u00a0"):
        verify(shop)


def test_one_flipped_byte_is_named(shop):
    sell(shop, 2)
    as_superuser(
        "UPDATE till_entry SET content = jsonb_set(content, '{seller,name}', '\"OC Pizza NatioN\"') WHERE number = 2"
    )
    with pytest.raises(CommandError, match="écriture 2\u00a0"):
        verify(shop)


def test_an_entry_taken_away_is_named(shop):
    sell(shop, 3)
    as_superuser("DELETE FROM till_entry WHERE number = 3")
    with pytest.raises(CommandError, match="écriture 3\u00a0: retirée"):
        verify(shop)


def test_a_number_given_again_to_close_the_gap_is_named(shop):
    sell(shop, 3)
    as_superuser("DELETE FROM till_entry WHERE number = 3")
    as_superuser("UPDATE till_entry SET number = 3 WHERE number = 4")
    with pytest.raises(CommandError, match="écriture 3\u00a0"):
        verify(shop)


def test_an_inserted_entry_is_named(shop):
    sell(shop, 2)
    columns = (
        "chain, kind, at, day, order_number, receipt_number, turnover_cents, taken_cents, perpetual_cents, content, key"
    )
    as_superuser("ALTER TABLE till_entry DROP CONSTRAINT one_entry_per_number; SELECT 1")
    as_superuser(
        f"INSERT INTO till_entry (number, signature, {columns}) SELECT number, signature, {columns} FROM till_entry"
        " WHERE number = 3"
    )
    with pytest.raises(CommandError, match="écriture 3\u00a0: insérée"):
        verify(shop)


def test_an_entry_added_after_the_end_is_named(shop):
    sell(shop, 1)
    columns = (
        "chain, kind, at, day, order_number, turnover_cents, taken_cents, perpetual_cents, content, key, signature"
    )
    as_superuser(f"INSERT INTO till_entry (number, {columns}) SELECT 3, {columns} FROM till_entry WHERE number = 1")
    with pytest.raises(CommandError, match="écriture 3\u00a0: insérée après la fin"):
        verify(shop)


def test_a_cut_off_end_is_named(shop):
    sell(shop, 2)
    as_superuser("DELETE FROM till_entry WHERE number > 2")
    with pytest.raises(CommandError, match="écriture 3\u00a0: la fin est coupée"):
        verify(shop)


def test_a_cut_off_end_is_named_even_when_the_head_is_moved_back(shop):
    """Without the key nobody can seal another head; with an old head kept aside, the group still knows better."""
    sell(shop, 1)
    old = JournalHead.objects.values().get()
    sell(shop, 1)
    as_superuser("DELETE FROM till_entry WHERE number > 2")
    as_superuser(
        "UPDATE till_journalhead SET number = 2, receipt_number = 1, perpetual_cents = 990,"
        " signature = (SELECT signature FROM till_entry WHERE number = 2)"
    )
    with pytest.raises(CommandError, match="écriture 3\u00a0"):
        verify(shop)
    as_superuser("UPDATE till_journalhead SET seal = %s, perpetual_cents = %s", old["seal"], old["perpetual_cents"])
    with pytest.raises(CommandError, match="écriture 3\u00a0"):
        verify(shop)
    TillAnchor.objects.filter(pizzeria_id=shop.id).update(number=2, signature=old["signature"])
    with pytest.raises(CommandError, match="le groupe a vu une autre fin"):
        verify(shop)


def test_a_whole_journal_taken_away_is_named(shop):
    sell(shop, 1)
    as_superuser("DELETE FROM till_entry")
    as_superuser("DELETE FROM till_journalhead")
    with pytest.raises(CommandError, match="écriture 1\u00a0: la fin est coupée"):
        verify(shop)


def test_a_changed_key_is_recorded_and_both_verify(shop, settings):
    sell(shop, 1)
    old = settings.TILL_SIGNING_KEYS
    settings.TILL_SIGNING_KEYS = ["suivante:" + "s" * 43, *old]
    sell(shop, 1)
    entries = list(Entry.objects.values_list("number", "kind", "key"))
    assert entries[2] == (3, "technical", "suivante")
    assert Entry.objects.get(number=3).content["detail"] == {"from": "developpement", "to": "suivante"}
    assert "5 écriture(s)" in verify(shop)
    settings.TILL_SIGNING_KEYS = ["suivante:" + "s" * 43]
    with pytest.raises(CommandError, match="la clé «\u00a0developpement\u00a0» n’est pas connue"):
        verify(shop)


def test_a_journal_signed_with_another_secret_does_not_verify(shop, settings):
    sell(shop, 1)
    settings.TILL_SIGNING_KEYS = ["developpement:" + "x" * 43]
    with pytest.raises(CommandError, match="écriture 1\u00a0"):
        verify(shop)


def test_nothing_is_sealed_outside_a_transaction(own_shop):
    with pytest.raises(transaction.TransactionManagementError):
        sealing.log_technical(shop=own_shop, event="drawer_opened", now=timezone.now())


def test_the_canonical_writing_is_for_ever():
    """Archives of years ago must verify: these texts may never change."""
    assert signing.canonical({"b": "é €", "a": [1, None, {"d": 2, "c": "«\u00a0»"}]}) == (
        '{"a":[1,null,{"c":"«\u00a0»","d":2}],"b":"é €"}'.encode()
    )
    entry = Entry(
        chain="till",
        number=7,
        kind="technical",
        at=dt.datetime(2026, 11, 25, 20, 4, 5, 6, dt.timezone(dt.timedelta(hours=1))),
        day=dt.date(2026, 11, 25),
        perpetual_cents=990,
        content={"event": "drawer_opened"},
        key="developpement",
    )
    assert signing.canonical(signing.document(entry)) == (
        b'{"at":"2026-11-25T19:04:05.000006+00:00","chain":"till","content":{"event":"drawer_opened"},'
        b'"day":"2026-11-25","key":"developpement","kind":"technical","number":7,"order":null,"perpetual_cents":990,'
        b'"receipt":null,"taken_cents":0,"turnover_cents":0}'
    )
    assert signing.signature("", entry) == signing.signature("0" * 64, entry)


PARALLEL = 100


def drinks(shop, count: int) -> list:
    """So many orders of a bottle of water, which no oven holds back."""
    stocktaking.record(
        shop=shop,
        reason=Movement.Reason.COUNT,
        ingredient_id=Ingredient.objects.get(code="eau-50cl").pk,
        quantity=count,
        actor_id=None,
        now=timezone.now(),
    )
    return [place(shop, ask("eau-50cl", size=None)) for _ in range(count)]


def test_a_hundred_payments_at_once_leave_no_gap(own_shop):
    orders = drinks(own_shop, PARALLEL)
    start = Barrier(PARALLEL)  # each with its connection open, all of them at once

    def pay(order) -> None:
        try:
            with schema_context(own_shop.schema_name):
                connection.ensure_connection()
                start.wait(300)
                settlement.take_payment(
                    shop=own_shop,
                    order_id=order.pk,
                    tender=Tender(CASH, uuid.uuid4(), order.total_cents),
                    by=COUNTER,
                    now=timezone.now(),
                )
        except Exception:
            start.abort()  # the others need not wait for it
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(pay, orders))
    check_no_gap(PARALLEL)
    assert "intact" in verify(own_shop)
    check_invariants()


def test_without_the_lock_payments_collide(own_shop, monkeypatch):
    """The protection, switched off: two takings read the same head, and the database refuses the second number."""
    monkeypatch.setattr(journal, "LOCKED", JournalHead.objects.all())
    with pytest.raises(Exception, match="one_entry_per_number"):
        test_a_hundred_payments_at_once_leave_no_gap(own_shop)


CASHIER = """
import os, sys, uuid, django
django.setup()
from django.utils import timezone
from django_tenants.utils import schema_context
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services import settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment
from tenants.hosts import Shop
from tenants.models import Pizzeria
shop = Shop.of(Pizzeria.objects.get(slug=sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
with schema_context(shop.schema_name):
    for number in map(int, sys.argv[2:]):
        tender = Tender(Payment.Means.CASH, uuid.uuid4(), 180)
        settlement.take_payment(shop=shop, order_id=number, tender=tender, by=By(Actor.COUNTER), now=timezone.now())
        print(number, flush=True)
"""
CASHIERS, EACH = 4, 40


def test_cashiers_killed_while_they_take_money_leave_no_gap(own_shop):
    """`kill -9`, each in the middle of its run and wherever it happens to be: in a payment, a sale, or between."""
    orders = drinks(own_shop, CASHIERS * EACH)
    environment = os.environ | {"POSTGRES_NAME": connection.settings_dict["NAME"]}
    cashiers = [
        subprocess.Popen(
            [sys.executable, "-c", CASHIER, own_shop.slug, *(str(order.pk) for order in orders[first::CASHIERS])],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for first in range(CASHIERS)
    ]  # fmt: skip
    try:
        for cashier in cashiers:
            assert cashier.stdout.readline() == "ready\n"
        for cashier in cashiers:
            cashier.stdin.write("\n")
            cashier.stdin.flush()
        for paid, cashier in enumerate(cashiers, start=2):
            for _ in range(paid):
                assert cashier.stdout.readline().strip().isdigit()
            cashier.send_signal(signal.SIGKILL)
        killed = [cashier.wait(10) for cashier in cashiers]
    finally:
        for cashier in cashiers:
            with suppress(ProcessLookupError):
                cashier.kill()
            cashier.stdin.close()
            cashier.stdout.close()
    assert -signal.SIGKILL in killed
    done = Payment.objects.count()
    assert CASHIERS <= done < len(orders)
    sell(own_shop, 1)
    check_no_gap(done + 1)
    assert "intact" in verify(own_shop)
    check_invariants()


def check_no_gap(sales: int) -> None:
    numbers = Entry.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 2 * sales + 1))
    receipts = Entry.objects.filter(kind=Entry.Kind.SALE).order_by("receipt_number")
    assert list(receipts.values_list("receipt_number", flat=True)) == list(range(1, sales + 1))


def test_a_restored_journal_says_what_it_lost_and_goes_on(own_shop, tmp_path):
    """A backup brings back an earlier end: that is written down, and closings that it does not have are made again."""
    before = timezone.now() - dt.timedelta(days=3)
    place(own_shop, ask("margherita"), paid=Tender(CASH, uuid.uuid4()), by=COUNTER, now=before)
    pizzeria = Pizzeria.objects.get(pk=own_shop.id)
    with schema_context("public"):
        path = saving.back_up_shop(pizzeria=pizzeria, folder=tmp_path, now=timezone.now())
    sell(own_shop, 2)
    closings.close_missed(shop=own_shop, now=timezone.now())
    with schema_context("public"):
        Pizzeria.objects.filter(pk=own_shop.id).update(state=Pizzeria.State.SUSPENDED)
        restored = restoring.restore(path=path, slug=None, to=None, identity=None, now=timezone.now())
    try:
        entry = Entry.objects.get(number=3)
        assert (entry.content["event"], entry.content["detail"]["kept"]) == ("restored", 2)
        assert entry.content["detail"]["seen_by_the_group"]["number"] >= 9
        assert len(entry.content["detail"]["closings_to_make_again"]) >= 3
        assert "3 écriture(s)" in verify(own_shop)
        assert len(closings.close_missed(shop=own_shop, now=timezone.now())) == 3
        assert "intact" in verify(own_shop)
        check_invariants()
    finally:
        schemas.drop_aside(schema_name=restored.replaced_schema)
