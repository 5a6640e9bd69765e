"""What a day, a month or a year of the journal adds up to: sums of what was sealed, never computed anew. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenant_apps.till.models import Entry

Figures = dict[str, Any]
Rows = dict[tuple[Any, ...], dict[str, Any]]

COUNTS = ("sales", "refunds", "corrections", "duplicatas", "entries")
SUMS = ("turnover_cents", "taken_cents", "refunded_cents", "tips_cents")
VAT_KEY, VAT_SUMS = ("category", "rate"), ("net_cents", "vat_cents", "gross_cents", "transactions")
CATEGORY_KEY, CATEGORY_SUMS = ("category",), ("transactions",)
# `count` is of payments and refunds together; the two apart came later: a closing sealed before has none of them.
MEANS_KEY, MEANS_SUMS = ("means",), ("taken_cents", "refunded_cents", "tips_cents", "count", "payments", "refunds")
COUNTED = {
    Entry.Kind.SALE: "sales",
    Entry.Kind.REFUND: "refunds",
    Entry.Kind.CORRECTION: "corrections",
    Entry.Kind.DUPLICATA: "duplicatas",
}


def category(mode: str) -> str:
    """Eaten on the spot is a service, carried away a supply of goods: what the e-reporting file asks for."""
    return "services" if mode == "eat_in" else "goods"


def of_day(entries: Iterable[Entry]) -> Figures:
    """Of the entries of one business day, in their order."""
    found: Figures = dict.fromkeys((*COUNTS, *SUMS), 0) | {"first_receipt": None, "last_receipt": None}
    rates: Rows = {}
    means: Rows = {}
    categories: Rows = {}
    for entry in entries:
        found["entries"] += 1
        if entry.kind in COUNTED:
            found[COUNTED[Entry.Kind(entry.kind)]] += 1
        found["turnover_cents"] += entry.turnover_cents
        if entry.kind == Entry.Kind.SALE:
            found["first_receipt"] = found["first_receipt"] or entry.receipt_number
            found["last_receipt"] = entry.receipt_number
            _add(categories, {"category": category(entry.content["mode"])}, {"transactions": 1})
        _add_vat(rates, entry)
        _add_means(found, means, entry)
    return found | {"vat": _sorted(rates), "means": _sorted(means), "categories": _sorted(categories)}


def _add_vat(rates: Rows, entry: Entry) -> None:
    for row in entry.content.get("vat", ()):
        key = {"category": category(entry.content["mode"]), "rate": row["rate"]}
        _add(rates, key, {name: row[name] for name in VAT_SUMS[:3]} | {"transactions": int(entry.kind == "sale")})


def _add_means(found: Figures, means: Rows, entry: Entry) -> None:
    if entry.kind not in (Entry.Kind.PAYMENT, Entry.Kind.REFUND):
        return
    tip = entry.content.get("tip_cents", 0)
    taken, refunded = max(entry.taken_cents, 0), max(-entry.taken_cents, 0)
    found["taken_cents"] += taken
    found["refunded_cents"] += refunded
    found["tips_cents"] += tip
    is_payment = entry.kind == Entry.Kind.PAYMENT
    sums = {
        "taken_cents": taken,
        "refunded_cents": refunded,
        "tips_cents": tip,
        "count": 1,
        "payments": int(is_payment),
        "refunds": int(not is_payment),
    }
    _add(means, {"means": entry.content["means"]}, sums)


def _add(rows: Rows, key: Mapping[str, Any], sums: Mapping[str, int]) -> None:
    row = rows.setdefault(tuple(key.values()), {**key, **dict.fromkeys(sums, 0)})
    for name, value in sums.items():
        row[name] += value


def _sorted(rows: Rows) -> list[dict[str, Any]]:
    return [rows[key] for key in sorted(rows)]


def summed(parts: Sequence[Mapping[str, Any]]) -> Figures:
    """Of the closings of the days of a month, or of the months of a year."""
    found: Figures = {name: sum(part[name] for part in parts) for name in (*COUNTS, *SUMS)}
    receipts = [number for part in parts for number in (part["first_receipt"], part["last_receipt"]) if number]
    found["first_receipt"], found["last_receipt"] = (min(receipts), max(receipts)) if receipts else (None, None)
    return found | {
        "vat": _summed(parts, "vat", VAT_KEY, VAT_SUMS),
        "means": _summed(parts, "means", MEANS_KEY, MEANS_SUMS),
        "categories": _summed(parts, "categories", CATEGORY_KEY, CATEGORY_SUMS),
    }


def _summed(
    parts: Sequence[Mapping[str, Any]], name: str, key: Sequence[str], sums: Sequence[str]
) -> list[dict[str, Any]]:
    rows: Rows = {}
    for part in parts:
        for row in part.get(name, ()):
            _add(rows, {name: row[name] for name in key}, {name: row.get(name, 0) for name in sums})
    return _sorted(rows)


def agrees(sealed: Mapping[str, Any], sums: Mapping[str, Any]) -> bool:
    """Whether a closing says what its entries add up to: all of it, but for the figures that came after it was sealed."""
    for name, value in sums.items():
        if name == "categories" and name not in sealed:
            continue
        if isinstance(value, list):
            if not _agree(sealed[name], value):
                return False
        elif sealed.get(name) != value:
            return False
    return True


def _agree(sealed: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> bool:
    older = {"payments", "refunds"}
    return len(sealed) == len(rows) and all(
        {name: row[name] for name in row if name in was or name not in older} == was
        for was, row in zip(sealed, rows, strict=True)
    )
