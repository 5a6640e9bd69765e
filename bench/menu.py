"""The menu of a shop through gunicorn, against bare Django pages that make the same queries.

The work: a customer who is signed in, with a basket, opens `/` of a shop: host, schema and role, session, user, basket,
the card with what the stock allows of each product, hours, settings, origins; the whole page rendered. Both sites run
under gunicorn with the same workers and threads, on the same database, and are asked in turn by the same readers.
"""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import schema_context

from bench import load, shops
from bench.reporting import Line, Target, expect
from shared_apps.accounts.models import User
from shared_apps.baskets import services as baskets
from shared_apps.catalogue.models import Product
from tenants import roles
from tenants.hosts import Shop

ROUNDS = 5
SECONDS = 3
WORKERS, THREADS = 2, 4
EMAIL = "cliente@bench.example"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who opens which page, so that both sites can be asked for the same one."""

    shop: Shop
    host: str
    cookies: dict[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Host": self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}


def lines() -> Iterator[Line]:
    visit = _visit()
    statements = _statements(visit)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(_gunicorn("ocpizza.wsgi:application", visit))
        bare = stack.enter_context(_bare_site(visit, statements, folder))
        pages = {
            "ours": load.Page(ours, "/", visit.headers),
            "replayed": load.Page(bare, "/", visit.headers),
            "view": load.Page(bare, "/view/", visit.headers),
        }
        checked = _check(pages, len(statements))
        rates: dict[str, list[float]] = {name: [] for name in pages}
        for page in pages.values():
            load.rate(page, seconds=1)  # every thread has its connection
        for _round in range(ROUNDS):
            for name, page in pages.items():
                rates[name].append(load.rate(page, seconds=SECONDS))
    references = {
        "replayed": (f"bare Django page: same {len(statements)} statements and template", Target(">=", 0.9)),
        "view": ("same view, bare Django: no tenancy, session, middleware", None),
    }
    for name, (reference, target) in references.items():
        yield Line(
            work="menu page, customer signed in, gunicorn",
            reference=reference,
            unit="pages/s",
            ours=rates["ours"],
            theirs=rates[name],
            checked=checked,
            target=target,
        )


def _visit() -> Visit:
    (shop,) = shops.opened(1, kind="menu")
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL, name="Camille")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    with schema_context(shop.schema_name):
        basket = baskets.create(pizzeria_id=shop.id)
        for line in shops.three_pizzas():
            baskets.add(basket=basket, configuration=line.configuration, quantity=line.quantity)
    cookies = {settings.SESSION_COOKIE_NAME: str(session.session_key), baskets.COOKIE: str(basket.token)}
    return Visit(shop, f"{shop.slug}.{settings.BASE_DOMAIN}", cookies)


def _statements(visit: Visit) -> list[str]:
    """What one request to our menu asks the database, once the process knows the host."""
    client = Client(headers={"host": visit.host})
    client.cookies.load(visit.cookies)
    expect("the menu's answer", found=client.get("/").status_code, wanted=200)
    with CaptureQueriesContext(connection) as captured:
        client.get("/")
    return [query["sql"] for query in captured.captured_queries]


def _check(pages: dict[str, load.Page], statements: int) -> str:
    """The three pages are the same but for the token of their forms. Raises NotDone."""
    bodies = {name: _body(page) for name, page in pages.items()}
    products = Product.objects.filter(published=True).count()
    for name, body in bodies.items():
        expect(f"products on the page {name}", found=body.count('<li class="card dish'), wanted=products)
        expect(f"the page {name} is ours", found=body == bodies["ours"], wanted=True)
    size = len(bodies["ours"].encode()) // 1000
    return (
        f"the same page of {size} kB from the three, {products} products, {statements} statements; every answer a 200"
    )


def _body(page: load.Page) -> str:
    with contextlib.closing(page.connect()) as over:
        text = page.fetch(over).decode()
    return re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", text).replace("?next=/view/", "?next=/")


@contextlib.contextmanager
def _bare_site(visit: Visit, statements: list[str], folder: Path) -> Iterator[int]:
    kept = folder / "statements.json"
    kept.write_text(json.dumps(statements), encoding="utf-8")
    more = {
        "DJANGO_SETTINGS_MODULE": "bench.bare_settings",
        "BENCH_STATEMENTS": str(kept),
        "BENCH_SCHEMA": visit.shop.schema_name,
        "BENCH_ROLE": roles.shop_role(visit.shop.schema_name),
        "BENCH_VISITOR": EMAIL,
        "BENCH_COOKIES": json.dumps(visit.cookies),
    }
    with _gunicorn("django.core.wsgi:get_wsgi_application()", visit, more) as port:
        yield port


@contextlib.contextmanager
def _gunicorn(application: str, visit: Visit, more: dict[str, str] | None = None) -> Iterator[int]:
    """The port where it answers, within the block."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "30"]
    quietly = {"PYTHONWARNINGS": "ignore"}  # no static files are collected here
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, env=os.environ | quietly | (more or {}))
    try:
        _wait(load.Page(port, "/", visit.headers), process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(page: load.Page, process: subprocess.Popen[bytes]) -> None:
    """Until it answers. Raises what prevents it when the process is gone or 30 seconds have passed."""
    patience = time.monotonic() + 30
    while True:
        try:
            with contextlib.closing(page.connect()) as over:
                page.fetch(over)
            return
        except (ConnectionError, http.client.HTTPException):
            if process.poll() is not None or time.monotonic() > patience:
                raise
            time.sleep(0.1)
