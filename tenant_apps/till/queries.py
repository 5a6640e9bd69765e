import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from shared_apps.core.calendar import business_day
from tenant_apps.till import figures, receipts
from tenant_apps.till.models import Chain, Closing, Entry, Invoice, JournalHead
from tenant_apps.till.receipts import Receipt


@dataclass(slots=True)
class Standing:
    """What the journal holds about one order, in cents."""

    sale: Entry | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)  # of the sale, or of its last correction
    taken_cents: int = 0  # takings minus refunds
    turnover_cents: int = 0
    by_rate: dict[int, int] = field(default_factory=dict)  # basis points → turnover, VAT included
    sold_by_rate: dict[int, int] = field(default_factory=dict)  # the same before what was given back of it
    by_means: dict[str, int] = field(default_factory=dict)  # takings minus refunds

    @property
    def returned_cents(self) -> int:
        """Of what was sold, what was given back."""
        return sum(self.sold_by_rate.values()) - sum(self.by_rate.values())


def standing(*, order_number: int | None, chain: Chain = Chain.TILL) -> Standing:
    found = Standing()
    for entry in Entry.objects.filter(order_number=order_number, chain=chain).order_by("number"):
        found.taken_cents += entry.taken_cents
        found.turnover_cents += entry.turnover_cents
        if entry.kind == Entry.Kind.SALE:
            found.sale = entry
        found.lines = entry.content.get("lines", found.lines)
        for row in entry.content.get("vat", ()):
            rate, cents = row["rate"], row["gross_cents"]
            found.by_rate[rate] = found.by_rate.get(rate, 0) + cents
            if entry.kind != Entry.Kind.REFUND:
                found.sold_by_rate[rate] = found.sold_by_rate.get(rate, 0) + cents
        if entry.taken_cents:
            means = entry.content["means"]
            found.by_means[means] = found.by_means.get(means, 0) + entry.taken_cents
    return found


def of_order(*, order_number: int, chain: Chain = Chain.TILL) -> list[Entry]:
    """Everything sealed about an order, in its order."""
    return list(Entry.objects.filter(order_number=order_number, chain=chain).order_by("number"))


def invoice(*, order_number: int) -> Invoice | None:
    return Invoice.objects.filter(order_number=order_number).first()


def is_sold(*, order_number: int) -> bool:
    """Whether there is a receipt."""
    return Entry.objects.filter(order_number=order_number, chain=Chain.TILL, kind=Entry.Kind.SALE).exists()


def receipt(*, order_number: int, chain: Chain = Chain.TILL) -> Receipt | None:
    """None before the sale is sealed."""
    return receipts.of_order(of_order(order_number=order_number, chain=chain))


def is_training() -> bool:
    """Whether « MODE ÉCOLE » is open: what the journal says last."""
    events = Entry.objects.filter(chain=Chain.TILL, kind=Entry.Kind.TECHNICAL)
    turns = events.filter(content__event__in=("training_on", "training_off")).order_by("-number")
    return turns.values_list("content__event", flat=True).first() == "training_on"


def last_sales(*, chain: Chain) -> list[Entry]:
    return list(Entry.objects.filter(chain=chain, kind=Entry.Kind.SALE).order_by("-number")[:10])


def invoiced(*, order_number: int) -> Receipt | None:
    """The receipt as it was when its invoice was made: what comes after is on the receipt and changes no invoice."""
    entries, made = _around_invoice(order_number)
    return receipts.of_order(entries[: made + 1]) if made is not None else None


def is_changed_since_invoiced(*, order_number: int) -> bool:
    """Whether something was given back or corrected after its invoice: that takes a credit invoice."""
    entries, made = _around_invoice(order_number)
    changes = (Entry.Kind.REFUND, Entry.Kind.CORRECTION)
    return made is not None and any(entry.kind in changes for entry in entries[made:])


def _around_invoice(order_number: int) -> tuple[list[Entry], int | None]:
    """What is sealed about an order, and where in it its invoice was made."""
    entries = of_order(order_number=order_number)
    events = [entry.content.get("event") for entry in entries]
    return entries, events.index("invoice_made") if "invoice_made" in events else None


def training_receipt(*, number: int) -> Receipt | None:
    return receipts.of_order(list(Entry.objects.filter(chain=Chain.TRAINING, number=number)))


def closing(*, entry_number: int) -> Closing | None:
    return Closing.objects.filter(entry_number=entry_number).first()


def signature(*, number: int) -> str:
    """Of an entry of the till."""
    return Entry.objects.filter(chain=Chain.TILL, number=number).values_list("signature", flat=True)[0]


@dataclass(frozen=True, slots=True)
class XReading:
    """The next day to close as it stands, and what it would add to the total."""

    day: dt.date
    figures: dict[str, Any]
    perpetual_cents: int
    can_be_closed: bool  # it has begun
    is_over: bool  # and nobody closed it yet


def reading(*, now: dt.datetime) -> XReading:
    """X. A till that never sold anything stands at today, with nothing in it."""
    head, today = JournalHead.objects.filter(chain=Chain.TILL).first(), business_day(now)
    day = head.closed_day + dt.timedelta(days=1) if head and head.closed_day else today
    sums = figures.of_day(Entry.objects.filter(chain=Chain.TILL, day=day).order_by("number"))
    return XReading(day, sums, head.perpetual_cents if head else 0, day <= today and head is not None, day < today)
