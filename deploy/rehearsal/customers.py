"""Customers who order through nginx, each from an address of loopback's own, and send again what was not answered."""

import contextlib
import http.client
import socket
import ssl
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path

from installed import DOMAIN, SHOPS
from machine import REPOSITORY, Stop

sys.path.insert(0, str(REPOSITORY))
from shared_apps.onboarding.simulation.browser import Browser, Failed

PER_SHOP = 3
THINKS = 0.25  # seconds between two acts of a customer
LONGEST_WAIT = 1.0  # what Retry-After asks for is respected up to here, so that a scene stays short
PATIENCE = 120
WHO = {"name": "Camille Vandewalle", "phone": "06 12 34 56 78", "email": "camille.vandewalle@example.com"}
DOOR = {"street": "7 rue Sophie Germain", "postcode": "59130", "city": "Lambersart"}


@dataclass
class Tally:
    """What happened in one scene."""

    began: float = field(default_factory=time.monotonic)
    seconds: float = 0
    requests: int = 0
    paused: int = 0  # 503 with Retry-After, from nginx
    failures: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)  # in words
    refused: set[str] = field(default_factory=set)  # submissions that got one
    sent: set[str] = field(default_factory=set)  # submissions of checkout forms
    confirmed: set[str] = field(default_factory=set)  # their orders' pages
    taken: list[float] = field(default_factory=list)  # seconds of each answered request
    first_pause: float | None = None
    last_pause: float | None = None

    @property
    def outage(self) -> float:
        return self.last_pause - self.first_pause if self.first_pause and self.last_pause else 0.0

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        return 1000 * sorted(self.taken)[int(share * (len(self.taken) - 1))] if self.taken else 0.0


class Customer(Browser):
    scheme = "https"

    def __init__(self, slug: str, address: str, crowd: "Crowd", *, forwarded: str = "") -> None:
        """`forwarded` is what they write about themselves in X-Forwarded-For."""
        super().__init__(host=f"{slug}.{DOMAIN}", address="127.0.0.1:443")
        self.source, self.crowd = address, crowd
        self.headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    def connection(self) -> http.client.HTTPConnection:
        raw = socket.create_connection(("127.0.0.1", 443), timeout=30, source_address=(self.source, 0))
        connection = http.client.HTTPConnection(self.host)
        connection.sock = self.crowd.context.wrap_socket(raw, server_hostname=self.host)
        return connection

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        """Sent again, the same, until there is an answer: as the page of nginx does, and as people do."""
        until = time.monotonic() + PATIENCE
        while True:
            again = self._once(method, path, body)
            if isinstance(again, tuple):
                return again
            if time.monotonic() > until:
                raise Failed(f"{method} {path}: no answer in {PATIENCE} s")
            time.sleep(again)

    def _once(self, method: str, path: str, body: str | None) -> tuple[int, str, str] | float:
        """The answer, or how many seconds to wait before sending again."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": self.host, "Cookie": cookies, **self.headers}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{self.host}"}
        began = time.monotonic()
        try:
            with contextlib.closing(self.connection()) as connection:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                html = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            self.crowd.failed(f"{type(error).__name__} ({method} {path.split('/')[1]})")
            return 0.5
        return self._understood(method, path, answer.status, answer.headers, html, time.monotonic() - began)

    def _understood(
        self, method: str, path: str, status: int, headers: http.client.HTTPMessage, html: str, seconds: float
    ) -> tuple[int, str, str] | float:
        if status == 503 and headers.get("Retry-After"):
            self.crowd.waited()
            return min(LONGEST_WAIT, float(headers["Retry-After"]))
        if status >= 500 or status == 429:
            self.crowd.failed(f"{status} ({method} {path.split('/')[1]})")
            return 0.5
        self.crowd.answered(seconds)
        for header in headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return status, headers.get("Location", ""), html

    def sign_in(self, email: str, password: str) -> None:
        page = self.submit(self.get("/compte/connexion/").form(r"^/compte/connexion/"), login=email, password=password)
        if page.refused:
            raise Stop(f"{email} n’entre pas : {page.refusal}")

    def order(self, *, delivered: bool = False) -> bool:
        """From the card to the tracking page; whether there is an order at the end. Raises Failed."""
        door, way, pizzas = (DOOR, "livraison", 3) if delivered else ({}, "a-emporter", 1)
        self.get("/")
        product = self.get("/carte/margherita/")
        self.submit(product.form(r"^/carte/margherita/"), quantity=str(pizzas))
        page = self.get(f"/commander/{way}/")
        for _attempt in range(3):  # a time that somebody else took meanwhile is refused in words
            form = page.form(r"^/commander/")
            submission = self.crowd.sends(form.fields["submission"])
            page = self.submit(form, **WHO, **door)
            if page.path.startswith("/commande/"):
                self.crowd.confirms(self.host + page.path)
                return True
            self.crowd.refused(page.refusal, submission)
        return False


class Crowd:
    """All the customers of the three shops; `scene` gives what they lived through while it lasted."""

    def __init__(self, authority: Path) -> None:
        self.context = ssl.create_default_context(cafile=str(authority))
        self.tally = Tally()
        self._lock, self._over = threading.Lock(), threading.Event()

    @contextlib.contextmanager
    def scene(self, shops: Sequence[str] = SHOPS) -> Iterator[Tally]:
        """Customers of these shops come and order during the block; at its end each finishes what they began."""
        self.tally, self._over = Tally(), threading.Event()
        threads = [
            threading.Thread(target=self._visit, args=(slug, f"127.1.{shop + 1}.{number + 1}"))
            for shop, slug in enumerate(shops)
            for number in range(PER_SHOP)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self.tally
        finally:
            self._over.set()
            for thread in threads:
                thread.join(2 * PATIENCE)
            self.tally.seconds = time.monotonic() - self.tally.began
        if any(thread.is_alive() for thread in threads):
            raise Stop("un client attend encore")

    def _visit(self, slug: str, address: str) -> None:
        while not self._over.is_set():
            try:
                Customer(slug, address, self).order()
            except Failed as error:
                self.failed(f"page : {error}")
            self._over.wait(THINKS)

    def answered(self, seconds: float) -> None:
        with self._lock:
            self.tally.requests += 1
            self.tally.taken.append(seconds)

    def waited(self) -> None:
        with self._lock:
            self.tally.requests += 1
            self.tally.paused += 1
            self.tally.last_pause = time.monotonic()
            self.tally.first_pause = self.tally.first_pause or self.tally.last_pause

    def failed(self, what: str) -> None:
        with self._lock:
            self.tally.requests += 1
            self.tally.failures[what] += 1

    def refused(self, words: str, submission: str) -> None:
        with self._lock:
            self.tally.refusals[words] += 1
            self.tally.refused.add(submission)

    def sends(self, submission: str) -> str:
        """As the database writes it."""
        written = str(uuid.UUID(submission))
        with self._lock:
            self.tally.sent.add(written)
        return written

    def confirms(self, page: str) -> None:
        with self._lock:
            self.tally.confirmed.add(page)


def counts(tally: Tally) -> Mapping[str, str]:
    return {
        "durée": f"{tally.seconds:.0f} s",
        "requêtes": str(tally.requests),
        "503": str(tally.paused),
        "échecs": str(tally.failures.total()),
        "p95": f"{tally.quantile(0.95):.0f} ms",
    }
