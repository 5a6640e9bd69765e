"""How the journal is signed: HMAC-SHA256 over the signature before and a canonical writing of the entry. Pure but for the keys.

Canonical: one JSON object in UTF-8, keys sorted, no space, no escape but those that JSON asks for, whole numbers and
texts only; moments in UTC as `2026-11-25T19:04:05.123456+00:00`, days as `2026-11-25`.
"""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tenant_apps.till.models import Entry, JournalHead

NOTHING_BEFORE = "0" * 64
SHORTEST_SECRET = 32


class UnknownKey(Exception):
    """An entry names a key that is not in TILL_SIGNING_KEYS: keep the old ones there, after the current one."""


def keys() -> dict[str, bytes]:
    """Name → secret, the current one first. From the environment only: whoever has the database has no key."""
    found = {}
    for pair in settings.TILL_SIGNING_KEYS:
        name, _, secret = pair.partition(":")
        if not 1 <= len(name) <= 20 or len(secret) < SHORTEST_SECRET:
            raise ImproperlyConfigured("TILL_SIGNING_KEYS: nom:secret, 32 caractères au moins pour le secret")
        found[name] = secret.encode()
    if not found:
        raise ImproperlyConfigured("TILL_SIGNING_KEYS est vide")
    return found


def current_key() -> str:
    return next(iter(keys()))


def canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def mac(key: str, text: bytes) -> str:
    """Raises UnknownKey."""
    known = keys()
    if key not in known:
        raise UnknownKey(key)
    return hmac.new(known[key], text, hashlib.sha256).hexdigest()


def document(entry: Entry) -> dict[str, Any]:
    """All that is signed of an entry."""
    return {
        "chain": str(entry.chain),
        "number": entry.number,
        "kind": str(entry.kind),
        "at": entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "day": entry.day.isoformat(),
        "order": entry.order_number,
        "receipt": entry.receipt_number,
        "turnover_cents": entry.turnover_cents,
        "taken_cents": entry.taken_cents,
        "perpetual_cents": entry.perpetual_cents,
        "content": entry.content,
        "key": entry.key,
    }


def signature(previous: str, entry: Entry) -> str:
    return mac(entry.key, (previous or NOTHING_BEFORE).encode() + b"\n" + canonical(document(entry)))


def seal(head: JournalHead) -> str:
    """Of the head of a chain: without the key nobody can move it back over entries that were taken away."""
    stands = {
        "chain": str(head.chain),
        "number": head.number,
        "receipt": head.receipt_number,
        "invoice": head.invoice_number,
        "perpetual_cents": head.perpetual_cents,
        "closed_day": head.closed_day.isoformat() if head.closed_day else None,
        "signature": head.signature,
        "key": head.key,
    }
    return mac(head.key, b"head\n" + canonical(stands))
