"""No card number, client secret or key in a line of log, in what Sentry is sent, in any column of any schema.

A whole journey against the stand-in, with what people and machines do wrong in it: a card number in an address, a webhook
nobody signed, an error in the middle of a page, Stripe away. Then everything that was written is searched.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from conftest import COOK, MANAGER, PHONE, check_invariants
from ocpizza.tests.browsing import open_page
from ocpizza.tests.conftest import Site
from ocpizza.tests.test_money_walk import choose, pay
from shared_apps.core.tests import test_logs
from stripe_stand_in.testing import SECRET
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen, refunding
from tenant_apps.orders.services.refunding import Returned
from tenants import roles
from tenants.backend.base import LOGIN, OWNER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
sentry = test_logs.sentry
CARD = "4242 4242 4242 4242"
API_KEY = "sk_test_" + "51OcPizzaNobodyShouldReadThis"  # pragma: allowlist secret
SETTINGS = f"""
from ocpizza.settings.development import *
STRIPE_API_KEY = {API_KEY!r}
LOGGING["handlers"]["console"]["formatter"] = "json"
LOGGING["loggers"]["ocpizza.request"]["level"] = "INFO"
SLOW_QUERY_MS = 0
"""  # every request and every statement is written
NUMBER = re.compile(r"(?<![\w.-])(?:\d{13,19}|\d{4}(?:[ -]\d{4}){3}|\d{4}[ -]\d{6}[ -]\d{5})(?![\w.-])")
KEY = re.compile(r"\b(?:sk|rk|whsec)_[A-Za-z0-9_]{8,}|\b(?:pi|seti|cs)_\w+_secret_\w+")
DATABASE = r"_secret_|\m(sk|rk|whsec)_[A-Za-z0-9]|\m[2-6]\d{3}([ -]?\d){9,15}\M"
TABLES = """
    SELECT DISTINCT format('%I.%I', table_schema, table_name) FROM information_schema.columns
    JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
      AND (data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY', 'bytea'))
    ORDER BY 1
"""


def is_card(digits: str) -> bool:
    """By the check digit of ISO/IEC 7812 and a first digit of the schemes of cards."""
    numbers = [int(digit) for digit in reversed(re.sub(r"\D", "", digits))]
    doubled = [sum(divmod(2 * number, 10)) for number in numbers[1::2]]
    return numbers[-1] in range(2, 7) and (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def secrets_in(text: str, *known: str) -> list[str]:
    """Card numbers, keys, client secrets, and those that are known by name."""
    found = [number for number in NUMBER.findall(text) if is_card(number)]
    return found + KEY.findall(text) + [secret for secret in known if secret in text]


def secrets_in_the_database(*known: str) -> list[str]:
    """Every row of every schema as one text, searched by PostgreSQL; what it finds is looked at closely here."""
    found = []
    with roles.acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            pattern = "|".join([DATABASE, *(re.escape(secret) for secret in known)])
            cursor.execute(f"SELECT one::text FROM {table} AS one WHERE one::text ~ %s", [pattern])
            found += [f"{table}: {secret}" for (row,) in cursor.fetchall() for secret in secrets_in(row, *known)]
    return found


@dataclass(frozen=True)
class Watched:
    """A site whose every line and every envelope is kept."""

    site: Site
    environment: dict[str, str]
    log: Path
    envelopes: list[str]

    def manage(self, *command: str) -> None:
        with self.log.open("ab") as out:
            run = [sys.executable, "manage.py", *command]
            subprocess.run(run, env=self.environment, cwd=settings.BASE_DIR, stdout=out, stderr=out, check=False)

    def follow(self, shop, order: Order) -> None:
        """What the worker does, in a process of the site's."""
        task = f"from tenant_apps.orders import tasks; tasks.follow_payment({shop.id}, {order.pk})"
        self.manage("shell", "--command", task)


@pytest.fixture
def watched(own_shop, sentry, stand_in, free_port, tmp_path) -> Iterator[Watched]:
    (tmp_path / "watched_settings.py").write_text(SETTINGS, encoding="utf-8")
    port, log = free_port(), tmp_path / "lines.log"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "watched_settings", "PYTHONPATH": str(tmp_path), "PORT": str(port),
        "POSTGRES_NAME": connection.settings_dict["NAME"], "EMAIL_URL": "dummymail://", "STRIPE_API_KEY": "",
        "STRIPE_STAND_IN_PORT": str(stand_in.port), "STRIPE_WEBHOOK_SECRET": SECRET, "SENTRY_DSN": sentry[0],
        "SENTRY_TRACES": "1",
    }  # fmt: skip
    command = [Path(sys.executable).parent / "gunicorn", "ocpizza.wsgi", "--bind", f"127.0.0.1:{port}"]
    with log.open("ab") as out:
        options = ["--threads", "4", "--no-control-socket"]
        child = subprocess.Popen([*command, *options], env=environment, cwd=settings.BASE_DIR, stdout=out, stderr=out)
    try:
        until(lambda: answers(port))
        yield Watched(Site(port, None), environment, log, sentry[1])
    finally:
        child.terminate()
        child.wait(20)


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/static/css/base.css", timeout=2).status_code > 0
    except requests.RequestException:
        return False


def until(true) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def broken(shop) -> Iterator[None]:
    """Every page of the shop is an error."""
    name = connection.ops.quote_name(roles.shop_role(shop.schema_name))
    away = connection.ops.quote_name(roles.shop_role(shop.schema_name) + "_away")
    for old, new in ((name, away), (away, name)):
        with roles.acting_as(LOGIN), connection.cursor() as cursor:
            cursor.execute(f"ALTER ROLE {old} RENAME TO {new}")
        if new == away:
            yield


def live_through(browser, watched: Watched, shop, stand_in) -> str:
    """Paid, claimed, refunded; with what goes wrong around it. Returns a client secret of Stripe's."""
    page = open_page(browser, PHONE)
    page.set_default_timeout(60_000)  # every statement is written: a slow site
    choose(page, watched.site, shop)
    page.get_by_label("Carte refusée").check()
    page.get_by_role("button", name=re.compile("^Payer")).click()
    page.get_by_role("alert").wait_for()
    pay(page, "3-D Secure")
    order_page = page.url
    client_secret = stand_in.objects("payment_intent")[0]["client_secret"]
    order = Order.objects.get()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    watched.follow(shop, order)
    typed = {"card": CARD, "client_secret": client_secret, "key": API_KEY, "numero": CARD.replace(" ", "")}
    host = {"Host": f"{shop.slug}.ocpizza.localhost"}
    ours = f"http://127.0.0.1:{watched.site.port}"
    path = re.sub(r"^https?://[^/]+", "", order_page)
    assert requests.get(f"{ours}{path}", typed, headers=host, timeout=20).status_code == 200
    group = {"Host": "ocpizza.localhost", "Stripe-Signature": f"t=1,v1={SECRET}"}
    assert requests.post(f"{ours}/paiement/stripe/", json=typed, headers=group, timeout=20).status_code == 400
    event = stand_in.events()[-1]
    event["data"]["object"]["card_number"] = CARD
    body, signature = stand_in.signed(event)
    signed = {"Host": "ocpizza.localhost", "Stripe-Signature": signature}
    assert requests.post(f"{ours}/paiement/stripe/", data=body, headers=signed, timeout=20).status_code == 204
    with broken(shop):
        assert requests.get(f"{ours}{path}", typed, headers=host, timeout=20).status_code == 500
    stand_in.faults({"kind": "error", "times": 99})
    watched.manage("reconcile_payments")
    stand_in.faults()
    watched.manage("reconcile_payments")
    returned = Returned("froide", gesture_cents=100)
    refunding.refund(
        shop=shop, order_id=order.pk, returned=returned, submission=order.submission, by=MANAGER, now=timezone.now()
    )
    watched.follow(shop, order)
    states = {payment.kept_cents for payment in order.payments.all()}
    assert states == {order.total_cents - 100}, "captured, and given back in part"
    return client_secret


def test_after_a_whole_journey_no_card_number_client_secret_or_key_is_found(browser, watched, own_shop, stand_in):
    client_secret = live_through(browser, watched, own_shop, stand_in)
    until(lambda: any('"level":"error"' in one for one in watched.envelopes))
    known = (client_secret, API_KEY, SECRET, settings.SECRET_KEY, settings.TILL_SIGNING_KEYS[0].partition(":")[2])
    lines, envelopes = watched.log.read_text(encoding="utf-8"), "\n".join(watched.envelopes)
    assert '"status": 200' in lines
    assert "ocpizza.slow" in lines
    assert '"type":"transaction"' in envelopes
    assert secrets_in(lines, *known) == []
    assert secrets_in(envelopes, *known) == []
    assert secrets_in_the_database(*known) == []
    check_invariants()


@pytest.mark.parametrize(
    "planted", [CARD, CARD.replace(" ", ""), "4000-0027-6000-3184", "pi_3Qabc_secret_XyZ123456", API_KEY, SECRET]
)
def test_what_is_planted_is_found_so_the_search_is_no_blind_one(shop, planted):
    assert secrets_in(f'{{"message": "carte {planted} refusée"}}')
    with transaction.atomic():
        with roles.acting_as(OWNER), connection.cursor() as cursor:
            cursor.execute("CREATE TABLE public.planted (words jsonb)")
            cursor.execute("INSERT INTO public.planted VALUES (%s)", [json.dumps({"note": [f"carte {planted}"]})])
        assert [one for one in secrets_in_the_database() if "planted" in one]
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "words", ["commande 1234", "SIRET 00000000000000", "+33612345678", "2026-11-25 04:30:12.123456"]
)
def test_what_is_no_secret_is_not_found(words):
    assert secrets_in(words) == []
