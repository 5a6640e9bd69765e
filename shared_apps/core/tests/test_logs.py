"""Lines of log and what Sentry is told: of the shop and the request, and of nobody."""

import inspect
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from conftest import ask, place
from shared_apps.accounts.models import Role
from shared_apps.core.logs import AboutFilter, JsonLineFormatter
from shared_apps.core.scrubbing import mask, mask_all
from shared_apps.onboarding.management.commands import schedule_tasks as often
from shared_apps.onboarding.simulation.browser import Browser, Failed
from tenant_apps.orders.models import Order
from tenant_apps.orders.tasks import tell_customer
from tenants import roles
from tenants.backend.base import LOGIN, OWNER

SECRETS = ("camille@example.com", "06 12 34 56 78", "+33612345678", "sk_live_abcdefgh12345678", "4242 4242 4242 4242")


@pytest.mark.parametrize("secret", [*SECRETS, "pi_3Qabc_secret_XyZ123", "?key=AIzaSyA1234567890"])
def test_a_secret_is_masked_wherever_it_stands(secret):
    told = mask_all({"values": [{"value": f"Key (x)=({secret}) already exists"}], "message": secret})
    assert secret not in json.dumps(told)


ROW = "(7, Camille Martin, 12 rue (au fond).\nsonner\n, t)"
BROKEN = [
    f'new row violates check constraint "a_rule"\nDETAIL:  Failing row contains {ROW}.',
    f'new row violates check constraint "a_rule"\nDETAIL:  Failing row contains {ROW}.\n\n\nThe above exception was',
    f'new row violates check constraint "a_rule"\nDETAIL:  Failing row contains {ROW}.\nCONTEXT:  SQL statement',
    "duplicate key\nDETAIL:  Key (lower(name::text), day)=(Camille Martin, 1) already exists.",
    'no such key\nDETAIL:  Key (name)=(Camille Martin) is not present in table "people".',
]


@pytest.mark.parametrize("words", BROKEN)
def test_the_row_that_breaks_a_rule_is_not_told(words):
    told = mask(words)
    assert "Camille" not in told
    assert "sonner" not in told
    assert all(
        kept in told
        for kept in ("a_rule", "The above exception", "SQL statement", "already", "people")
        if kept in words
    )


@pytest.mark.parametrize(
    "words", ["commande 1234", "59000 Lille", "2026-11-25 04:30:12", "3 × Reine", "GET /gestion/stock/12/ 200"]
)
def test_what_is_nobodys_stays_as_it_is(words):
    assert mask(words) == words


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        JsonLineFormatter("%(levelname)s %(name)s %(message)s %(request_id)s %(pizzeria)s %(user_id)s")
    )
    handler.addFilter(AboutFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    requests = logging.getLogger("ocpizza.request")
    level = requests.level
    requests.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    requests.setLevel(level)


def test_a_request_is_one_line_with_its_shop_its_user_and_its_route(shop, make_staff, visit, lines):
    cook = make_staff(Role.COOK, shop)
    answer = visit(shop, cook).get("/cuisine/?telephone=0612345678", HTTP_X_REQUEST_ID="abcdef0123456789")
    line = next(json.loads(row) for row in lines.getvalue().splitlines() if "ocpizza.request" in row)
    assert answer["X-Request-ID"] == line["request_id"] == "abcdef0123456789"
    assert (line["pizzeria"], line["user_id"], line["status"]) == (shop.slug, cook.pk, 200)
    assert line["route"] == "cuisine/"
    assert "0612345678" not in lines.getvalue()
    assert cook.email not in lines.getvalue()


def test_the_secret_address_of_an_order_is_in_no_line(shop, visit, lines):
    order = place(shop, ask("margherita"))
    visit(shop).get(f"/commande/{order.reference}/")
    assert order.reference not in lines.getvalue()


def test_a_slow_statement_is_written_without_its_values(shop, lines, settings):
    settings.SLOW_QUERY_MS = 10
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.02), %s", ["camille@example.com"])
    line = json.loads(lines.getvalue().splitlines()[-1])
    assert (line["name"], line["ms"] >= 20) == ("ocpizza.slow", True)
    assert "pg_sleep" in line["message"]
    assert "camille" not in lines.getvalue()


class Sentry(BaseHTTPRequestHandler):
    envelopes: list[str] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = zlib.decompress(body, 16 + zlib.MAX_WBITS)
        self.envelopes.append(body.decode())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[str]]]:
    """A server that keeps what Sentry would be sent: its DSN and the envelopes."""
    Sentry.envelopes = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sentry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://public@127.0.0.1:{server.server_port}/1", Sentry.envelopes
    server.shutdown()


@pytest.fixture
def web(own_shop, sentry) -> Iterator[int]:
    """A real WSGI server that reports there: Django's test client would pass by what Sentry hooks into."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "POSTGRES_NAME": connection.settings_dict["NAME"], "PORT": str(port), "SENTRY_DSN": sentry[0],
        "SENTRY_TRACES": "1", "EMAIL_URL": "dummymail://",
    }  # fmt: skip
    command = [str(Path(sys.executable).parent / "gunicorn"), "ocpizza.wsgi", "--bind", f"127.0.0.1:{port}"]
    child = subprocess.Popen(
        [*command, "--log-level", "error", "--no-control-socket"], env=environment, cwd=settings.BASE_DIR
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.05)
    yield port
    child.send_signal(signal.SIGTERM)
    child.wait(20)


def test_sentry_is_told_the_shop_and_nothing_of_anybody(own_shop, web, sentry):
    name = roles.shop_role(own_shop.schema_name)
    with roles.acting_as(LOGIN), connection.cursor() as cursor:
        quote = connection.ops.quote_name
        cursor.execute(f"ALTER ROLE {quote(name)} RENAME TO {quote(name + '_away')}")
    try:
        secrets = {"email": "camille@example.com", "phone": "06 12 34 56 78", "note": "code 4512", "card": SECRETS[-1]}
        host = f"{own_shop.slug}.ocpizza.localhost"
        sent = urllib.request.Request(
            f"http://127.0.0.1:{web}/commande/une-reference-secrete/?{urllib.parse.urlencode(secrets)}",
            headers={"Host": host, "Cookie": "sessionid=une-session-secrete", "User-Agent": "un-appareil"},
        )
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(sent)
        assert answer.value.code == 500
        deadline = time.monotonic() + 20
        while not any('"level":"error"' in envelope for envelope in sentry[1]) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        with roles.acting_as(LOGIN), connection.cursor() as cursor:
            cursor.execute(f"ALTER ROLE {quote(name + '_away')} RENAME TO {quote(name)}")
    told = "\n".join(sentry[1])
    error = next(envelope for envelope in sentry[1] if '"level":"error"' in envelope)
    assert re.search(rf'"pizzeria":\s*"{own_shop.slug}"', error)
    assert "does not exist" in error
    for secret in (*secrets.values(), "une-reference-secrete", "une-session-secrete", "un-appareil", "4512"):
        assert secret not in told
        assert urllib.parse.quote_plus(secret) not in told


def until_told(envelopes: list[str], *words: str) -> str:
    """The event of an error that says all of them."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for envelope in list(envelopes):
            if '"level":"error"' in envelope and all(word in envelope for word in words):
                return envelope
        time.sleep(0.05)
    raise AssertionError(f"Sentry was not told of {words}")


def test_sentry_is_not_told_the_row_that_broke_a_rule_nor_what_was_typed(own_shop, web, sentry):
    """Somebody signs up, and the row of the account breaks a rule: the rule is named, and nobody."""
    rule = "nobody_of_this_name"
    typed = {
        "name": "Camille Essai",
        "phone": "06 11 22 33 44",
        "email": f"{own_shop.slug}@example.com",
        "password1": "-".join(["une", "longue", "phrase", "secrete"]),
    }
    quoted = f"CHECK (name <> '{typed['name']}') NOT VALID"
    with roles.acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE public.accounts_user ADD CONSTRAINT {rule} {quoted}")
    try:
        visitor = Browser(host=f"{own_shop.slug}.ocpizza.localhost:{web}", address=f"127.0.0.1:{web}")
        with pytest.raises(Failed, match="answers 500"):
            visitor.submit(visitor.get("/compte/inscription/").form("inscription"), **typed)
        error = until_told(sentry[1], rule)
    finally:
        with roles.acting_as(OWNER), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE public.accounts_user DROP CONSTRAINT {rule}")
    assert "Failing row contains" in error  # and nothing of it
    for secret in typed.values():
        assert secret not in "\n".join(sentry[1])


def test_what_fails_in_the_worker_is_told_with_its_shop(own_shop, sentry):
    """A real worker, and a letter about an order that is not there."""
    with schema_context("public"):
        task = async_task("tenant_apps.orders.tasks.tell_customer", own_shop.id, 987654, "accepted", 0)
    environment = os.environ | {
        "POSTGRES_NAME": connection.settings_dict["NAME"], "SENTRY_DSN": sentry[0], "EMAIL_URL": "dummymail://",
    }  # fmt: skip
    worker = subprocess.Popen([sys.executable, "manage.py", "qcluster"], env=environment, cwd=settings.BASE_DIR)
    try:
        error = until_told(sentry[1], "Order matching query does not exist")
    finally:
        worker.terminate()
        worker.wait(30)
        with schema_context("public"):
            OrmQ.objects.filter(key__isnull=False).delete()
    assert task
    assert re.search(rf'"pizzeria":\s*"{own_shop.slug}"', error)
    assert not [envelope for envelope in sentry[1] if "Failed '" in envelope]  # once, and as what it is


def test_every_task_tells_what_fails():
    """`reported`, `monitored`, `of_shop` or `in_shop`: each wraps."""
    modules = [
        import_module(f"{app.name}.tasks")
        for app in apps.get_app_configs()
        if app.name.startswith(("shared_apps.", "tenant_apps.")) and (Path(app.path) / "tasks.py").exists()
    ]
    tasks = {
        f"{module.__name__}.{name}": function
        for module in modules
        for name, function in vars(module).items()
        if not name.startswith("_") and inspect.isfunction(function) and function.__module__ == module.__name__
    }  # fmt: skip
    assert len(tasks) > 20
    assert [name for name, function in tasks.items() if not hasattr(function, "__wrapped__")] == []


def test_every_schedule_is_watched():
    planned = [
        *often.EVERY_MINUTE.values(),
        *often.EVERY_FIVE_MINUTES.values(),
        *often.HOURLY.values(),
        *often.DAILY.values(),
    ]
    assert [path for path in planned if not hasattr(import_string(path), "monitor_slug")] == []


def test_a_line_of_a_task_is_about_its_shop(own_shop, lines):
    with pytest.raises(Order.DoesNotExist):
        tell_customer(own_shop.id, 987654, "accepted", 0)
    line = json.loads(lines.getvalue().splitlines()[-1])
    assert (line["pizzeria"], line["message"]) == (own_shop.slug, "tell_customer failed")


MONITORED = """
import sentry_sdk
from shared_apps.core.reporting import DAILY, monitored, start

start(dsn={dsn!r}, environment="essai", release="", traces=0)

@monitored("essai", DAILY)
def well(): pass

@monitored("essai-manque", DAILY)
def failing(): raise ValueError("camille@example.com")

well()
try:
    failing()
except ValueError:
    pass
sentry_sdk.flush(10)
"""


def test_sentry_is_told_when_a_schedule_began_and_how_it_ended(sentry):
    subprocess.run([sys.executable, "-c", MONITORED.format(dsn=sentry[0])], cwd=settings.BASE_DIR, check=True)
    told = [json.loads(line) for envelope in sentry[1] for line in envelope.splitlines() if "monitor_slug" in line]
    assert [(one["monitor_slug"], one["status"]) for one in told] == [
        ("essai", "in_progress"), ("essai", "ok"), ("essai-manque", "in_progress"), ("essai-manque", "error"),
    ]  # fmt: skip
    assert told[0]["monitor_config"]["schedule"] == {"type": "crontab", "value": "0 4 * * *"}
    assert "camille" not in "".join(sentry[1])
