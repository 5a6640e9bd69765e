"""Adding to a chain of the journal: numbers without a gap, each entry signed over the one before (ADR 0035).

The head of the chain is locked after the order and its payments and before the group's figures; all that one act seals
is one more statement.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from shared_apps.core import sql
from shared_apps.core.calendar import business_day
from tenant_apps.till import signing
from tenant_apps.till.models import Chain, Entry, JournalHead
from tenants.hosts import Shop

ONE_DAY = dt.timedelta(days=1)
LOCKED = JournalHead.objects.select_for_update()


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be sealed; the journal numbers it."""

    kind: Entry.Kind
    content: dict[str, Any]
    order_number: int | None = None
    receipt_number: int | None = None  # of the sale it is about; a sale gets its own
    turnover_cents: int = 0
    taken_cents: int = 0


@dataclass(slots=True)
class Locked:
    """A chain held until the end of the transaction."""

    head: JournalHead
    entries: list[Entry] = field(default_factory=list)

    def add(self, draft: Draft, *, now: dt.datetime, day: dt.date | None = None) -> Entry:
        head = self.head
        head.number += 1
        head.perpetual_cents += draft.turnover_cents
        receipt_number = draft.receipt_number
        if draft.kind == Entry.Kind.SALE:
            receipt_number = head.receipt_number = head.receipt_number + 1
        entry = Entry(
            chain=head.chain,
            number=head.number,
            kind=draft.kind,
            at=now,
            day=day or open_day(head, now),
            order_number=draft.order_number,
            receipt_number=receipt_number,
            turnover_cents=draft.turnover_cents,
            taken_cents=draft.taken_cents,
            perpetual_cents=head.perpetual_cents,
            content=draft.content,
            key=head.key,
        )
        entry.signature = head.signature = signing.signature(head.signature, entry)
        self.entries.append(entry)
        return entry


def open_day(head: JournalHead, now: dt.datetime) -> dt.date:
    """The business day of `now`, or the one after the last closed: nothing is added to a day that is closed."""
    day = business_day(now)
    return max(day, head.closed_day + ONE_DAY) if head.closed_day else day


def seal(*, shop: Shop, drafts: Sequence[Draft], now: dt.datetime, chain: Chain = Chain.TILL) -> list[Entry]:
    """Adds the drafts in their order, all of them or none. Must run in the transaction of what they record."""
    held = lock(chain=chain, now=now)
    for draft in drafts:
        held.add(draft, now=now)
    write(shop=shop, held=held)
    return held.entries


def lock(*, chain: Chain, now: dt.datetime) -> Locked:
    """The chain, held; a key that replaced the last one is first recorded."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the journal grows inside the transaction of what it records")
    head = LOCKED.filter(chain=chain).first()
    if head is None:
        JournalHead.objects.bulk_create([JournalHead(chain=chain)], ignore_conflicts=True)
        head = LOCKED.get(chain=chain)
    key, head.key = head.key, signing.current_key()
    if head.closed_day is None:
        first = Entry.objects.filter(chain=chain).aggregate(day=Min("day"))["day"]
        head.closed_day = (first or business_day(now)) - ONE_DAY
    held = Locked(head)
    if key and key != head.key:
        held.add(technical("key_changed", {"from": key, "to": head.key}), now=now)
    return held


def technical(event: str, detail: dict[str, Any], operator: str = "") -> Draft:
    return Draft(Entry.Kind.TECHNICAL, {"event": event, "operator": operator, "detail": detail})


def write(*, shop: Shop, held: Locked) -> None:
    """The entries, the head and its copy in the group's schema, in one statement."""
    head = held.head
    head.seal = signing.seal(head)
    entries = sql.insertion(held.entries)
    stands: tuple[Any, ...] = (head.number, head.signature, head.perpetual_cents, head.seal)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH entries AS ({entries.text}), head AS (UPDATE till_journalhead SET number = %s, signature = %s,"
            "  perpetual_cents = %s, seal = %s, receipt_number = %s, invoice_number = %s, closed_day = %s, key = %s"
            "  WHERE chain = %s)"
            " INSERT INTO sales_tillanchor AS kept"
            " (pizzeria_id, chain, number, signature, perpetual_cents, seal, closed_day)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (pizzeria_id, chain) DO UPDATE SET"
            " number = excluded.number, signature = excluded.signature, perpetual_cents = excluded.perpetual_cents,"
            " seal = excluded.seal, closed_day = excluded.closed_day",
            [
                *(*entries.values, *stands, head.receipt_number, head.invoice_number, head.closed_day, head.key),
                *(head.chain, shop.id, head.chain, *stands, head.closed_day),
            ],
        )
