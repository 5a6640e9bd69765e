"""The stand-in as a process of its own, for the tests of the site. Taken by `pytest_plugins` of the root conftest."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from stripe_stand_in.courier import signature

ROOT = Path(__file__).resolve().parent.parent
SECRET = "whsec_of_the_tests"  # noqa: S105


class Levers:
    """What a test does to the stand-in; Stripe's own answers come by the site's SDK."""

    def __init__(self, port: int) -> None:
        self.port, self.url = port, f"http://127.0.0.1:{port}"

    def pull(self, lever: str, **given: Any) -> Any:
        answer = requests.post(f"{self.url}/_control/{lever}", json=given, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def objects(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.pull("objects", kind=kind)
        return found

    def pay(self, page: str, card: str = "accepted") -> requests.Response:
        """As a customer does on the page, the bank's confirmation included."""
        answer = requests.post(page, {"card": card}, allow_redirects=False, timeout=10)
        location = answer.headers.get("Location", "")
        if "/c/3ds/" in location:
            return requests.post(location, {"answer": "yes"}, allow_redirects=False, timeout=10)
        return answer

    def faults(self, *faults: dict[str, Any]) -> None:
        self.pull("faults", faults=list(faults))

    def met(self) -> list[str]:
        """The kinds of the faults that the site's requests have met."""
        found: list[str] = self.pull("met")
        return found

    def calls(self, part: str = "") -> list[str]:
        """The requests that the site made, as `POST /v1/…`."""
        return [f"{method} {path}" for method, path, _key in self.pull("log") if part in path]

    def events(self) -> list[dict[str, Any]]:
        return self.objects("event")

    @staticmethod
    def signed(event: dict[str, Any], at: int | None = None, secret: str = SECRET) -> tuple[str, str]:
        """The body of a webhook and its signature."""
        body = json.dumps(event)
        return body, signature(body, secret, int(time.time()) if at is None else at)


def start(port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "stripe_stand_in", "--port", str(port), "--secret", SECRET]
    child = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 20
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/c/style.css", timeout=2)
            return child
        except requests.ConnectionError:
            if child.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="session")
def stand_in_process(free_port: Any) -> Iterator[int]:
    port = free_port()
    child = start(port)
    yield port
    child.terminate()
    child.wait(10)


@pytest.fixture
def stand_in(stand_in_process: int, settings: Any) -> Levers:
    """Stripe as this test's site knows it, with nothing in it yet. No answer is asked for twice by the SDK itself."""
    levers = Levers(stand_in_process)
    levers.pull("reset")
    levers.pull("webhooks", url="")
    settings.STRIPE_API_BASE, settings.STRIPE_API_KEY = levers.url, "sk_test_stand_in"
    settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_RETRIES = SECRET, 0
    return levers
