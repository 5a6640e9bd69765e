"""Webhooks: signed, tried again until they are taken, and on demand doubled, disordered, late, lost or held back."""

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from stripe_stand_in.objects import Object
from stripe_stand_in.world import World

MODES = ("normal", "duplicate", "disordered", "late", "lost", "held")
RETRIES = (1, 5, 30, 120, 600)  # seconds
LATE, SPREAD = 5.0, 1.5  # seconds


def signature(body: str, secret: str, at: int) -> str:
    """The Stripe-Signature header."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Courier(threading.Thread):
    def __init__(self, world: World, url: str = "", secret: str = "") -> None:
        super().__init__(daemon=True, name="courier")
        self.world, self.url, self.secret, self.mode = world, url, secret, "normal"
        self.held: list[Object] = []
        self.delivered: list[str] = []
        self._due: list[tuple[float, int, int, Object]] = []
        self._numbers = itertools.count()
        self._ready = threading.Condition()
        self._pool = ThreadPoolExecutor(4)
        world.on_event, world.endpoints = self.take, 1

    def take(self, event: Object) -> None:
        if self.mode == "held":
            self.held.append(event)
        elif self.mode != "lost":
            for _ in range(3 if self.mode == "duplicate" else 1):
                self._schedule(event, self._delay())

    def _delay(self) -> float:
        if self.mode == "disordered":
            return random.uniform(0, SPREAD)
        return LATE if self.mode == "late" else 0

    def release(self) -> int:
        """Sends what was held back, last first; how many."""
        held, self.held = self.held, []
        for event in reversed(held):
            self._schedule(event, 0)
        return len(held)

    def _schedule(self, event: Object, delay: float, attempt: int = 0) -> None:
        if not self.url:
            return
        with self._ready:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._numbers), attempt, event))
            self._ready.notify()

    def run(self) -> None:
        while True:
            with self._ready:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._ready.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                _at, _number, attempt, event = heapq.heappop(self._due)
            self._pool.submit(self._deliver, event, attempt)

    def _deliver(self, event: Object, attempt: int) -> None:
        if self._post(json.dumps(event)):
            with self.world.lock:
                event["pending_webhooks"] = 0
                self.delivered.append(event["id"])
                self.world.save()
        elif attempt < len(RETRIES):
            self._schedule(event, RETRIES[attempt], attempt + 1)

    def _post(self, body: str) -> bool:
        """Names under .localhost are this machine (RFC 6761), whatever its resolver thinks."""
        address = urlsplit(self.url)
        host = address.hostname or ""
        machine = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host
        secure = address.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        headers = {
            "Host": address.netloc,
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, self.secret, int(time.time())),
        }
        try:
            connection = connect(machine, address.port, timeout=10)
            connection.request("POST", address.path, body.encode(), headers)
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
