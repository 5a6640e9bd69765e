"""Webhooks as they come: once, three times, in any order, late, never, when let go; again while nobody takes them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from stripe_stand_in import courier

SECRET = "whsec_of_this_test"  # pragma: allowlist secret


class Site(ThreadingHTTPServer):
    """Where events are sent: it keeps those whose signature the SDK accepts, and refuses the first `refusals`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Webhook)
        self.taken: list[str] = []
        self.asked = self.refusals = 0


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        site: Site = self.server  # type: ignore[assignment]
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        stripe.WebhookSignature.verify_header(body, self.headers["Stripe-Signature"], SECRET, 300)
        site.asked += 1
        refused = site.asked <= site.refusals
        if not refused:
            site.taken.append(json.loads(body)["id"])
        self.send_response(500 if refused else 204)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def site(stand) -> Iterator[Site]:
    site = Site()
    threading.Thread(target=site.serve_forever, daemon=True).start()
    stand.pull("webhooks", url=f"http://127.0.0.1:{site.server_port}/", secret=SECRET)
    yield site
    stand.pull("webhooks", url="")
    site.shutdown()
    site.server_close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def events_of(stand) -> list[str]:
    """What happened, in its order."""
    stand.taken()
    return [event["id"] for event in stand.pull("objects", kind="event")]


@pytest.mark.parametrize(("mode", "times"), [("normal", 1), ("duplicate", 3), ("disordered", 1), ("late", 1)])
def test_every_event_arrives_as_often_as_the_mode_says(stand, site, monkeypatch, mode, times):
    monkeypatch.setattr(courier, "LATE", 1.0)
    stand.pull("webhooks", mode=mode)
    started = time.monotonic()
    happened = events_of(stand)
    until(lambda: len(site.taken) == times * len(happened))
    assert sorted(site.taken) == sorted(happened * times)
    assert (time.monotonic() - started >= 1.0) or mode != "late"


def test_in_any_order_means_in_another_one(stand, site):
    stand.pull("webhooks", mode="disordered")
    happened = [event for _payment in range(4) for event in events_of(stand)]
    happened = list(dict.fromkeys(happened))
    until(lambda: len(site.taken) == len(happened))
    assert site.taken != happened


def test_what_is_lost_never_comes(stand, site):
    stand.pull("webhooks", mode="lost")
    lost = events_of(stand)
    stand.pull("webhooks", mode="normal")
    after = [event for event in events_of(stand) if event not in lost]
    until(lambda: len(site.taken) == len(after))
    assert not set(site.taken) & set(lost)


def test_what_is_held_back_comes_last_first(stand, site):
    stand.pull("webhooks", mode="held")
    happened = events_of(stand)
    assert site.taken == []
    assert stand.pull("release") == len(happened)
    until(lambda: len(site.taken) == len(happened))
    assert sorted(site.taken) == sorted(happened)


def test_what_is_not_taken_comes_again(stand, site, monkeypatch):
    monkeypatch.setattr(courier, "RETRIES", (0.05, 0.05, 0.05))
    site.refusals = 3
    happened = events_of(stand)
    until(lambda: len(site.taken) == len(happened))
    assert site.asked == len(happened) + 3
