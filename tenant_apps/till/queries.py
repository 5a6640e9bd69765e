from dataclasses import dataclass, field

from tenant_apps.till import receipts
from tenant_apps.till.models import Chain, Entry
from tenant_apps.till.receipts import Receipt


@dataclass(slots=True)
class Standing:
    """What the journal holds about one order, in cents."""

    sale: Entry | None = None
    taken_cents: int = 0  # takings minus refunds
    turnover_cents: int = 0
    by_rate: dict[int, int] = field(default_factory=dict)  # basis points → turnover, VAT included
    sold_by_rate: dict[int, int] = field(default_factory=dict)  # the same before what was given back of it
    by_means: dict[str, int] = field(default_factory=dict)  # takings minus refunds


def standing(*, order_number: int, chain: Chain = Chain.TILL) -> Standing:
    found = Standing()
    for entry in Entry.objects.filter(order_number=order_number, chain=chain).order_by("number"):
        found.taken_cents += entry.taken_cents
        found.turnover_cents += entry.turnover_cents
        if entry.kind == Entry.Kind.SALE:
            found.sale = entry
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


def receipt(*, order_number: int, chain: Chain = Chain.TILL) -> Receipt | None:
    """None before the sale is sealed."""
    return receipts.of_order(of_order(order_number=order_number, chain=chain))
