"""Reading a shop's journal again from its first entry: what was edited, inserted, taken away, or cut off at the end.

The statements run in the shop's schema and change nothing.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from shared_apps.sales.models import TillAnchor
from tenant_apps.till import copies, figures, signing
from tenant_apps.till.models import Chain, Closing, Entry, JournalHead

READ_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry of a chain that is not what was sealed."""

    chain: str
    number: int
    words: str

    def __str__(self) -> str:
        return _("%(chain)s journal, entry %(number)s: %(words)s") % {
            "chain": Chain(self.chain).label,
            "number": self.number,
            "words": self.words,
        }


@dataclass(slots=True)
class Verified:
    entries: int
    fault: Fault | None


@dataclass(slots=True)
class Reading:
    """What has been read of a chain so far."""

    number: int = 0
    receipt_number: int = 0
    perpetual_cents: int = 0
    signature: str = ""
    # What no closing has counted yet: entries by day, closings by period; then all the closings by their number in the
    # journal, and the entries of invoices by the number of the invoice.
    days: dict[dt.date, list[Entry]] = field(default_factory=dict)
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"day": [], "month": [], "year": []})
    closings: dict[int, Entry] = field(default_factory=dict)
    invoices: dict[int, Entry] = field(default_factory=dict)
    closed: dt.date | None = None
    closed_cents: int = 0  # the turnover of all the days closed

    def follow(self, entry: Entry) -> str:
        """Reads one more; says what is wrong with it, if anything."""
        wrong = self._wrong(entry) or (self._wrong_closing(entry) if entry.kind == Entry.Kind.CLOSING else "")
        if entry.kind != Entry.Kind.CLOSING:
            self.days.setdefault(entry.day, []).append(entry)
        self.number, self.signature = entry.number, entry.signature
        self.perpetual_cents += entry.turnover_cents
        if entry.kind == Entry.Kind.SALE:
            self.receipt_number += 1
        if entry.content.get("event") == "invoice_made":
            self.invoices[entry.content["detail"]["invoice"]] = entry
        return wrong

    def _wrong(self, entry: Entry) -> str:
        if entry.number < self.number + 1:
            return _("inserted: this number was already there")
        try:
            expected = signing.signature(self.signature, entry)
        except signing.UnknownKey as unknown:
            return _("edited or inserted: the key “%(key)s” is not known") % {"key": unknown}
        if entry.signature != expected:
            return _("edited or inserted: its signature is not that of its content after the entry before")
        if entry.kind == Entry.Kind.SALE and entry.receipt_number != self.receipt_number + 1:
            return _("receipt %(expected)s is missing") % {"expected": self.receipt_number + 1}
        if entry.perpetual_cents != self.perpetual_cents + entry.turnover_cents:
            return _("its perpetual total is not that of the entries before it")
        return ""

    def _wrong_closing(self, entry: Entry) -> str:
        """Each day once, none skipped, and the sums are those of what was read."""
        content = entry.content
        period, starts_on = content["period"], dt.date.fromisoformat(content["starts_on"])
        if period == Closing.Period.DAY:
            if self.closed and starts_on != self.closed + dt.timedelta(days=1):
                return _("a day was skipped before this closing")
            self.closed = starts_on
            sums = figures.of_day(self.days.pop(starts_on, []))
            self.closed_cents += sums["turnover_cents"]
        else:
            below = Closing.Period.DAY if period == Closing.Period.MONTH else Closing.Period.MONTH
            sums, self.parts[below] = figures.summed(self.parts[below]), []
        self.parts[period].append(content)
        self.closings[entry.number] = entry
        sums["perpetual_cents"] = self.closed_cents
        if not figures.agrees(content, sums):
            return _("the figures of this closing are not the sums of what it closes")
        return ""


def verify(*, pizzeria_id: int) -> list[Verified]:
    """Each chain of the shop whose schema is current, up to its first fault."""
    return [_verify(pizzeria_id, chain) for chain in Chain]


def verify_alone() -> list[Verified]:
    """The chains of a schema that is no pizzeria's yet, up to the end that it says itself: the group saw a later one."""
    return [_verify(None, chain) for chain in Chain]


def _verify(pizzeria_id: int | None, chain: Chain) -> Verified:
    """Sales go on meanwhile: the end is read first, and what was sealed after it is left for the next time."""
    end, reading, count = _end(pizzeria_id, chain), Reading(), 0
    for entry in _entries(chain, up_to=end.number):
        missing = reading.number + 1
        if entry.number > missing:
            return Verified(count, Fault(chain, missing, _("taken away: the next one is %(n)s") % {"n": entry.number}))
        wrong = reading.follow(entry)
        if wrong:
            return Verified(count, Fault(chain, entry.number, wrong))
        count += 1
    wrong_end = _wrong_end(end, reading)
    if wrong_end:
        return Verified(count, Fault(chain, reading.number + 1, wrong_end))
    copy = _wrong_copy(pizzeria_id, reading) if chain == Chain.TILL else None
    if copy:
        return Verified(count, Fault(chain, *copy))
    beyond = _beyond(chain)
    return Verified(count, Fault(chain, beyond, _("inserted after the end")) if beyond else None)


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain ends, as its head and the group say at the same moment."""

    head: JournalHead | None
    anchor: TillAnchor | JournalHead | None

    @property
    def number(self) -> int:
        return max(self.head.number if self.head else 0, self.anchor.number if self.anchor else 0)


def _end(pizzeria_id: int | None, chain: Chain) -> End:
    if pizzeria_id is None:
        head = JournalHead.objects.filter(chain=chain).first()
        return End(head, head)
    seen = TillAnchor.objects.filter(pizzeria_id=pizzeria_id, chain=OuterRef("chain"))
    columns = ("number", "signature", "seal")
    anchored = {f"anchor_{column}": Subquery(seen.values(column)) for column in columns}
    head = JournalHead.objects.filter(chain=chain).annotate(**anchored).first()
    if head is None:
        return End(None, TillAnchor.objects.filter(pizzeria_id=pizzeria_id, chain=chain).first())
    kept = {column: getattr(head, f"anchor_{column}") for column in columns}
    return End(head, None if kept["number"] is None else TillAnchor(chain=chain, **kept))


def _entries(chain: Chain, up_to: int) -> Iterator[Entry]:
    found = Entry.objects.filter(chain=chain, number__lte=up_to).order_by("number", "id")
    return found.iterator(chunk_size=READ_AT_ONCE)


def _wrong_end(end: End, reading: Reading) -> str:
    """The end is held twice more: by the head of the chain, which is sealed, and by the group's schema."""
    head, anchor = end.head, end.anchor
    if head is None and anchor is None:
        return ""
    if end.number > reading.number:
        return _("the end is cut off: the journal went up to entry %(last)s") % {"last": end.number}
    if head is None or not _sealed(head) or (head.number, head.signature) != (reading.number, reading.signature):
        return _("the head of the journal was edited")
    if anchor is None or (anchor.number, anchor.signature, anchor.seal) != (head.number, head.signature, head.seal):
        return _("the group last saw another end")
    return ""


def _wrong_copy(pizzeria_id: int | None, reading: Reading) -> copies.Wrong | None:
    """What exports and invoices read beside the journal is what it sealed."""
    return (
        copies.wrong_closing(reading.closings, up_to=reading.number)
        or (copies.wrong_closing_of_the_group(reading.closings, pizzeria_id=pizzeria_id) if pizzeria_id else None)
        or copies.wrong_invoice(reading.invoices, up_to=reading.number)
    )


def _beyond(chain: Chain) -> int | None:
    """An entry after the end of its chain, in one statement: nothing is sealed between two looks."""
    head = JournalHead.objects.filter(chain=chain).values("number")
    found = Entry.objects.filter(chain=chain, number__gt=Coalesce(Subquery(head), 0))
    return found.order_by("number").values_list("number", flat=True).first()


def _sealed(head: JournalHead) -> bool:
    try:
        return signing.seal(head) == head.seal
    except signing.UnknownKey:
        return False
