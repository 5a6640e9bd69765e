"""The live process as it runs: uvicorn, PostgreSQL, and browsers over HTTP."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from conftest import ask, place
from shared_apps.live import hints, tokens
from tenant_apps.stock.models import StockLevel
from tenant_apps.stock.services.reservations import OutOfStock
from tenants import roles
from tenants.backend.base import LOGIN

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 20  # seconds before a silence is a failure; nothing waits for it otherwise


@dataclass(frozen=True)
class Event:
    name: str
    data: str
    id: str


class Listening:
    """A browser's EventSource: an open answer, read event by event."""

    def __init__(self, port: int, token: str, headers: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._connection.request("GET", f"/live/?token={quote(token)}", headers=headers or {})
        self.response = self._connection.getresponse()

    def next(self, *, beats: bool = False) -> Event:
        """Waits for the next event other than a beat."""
        while True:
            event = self._read()
            if event.name and (beats or event.name != "beat"):
                return event

    def _read(self) -> Event:
        fields = {"event": "", "data": "", "id": ""}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        assert not self.response.isclosed(), "the stream ended"
        return Event(fields["event"], fields["data"], fields["id"])

    def close(self) -> None:
        self.response.close()
        self._connection.close()


class Live:
    """The process, and those who listen to it."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid
        self._open: list[Listening] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/live/"

    def listen(self, scope: str, *topics: str, last: str = "", origin: str = "") -> Listening:
        """Somebody who has been greeted, and will hear whatever is committed from now on."""
        headers = {**({"Last-Event-ID": last} if last else {}), **({"Origin": origin} if origin else {})}
        stream = Listening(self.port, tokens.issue(scope=scope, topics=topics), headers)
        assert stream.response.status == 200
        self._open.append(stream)
        if not last:
            assert stream.next().name == "hello"
        return stream

    def hang_up(self) -> None:
        for stream in self._open:
            stream.close()
        self._open.clear()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def uvicorn(port: int) -> Iterator[subprocess.Popen[bytes]]:
    database = connection.settings_dict
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "ocpizza.settings.development"),
        "SECRET_KEY": settings.SECRET_KEY,
        "POSTGRES_NAME": database["NAME"],
        "PUBLIC_PORT": str(port - 1),
        "LIVE_PORT": str(port),
    }
    command = [sys.executable, "-m", "uvicorn", "ocpizza.asgi:application", "--port", str(port), "--no-access-log"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def until_it_listens(url: str) -> None:
    patiently = requests.Session()
    retry = Retry(total=200, status_forcelist=[503], backoff_factor=0.05, backoff_max=0.1, raise_on_status=True)
    patiently.mount("http://", HTTPAdapter(max_retries=retry))
    assert patiently.get(url, timeout=PATIENCE).json()["listening"]


@pytest.fixture(scope="module")
def process(django_db_setup) -> Iterator[Live]:
    port = free_port()
    with uvicorn(port) as started:
        live = Live(port, started.pid)
        until_it_listens(f"{live.url}sante")
        yield live


@pytest.fixture
def live(process) -> Iterator[Live]:
    yield process
    process.hang_up()


def commit(scope: str, *topics: str, group: bool = False) -> None:
    with transaction.atomic():
        hints.changed(scope=scope, topics=topics, group=group)


def test_a_committed_hint_reaches_who_listens(live, own_shop):
    screen = live.listen(own_shop.schema_name, "orders")
    commit(own_shop.schema_name, "orders")
    heard = screen.next()
    assert (heard.name, heard.data) == ("hint", "orders")
    assert heard.id


def test_everybody_who_listens_hears(live, own_shop):
    kitchen, counter = (live.listen(own_shop.schema_name, "orders") for _ in range(2))
    commit(own_shop.schema_name, "orders")
    assert kitchen.next() == counter.next()


def test_an_order_placed_reaches_the_kitchen_and_head_office(live, own_shop):
    kitchen = live.listen(own_shop.schema_name, "orders")
    group = live.listen("public", "group")
    place(own_shop)
    assert "orders" in kitchen.next().data.split()
    assert "group" in group.next().data.split()


def test_a_transaction_rolled_back_sends_nothing(live, own_shop):
    screen = live.listen(own_shop.schema_name, "orders", "stock")
    with transaction.atomic():
        hints.changed(scope=own_shop.schema_name, topics=["orders"])
        transaction.set_rollback(True)
    commit(own_shop.schema_name, "stock")
    assert screen.next().data == "stock"


def test_an_order_that_is_refused_sends_nothing(live, own_shop):
    StockLevel.objects.filter(ingredient__code="basilic").update(on_hand=0, shortage=True)
    screen = live.listen(own_shop.schema_name, "orders", "stock")
    with pytest.raises(OutOfStock):
        place(own_shop, ask("margherita"))
    commit(own_shop.schema_name, "stock")
    assert screen.next().data == "stock"


def test_the_topics_of_another_shop_are_not_heard(live, own_shop):
    screen = live.listen(own_shop.schema_name, "orders", "stock")
    commit("shop_nation", "orders", "stock", group=True)
    commit(own_shop.schema_name, "stock")
    assert screen.next().data == "stock"


def test_topics_not_asked_for_are_not_heard(live, own_shop):
    screen = live.listen(own_shop.schema_name, "stock")
    commit(own_shop.schema_name, "orders")
    commit(own_shop.schema_name, "stock")
    assert screen.next().data == "stock"


def test_one_who_comes_back_hears_what_was_said_meanwhile(live, own_shop):
    away, there = (live.listen(own_shop.schema_name, "orders", "stock") for _ in range(2))
    commit(own_shop.schema_name, "orders")
    seen = away.next().id
    away.close()
    commit(own_shop.schema_name, "stock")
    assert [there.next().data, there.next().data] == ["orders", "stock"]  # it was said, and nobody was there
    back = live.listen(own_shop.schema_name, "orders", "stock", last=seen)
    assert back.next().data == "stock"


def test_one_who_comes_back_may_say_so_in_the_address(live, own_shop):
    token = tokens.issue(scope=own_shop.schema_name, topics=["orders"])
    answer = requests.get(live.url, params={"token": token, "last": "another-5"}, stream=True, timeout=PATIENCE)
    lines = answer.iter_lines(decode_unicode=True)
    assert next(line for line in lines if line.startswith("event:")) == "event: resync"
    answer.close()


def test_a_silent_stream_beats_so_that_the_page_knows_it_is_alive(live, own_shop):
    screen = live.listen(own_shop.schema_name, "orders")
    assert screen.next(beats=True).name == "beat"


def test_the_answer_is_an_event_stream_that_nobody_keeps_nor_buffers(live, own_shop):
    headers = live.listen(own_shop.schema_name, "orders").response.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert "no-store" in headers["cache-control"]
    assert headers["x-accel-buffering"] == "no"


def stale_token() -> str:
    signer = signing.TimestampSigner(salt=tokens.SALT)
    signer.timestamp = lambda: signing.b62_encode(1_700_000_000)  # November 2023
    return signer.sign_object(["shop_nation:orders"])


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("nonsense", id="nonsense"),
        pytest.param(tokens.issue(scope="shop_nation", topics=["orders"])[:-1], id="cut"),
        pytest.param("x" + tokens.issue(scope="shop_nation", topics=["orders"]), id="changed"),
        pytest.param(signing.dumps(["shop_nation:orders"], salt="another use"), id="signed for another use"),
        pytest.param(signing.dumps(["shop_nation:orders"], salt="live", key="another key"), id="signed by another"),
        pytest.param(stale_token(), id="too old"),
    ],
)
def test_a_bad_token_is_refused(live, token):
    answer = requests.get(live.url, params={"token": token}, timeout=PATIENCE, stream=True)
    assert answer.status_code == 403
    assert answer.content == b""


def test_no_token_at_all_is_refused(live):
    assert requests.get(live.url, timeout=PATIENCE, stream=True).status_code == 403


@pytest.mark.parametrize("path", ["/", "/live", "/live/autre", "/admin/"])
def test_the_live_process_serves_nothing_else(live, path):
    assert requests.get(f"http://127.0.0.1:{live.port}{path}", timeout=PATIENCE).status_code == 404


def test_pages_of_the_group_and_of_its_shops_may_read_it_and_no_other(live, own_shop):
    allowed = [settings.BASE_DOMAIN, f"nation.{settings.BASE_DOMAIN}"]
    refused = ["example.com", f"{settings.BASE_DOMAIN}.example.com", f"not{settings.BASE_DOMAIN}"]
    for host in (*allowed, *refused):
        origin = f"http://{host}:8000"
        headers = live.listen(own_shop.schema_name, "orders", origin=origin).response.headers
        assert headers["access-control-allow-origin"] == (origin if host in allowed else None)


def test_those_who_leave_are_forgotten(live, own_shop):
    until_clients(live, 0)
    screen, _witness = (live.listen(own_shop.schema_name, "orders") for _ in range(2))
    until_clients(live, 2)
    screen.close()
    until_clients(live, 1)


def until_clients(live: Live, wanted: int) -> None:
    """Asks until the process has seen who came and who left."""
    deadline = time.monotonic() + PATIENCE
    while (clients := requests.get(f"{live.url}sante", timeout=PATIENCE).json()["clients"]) != wanted:
        assert time.monotonic() < deadline, f"{clients} clients, not {wanted}"


def kill_backends(live: Live) -> int:
    """As an administrator would, or a restart of PostgreSQL; of this process only."""
    with roles.acting_as(LOGIN), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s",
            [f"ocpizza-live {live.pid}"],
        )
        return cursor.fetchone()[0]


def test_after_its_connection_was_killed_everybody_fetches_again_and_hears_again(live, own_shop):
    here, elsewhere = live.listen(own_shop.schema_name, "orders"), live.listen("shop_nation", "orders")
    commit(own_shop.schema_name, "orders")
    before = here.next()
    assert kill_backends(live) == 1
    assert here.next().name == "resync"
    assert elsewhere.next().name == "resync"
    commit(own_shop.schema_name, "orders")
    after = here.next()
    assert (after.name, after.data) == ("hint", "orders")
    assert after.id.partition("-")[0] != before.id.partition("-")[0]
    assert live.listen(own_shop.schema_name, "orders", last=before.id).next().name == "resync"
