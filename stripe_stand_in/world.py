"""All that the stand-in remembers: objects, clock, keys of idempotency. Every act runs under its one lock."""

import contextlib
import copy
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stripe_stand_in import objects
from stripe_stand_in.errors import missing
from stripe_stand_in.objects import Object

TABLES = ("checkout.session", "payment_intent", "charge", "refund", "event", "balance_transaction", "payout")
PREFIXES = {
    "cs_": "checkout.session",
    "pi_": "payment_intent",
    "ch_": "charge",
    "re_": "refund",
    "evt_": "event",
    "txn_": "balance_transaction",
    "po_": "payout",
}
KEPT_KEYS = 24 * 3600  # seconds: as long as Stripe promises to know a key


class World:
    """`url` is where browsers find the pay page; `path` keeps the state over a restart when given."""

    def __init__(self, *, url: str, path: Path | None = None) -> None:
        self.url, self.path = url, path
        self.lock = threading.RLock()
        self.on_event: Callable[[Object], None] = lambda _event: None
        self.endpoints = 0  # of webhooks
        self.key: str | None = None  # of the request being answered
        self.refund_status = "succeeded"  # of the next refunds
        self.reset()
        if path and path.exists():
            self._restore(json.loads(path.read_text()))

    def reset(self) -> None:
        self.tables: dict[str, dict[str, Object]] = {name: {} for name in TABLES}
        self.asked: dict[str, Object] = {}  # what each session was made of: lines, and data of its intent
        self.keys: dict[str, dict[str, Any]] = {}
        self.payouts: dict[str, str] = {}  # balance transaction to payout
        self.advance = 0  # seconds that the clock was moved

    def now(self) -> int:
        return int(time.time()) + self.advance

    def add(self, thing: Object) -> Object:
        self.tables[thing["object"]][thing["id"]] = thing
        return thing

    def get(self, kind: str, identifier: str) -> Object:
        found = self.tables[kind].get(identifier)
        if found is None:
            raise missing(kind, identifier)
        return found

    def by_id(self, identifier: str) -> Object | None:
        kind = next((kind for prefix, kind in PREFIXES.items() if identifier.startswith(prefix)), None)
        return self.tables[kind].get(identifier) if kind else None

    def emit(self, kind: str, of: Object) -> None:
        """An event shows the object as it is now, whatever becomes of it."""
        event = objects.event(
            created=self.now(), kind=kind, of=copy.deepcopy(of), endpoints=self.endpoints, key=self.key
        )
        self.on_event(self.add(event))

    def forget_old_keys(self) -> None:
        limit = self.now() - KEPT_KEYS
        self.keys = {key: kept for key, kept in self.keys.items() if kept["at"] > limit}

    def save(self) -> None:
        if self.path is None:
            return
        kept = {name: getattr(self, name) for name in ("tables", "asked", "keys", "payouts", "advance")}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(kept))
        os.replace(fresh, self.path)

    def _restore(self, kept: dict[str, Any]) -> None:
        with contextlib.suppress(KeyError):
            for name in ("tables", "asked", "keys", "payouts", "advance"):
                setattr(self, name, kept[name])
