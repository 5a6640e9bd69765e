"""Bad days of a whole site, with a PostgreSQL and processes of its own: something dies in the middle of the service.

Nothing is lost, nothing is done twice, screens say what is going on and are right again by themselves.
"""

import contextlib
import os
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psycopg2
import pytest
from playwright.sync_api import Page, expect

from ocpizza import embedded_postgres
from ocpizza.embedded_postgres import Server
from ocpizza.tests.browsing import open_page
from ocpizza.tests.conftest import ROOT, _free_port
from shared_apps.onboarding import demo
from shared_apps.onboarding.simulation.browser import Browser, Failed, Form

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SLUG, SCHEMA = "lille-centre", "shop_lille_centre"
CUSTOMERS, ORDERS_EACH = 6, 4
PATIENCE = 60
Result = TypeVar("Result")


class Letterbox(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given, and can be told to hold a letter before it says that it has it."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Delivery)
        self.letters: list[str] = []
        self.held = threading.Event()  # somebody is waiting for our answer
        self.open = threading.Event()
        self.open.set()


class Delivery(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: Letterbox = self.server  # type: ignore[assignment]
        self.wfile.write(b"220 letterbox\r\n")
        with contextlib.suppress(OSError):
            while line := self.rfile.readline().strip().upper():
                if line == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    letter = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                    if not box.open.is_set():
                        box.held.set()
                        box.open.wait(PATIENCE)
                    self.wfile.write(b"250 kept\r\n")
                    box.letters.append(letter)
                else:
                    self.wfile.write(b"221 bye\r\n" if line == b"QUIT" else b"250 yes\r\n")


@dataclass
class Whole:
    """A site as `make run` starts it."""

    port: int
    postgres: Server
    letters: Letterbox
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def host(self) -> str:
        return f"{SLUG}.ocpizza.localhost:{self.port}"

    def browser(self) -> Browser:
        return Browser(host=self.host, address=f"127.0.0.1:{self.port}")

    def count(self, statement: str) -> int:
        connection = psycopg2.connect(
            host=str(self.postgres.socket_dir), port=self.postgres.port, user="postgres", dbname="ocpizza"
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET search_path = {SCHEMA}, public")
                cursor.execute(statement)
                return cursor.fetchone()[0]
        finally:
            connection.close()

    def processes(self, words: str) -> list[int]:
        """Those of this site whose command says so."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                mine = f"RUN_DIR={self.environment['RUN_DIR']}".encode()
                if words in command and mine in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found

    def kill(self, words: str) -> None:
        victims = self.processes(words)
        assert victims, f"nothing runs {words}"
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)

    def check_invariants(self) -> None:
        command = [sys.executable, "manage.py", "check_invariants"]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def whole() -> Iterator[Whole]:
    folder = Path(tempfile.mkdtemp(prefix="ocpizza-", dir="/var/tmp"))
    assert embedded_postgres.reachable(folder)
    postgres = Server(folder, 5432, embedded_postgres.programs())
    letters, port = Letterbox(), _free_port()
    threading.Thread(target=letters.serve_forever, daemon=True).start()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ocpizza.settings.development",
        "POSTGRES_HOST": str(folder), "POSTGRES_PORT": "5432", "POSTGRES_USER": "ocpizza", "POSTGRES_NAME": "ocpizza",
        "PORT": str(port), "LIVE_PORT": str(port + 1), "RUN_DIR": str(folder / "run"), "WEB_WORKERS": "2",
        "EMAIL_URL": f"smtp://127.0.0.1:{letters.server_address[1]}", "TASK_TIMEOUT_SECONDS": "4",
    }  # fmt: skip
    site = Whole(port, postgres, letters, environment)
    embedded_postgres.start(postgres)
    log = (folder / "serve.log").open("w")
    site.process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--demo"], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        until(lambda: answers(site), seconds=300)  # it makes the demonstration's shops and their past
        yield site
    finally:
        site.process.terminate()
        site.process.wait(60)
        letters.shutdown()
        embedded_postgres.stop(postgres)
        shutil.rmtree(folder, ignore_errors=True)


def answers(site: Whole, *, live: bool = False) -> bool:
    address = f"127.0.0.1:{site.port + 1}/live/sante" if live else f"127.0.0.1:{site.port}/"
    try:
        ask = urllib.request.Request(f"http://{address}", headers={"Host": site.host})
        urllib.request.urlopen(ask, timeout=5).close()
    except (TimeoutError, OSError):
        return False
    return True


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


def again(step: Callable[[], Result]) -> Result:
    """Presses the button again until the site answers, as people do."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return step()
        except (Failed, OSError):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def checkout(browser: Browser) -> Form:
    """A margherita in the basket, and the form that orders it, filled."""
    product = again(lambda: browser.get("/carte/margherita/"))
    again(lambda: browser.submit(product.form(r"^/carte/margherita/")))
    form = again(lambda: browser.get("/commander/a-emporter/")).form(r"^/commander/")
    form.fields |= {"name": "Camille Martin", "phone": "06 12 34 56 78", "email": "camille@example.com"}
    return form


def order(browser: Browser) -> str:
    """Its tracking address; sent again for as long as no answer comes, it is the same order."""
    form = checkout(browser)
    page = again(lambda: browser.submit(form))
    assert page.path.startswith("/commande/"), page.refusal
    return page.path


def keep_ordering(site: Whole, placed: list[str]) -> threading.Thread:
    def customer() -> None:
        browser = site.browser()
        placed.extend(order(browser) for _order in range(ORDERS_EACH))

    def everybody() -> None:
        threads = [threading.Thread(target=customer) for _customer in range(CUSTOMERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    service = threading.Thread(target=everybody)
    service.start()
    return service


def kitchen_of(browser, site: Whole) -> Page:
    page = open_page(browser)
    page.goto(f"http://{site.host}/compte/connexion/")
    page.get_by_label("E-mail").fill(f"cuisine@{SLUG}.example")
    page.get_by_label("Mot de passe").fill(demo.PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("[data-live-status]")).to_have_text("En direct", timeout=15_000)
    return page


@pytest.fixture
def busy(browser, whole) -> Iterator[tuple[Whole, Page, list[str]]]:
    """A service under way with the kitchen looking on; at its end every order is there once, and all adds up."""
    before = whole.count("SELECT count(*) FROM orders_order")
    kitchen, placed = kitchen_of(browser, whole), list[str]()
    service = keep_ordering(whole, placed)
    until(lambda: len(placed) >= 3)
    yield whole, kitchen, placed
    service.join(2 * PATIENCE)
    assert len(set(placed)) == len(placed) == CUSTOMERS * ORDERS_EACH
    assert whole.count("SELECT count(*) FROM orders_order") - before == len(placed)
    whole.check_invariants()


def shown(kitchen: Page) -> int:
    return kitchen.locator("[data-ticket]").count()


def board_is_right(whole: Whole, kitchen: Page, service_over: Callable[[], bool]) -> None:
    until(service_over, seconds=PATIENCE)
    to_make = "SELECT count(*) FROM orders_order JOIN shop_slot ON shop_slot.id = slot_id"
    to_make += " WHERE state IN ('accepted', 'preparing') AND starts_at <= now() + interval '60 minutes'"
    expect(kitchen.locator("[data-ticket]")).to_have_count(whole.count(to_make), timeout=15_000)


def test_postgresql_restarts_in_the_middle_of_the_service(busy):
    whole, kitchen, placed = busy
    status = kitchen.locator("[data-live-status]")
    embedded_postgres.stop(whole.postgres)
    try:
        expect(status).to_have_text(re.compile("Coupé"), timeout=5000)
    finally:
        embedded_postgres.start(whole.postgres)
    expect(status).to_have_text("En direct", timeout=15_000)
    board_is_right(whole, kitchen, lambda: len(placed) == CUSTOMERS * ORDERS_EACH)


def test_the_live_process_is_killed(busy):
    whole, kitchen, placed = busy
    dead = whole.processes("ocpizza.asgi")
    whole.kill("ocpizza.asgi")
    expect(kitchen.locator("[data-live-status]")).to_have_text(re.compile("Coupé"), timeout=5000)
    until(lambda: answers(whole, live=True) and not set(dead) & set(whole.processes("ocpizza.asgi")))
    expect(kitchen.locator("[data-live-status]")).to_have_text("En direct", timeout=15_000)
    board_is_right(whole, kitchen, lambda: len(placed) == CUSTOMERS * ORDERS_EACH)


def test_the_web_processes_are_killed(busy):
    whole, kitchen, placed = busy
    whole.kill("ocpizza.wsgi")
    board_is_right(whole, kitchen, lambda: len(placed) == CUSTOMERS * ORDERS_EACH)


def test_a_worker_killed_in_the_middle_of_a_letter_sends_it_once(whole):
    until(lambda: whole.count("SELECT count(*) FROM django_q_ormq") == 0)
    before = len(whole.letters.letters)
    whole.letters.held.clear()
    whole.letters.open.clear()
    number = order(whole.browser())
    assert whole.letters.held.wait(PATIENCE)
    whole.kill("qcluster")
    whole.letters.open.set()
    until(lambda: whole.count("SELECT count(*) FROM told_message WHERE sent_at IS NULL") == 0)
    until(lambda: whole.count("SELECT count(*) FROM django_q_ormq") == 0)
    written = [letter for letter in whole.letters.letters[before:] if number.strip("/").split("/")[-1] in flat(letter)]
    assert len(written) >= 1
    names = {re.search(r"^Message-ID:\s*(\S+)", flat(letter), re.MULTILINE | re.IGNORECASE)[1] for letter in written}
    assert len(names) == 1  # one letter for whoever receives it, even where nobody can tell whether the first one left
    assert whole.count("SELECT count(*) FROM told_message WHERE sent_at IS NOT NULL AND kind = 'confirmation'") == (
        whole.count("SELECT count(*) FROM orders_order")
    )


def flat(letter: str) -> str:
    """Without the soft line breaks of quoted-printable."""
    return letter.replace("=\r\n", "").replace("=\n", "")
