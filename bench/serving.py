"""Two sites under gunicorn on one database: ours, and a bare Django page that makes the same queries.

Both run with the same workers and threads, and are asked in turn by the same readers for the same page, by the same visitor.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import load
from bench.reporting import Line, Target, expect
from shared_apps.accounts.models import User
from tenants import roles
from tenants.hosts import Shop

ROUNDS = 5
SECONDS = 3
WORKERS, THREADS = 2, 4
OURS = "ocpizza.wsgi:application"
# Made anew in every answer: the tokens of the forms and of the stream, the moment, where the page says it is.
NEW_EACH_TIME = re.compile(
    r'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<=\?token=)[^"]+|(?<=data-now=")\d+|aria-current="page"|(?<=next=)[^"]*'
)


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Visit:
    """Who opens which page, so that both sites can be asked for the same one."""

    shop: Shop
    path: str
    email: str
    cookies: dict[str, str]

    @property
    def host(self) -> str:
        return f"{self.shop.slug}.{settings.BASE_DOMAIN}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Host": self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}


def signed_in(user: User) -> dict[str, str]:
    """The cookie of a session of theirs."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}


def compared(
    visit: Visit, *, work: str, target: Target, count: Callable[[str], int], counted: int, words: str
) -> Iterator[Line]:
    """Pages a second of ours against those of the bare page; `count` finds in a page the things whose number is `counted`."""
    statements = _statements(visit)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(gunicorn(OURS, visit.path, visit.headers)).port
        bare = stack.enter_context(_bare_site(visit, statements, folder))
        pages = {
            "ours": load.Page(ours, visit.path, visit.headers),
            "replayed": load.Page(bare, "/", visit.headers),
            "view": load.Page(bare, "/view/", visit.headers),
        }
        size = _check(pages, count, counted)
        rates: dict[str, list[float]] = {name: [] for name in pages}
        for page in pages.values():
            load.rate(page, seconds=1)  # every thread has its connection
        for _round in range(ROUNDS):
            for name, page in pages.items():
                rates[name].append(load.rate(page, seconds=SECONDS))
    checked = f"the same page of {size} kB from the three, {counted} {words}, {len(statements)} statements; every answer a 200"
    references = {
        "replayed": (f"bare Django page: same {len(statements)} statements and template", target),
        "view": ("same view, bare Django: no tenancy, session, middleware", None),
    }
    for name, (reference, wanted) in references.items():
        yield Line(
            work=work,
            reference=reference,
            unit="pages/s",
            ours=rates["ours"],
            theirs=rates[name],
            checked=checked,
            target=wanted,
        )


def _statements(visit: Visit) -> list[str]:
    """What one request to our page asks the database, once the process knows the host."""
    client = Client(headers={"host": visit.host})
    client.cookies.load(visit.cookies)
    expect(f"the answer of {visit.path}", found=client.get(visit.path).status_code, wanted=200)
    with CaptureQueriesContext(connection) as captured:
        client.get(visit.path)
    return [query["sql"] for query in captured.captured_queries]


def _check(pages: dict[str, load.Page], count: Callable[[str], int], counted: int) -> int:
    """The three pages are the same; returns their size in kB. Raises NotDone."""
    bodies = {name: _body(page) for name, page in pages.items()}
    for name, body in bodies.items():
        expect(f"what the page {name} shows", found=count(body), wanted=counted)
        expect(f"the page {name} is ours", found=body == bodies["ours"], wanted=True)
    return len(bodies["ours"].encode()) // 1000


def _body(page: load.Page) -> str:
    with contextlib.closing(page.connect()) as over:
        return NEW_EACH_TIME.sub("", page.fetch(over).decode())


@contextlib.contextmanager
def _bare_site(visit: Visit, statements: list[str], folder: Path) -> Iterator[int]:
    kept = folder / "statements.json"
    kept.write_text(json.dumps(statements), encoding="utf-8")
    more = {
        "DJANGO_SETTINGS_MODULE": "bench.bare_settings",
        "BENCH_STATEMENTS": str(kept),
        "BENCH_SCHEMA": visit.shop.schema_name,
        "BENCH_ROLE": roles.shop_role(visit.shop.schema_name),
        "BENCH_VISITOR": visit.email,
        "BENCH_PAGE": visit.path,
        "BENCH_COOKIES": json.dumps(visit.cookies),
    }
    with gunicorn("django.core.wsgi:get_wsgi_application()", "/", visit.headers, more) as server:
        yield server.port


@contextlib.contextmanager
def gunicorn(
    application: str, path: str, headers: dict[str, str], more: dict[str, str] | None = None, *, workers: int = WORKERS
) -> Iterator[Server]:
    """It answers within the block: it has served that path. `more` is added to its environment."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--worker-class", "gthread", "--workers", str(workers), "--threads", str(THREADS), "--keep-alive", "30"]
    quietly = {"PYTHONWARNINGS": "ignore"}  # no static files are collected here
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, env=os.environ | quietly | (more or {}))
    try:
        _wait(load.Page(port, path, headers), process)
        yield Server(port, process.pid)
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
