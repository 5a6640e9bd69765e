"""A receipt as it is read, from what was sealed: the same on screen, on paper, as PDF and in a letter. Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.catalogue.vat import Bill
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock, dated
from tenant_apps.till import means
from tenant_apps.till.models import Chain, Entry

CODES = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    label: str
    quantity: int
    unit_cents: int
    list_unit_cents: int | None
    discount_cents: int
    total_cents: int
    codes: str  # of its VAT rates

    @property
    def notes(self) -> list[str]:
        said = []
        if self.quantity > 1:
            said.append(_("%(price)s each") % {"price": euros(self.unit_cents)})
        if self.list_unit_cents is not None and self.list_unit_cents > self.unit_cents:
            said.append(_("instead of %(price)s") % {"price": euros(self.list_unit_cents)})
        if self.discount_cents:
            said.append(_("discount %(cents)s") % {"cents": euros(-self.discount_cents)})
        return said


@dataclass(frozen=True, slots=True)
class RateRow:
    code: str
    rate: int  # basis points
    net_cents: int
    vat_cents: int
    gross_cents: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """`number` is None while nothing is sealed: a bill before payment, « document provisoire »."""

    order_number: int | None
    mode: str
    channel: str
    seller: dict[str, str]
    lines: tuple[ReceiptLine, ...]
    rates: tuple[RateRow, ...]
    total_cents: int
    number: int | None = None
    at: dt.datetime | None = None
    operator: str = ""
    software: str = ""
    signature: str = ""
    takings: tuple[tuple[str, int], ...] = ()  # means, cents
    change_cents: int = 0
    tendered_cents: int = 0
    refunds: tuple[tuple[str, int, str], ...] = ()  # means, cents, reason
    corrections: tuple[str, ...] = ()  # reasons
    issued: int = 0  # how often it was given
    training: bool = False
    is_copy: bool = False  # opened by the customer, who may do so again and again
    entry_numbers: tuple[int, ...] = field(default=())

    @property
    def short_signature(self) -> str:
        return self.signature[:8].upper()

    @property
    def is_provisional(self) -> bool:
        return self.number is None

    @property
    def title(self) -> str:
        if self.is_provisional:
            return _("Bill before payment")
        return _("Receipt no. %(number)s") % {"number": self.number}

    @property
    def banners(self) -> list[str]:
        """What must be read first: training, provisional, duplicata, copy."""
        return [
            *([_("TRAINING MODE")] if self.training else []),
            *([_("PROVISIONAL DOCUMENT")] if self.is_provisional else []),
            *([_("DUPLICATA no. %(copy)s") % {"copy": self.issued - 1}] if self.issued > 1 else []),
            *([_("CUSTOMER'S COPY")] if self.is_copy else []),
        ]

    @property
    def seller_lines(self) -> list[str]:
        numbers = _("SIRET %(siret)s, VAT %(vat)s") % {
            "siret": self.seller["siret"],
            "vat": self.seller["vat_number"],
        }
        return [self.seller["legal_name"], self.seller["address"], numbers]

    @property
    def when_and_how(self) -> list[str]:
        order = [_("Order no. %(number)s") % {"number": self.order_number}] if self.order_number else []
        when = [f"{dated(self.at)}, {clock(self.at)}"] if self.at else []
        till = [_("till no. 1") + (f", {self.operator}" if self.operator else "")] if self.at else []
        return [", ".join([*order, str(ServiceMode(self.mode).label).lower()]), *when, *till]

    @property
    def paid(self) -> list[tuple[str, int]]:
        """Payments, change and what was given back since, in words and cents."""
        said = [(means.label(code), cents) for code, cents in self.takings]
        if self.change_cents:
            said += [(_("Cash given"), self.tendered_cents), (_("Change given"), self.change_cents)]
        for code, cents, _why in self.refunds:
            said.append((_("Refund, %(means)s") % {"means": means.label(code).lower()}, -cents))
        return said

    @property
    def foot(self) -> list[str]:
        if self.is_provisional:
            return [_("This document is provisional: the receipt is given once the order is paid.")]
        return [
            _("OC Pizza software %(version)s, signature %(signature)s")
            % {"version": self.software, "signature": self.short_signature},
            *([_("Given %(count)s times") % {"count": self.issued}] if self.issued > 1 else []),
            *([_("No value: a training receipt")] if self.training else []),
        ]


def of_order(entries: Sequence[Entry]) -> Receipt | None:
    """From the entries of one order, in their order; None before its sale is sealed. A correction replaces the lines."""
    sale = next((entry for entry in entries if entry.kind == Entry.Kind.SALE), None)
    if sale is None:
        return None
    corrections = [entry for entry in entries if entry.kind == Entry.Kind.CORRECTION]
    last = corrections[-1] if corrections else sale
    payments = [entry for entry in entries if entry.kind == Entry.Kind.PAYMENT]
    refunds = [entry for entry in entries if entry.kind == Entry.Kind.REFUND]
    rates = _rates([sale, *corrections])
    return Receipt(
        order_number=sale.order_number,
        mode=sale.content["mode"],
        channel=sale.content["channel"],
        seller=sale.content["seller"],
        lines=_lines(last.content["lines"], {row.rate: row.code for row in rates}),
        rates=rates,
        total_cents=last.content["total_cents"],
        number=sale.receipt_number,
        at=sale.at,
        operator=sale.content["operator"],
        software=sale.content["software"],
        signature=sale.signature,
        takings=tuple(_takings(sale, payments)),
        change_cents=sum(entry.content["change_cents"] for entry in payments),
        tendered_cents=sum(entry.content["tendered_cents"] or 0 for entry in payments),
        refunds=tuple((entry.content["means"], -entry.taken_cents, entry.content["reason"]) for entry in refunds),
        corrections=tuple(entry.content["reason"] for entry in corrections),
        issued=sum(entry.kind in (Entry.Kind.ISSUE, Entry.Kind.DUPLICATA) for entry in entries),
        training=sale.chain == Chain.TRAINING,
        entry_numbers=tuple(entry.number for entry in entries),
    )


def provisional(*, bill: Bill, order_number: int, mode: str, channel: str, seller: dict[str, str]) -> Receipt:
    """What an order would be sealed as: no receipt, and it says so."""
    rates = tuple(
        RateRow(CODES[index], total.rate, total.net_cents, total.vat_cents, total.gross_cents)
        for index, total in enumerate(bill.totals)
    )
    codes = {row.rate: row.code for row in rates}
    lines = tuple(
        ReceiptLine(
            line.label,
            line.quantity,
            line.unit_cents,
            line.list_unit_cents,
            line.discount_cents,
            line.total_cents,
            _codes([rate for rate, _cents in line.parts], codes),
        )
        for line in bill.lines
    )
    return Receipt(order_number, mode, channel, seller, lines, rates, bill.total_cents)


def _takings(sale: Entry, payments: Sequence[Entry]) -> list[tuple[str, int]]:
    """By means, over the life of the order; those written in the sale when the payments are not at hand."""
    by_means: dict[str, int] = {}
    for entry in payments:
        by_means[entry.content["means"]] = by_means.get(entry.content["means"], 0) + entry.taken_cents
    return list(by_means.items()) or [(row["means"], row["amount_cents"]) for row in sale.content["takings"]]


def _rates(entries: Sequence[Entry]) -> tuple[RateRow, ...]:
    sums: dict[int, list[int]] = {}
    for entry in entries:
        for row in entry.content["vat"]:
            known = sums.setdefault(row["rate"], [0, 0, 0])
            for index, name in enumerate(("net_cents", "vat_cents", "gross_cents")):
                known[index] += row[name]
    kept = [(rate, found) for rate, found in sorted(sums.items()) if any(found)] or sorted(sums.items())[:1]
    return tuple(RateRow(CODES[index], rate, *found) for index, (rate, found) in enumerate(kept))


def _lines(lines: Sequence[dict[str, Any]], codes: dict[int, str]) -> tuple[ReceiptLine, ...]:
    return tuple(
        ReceiptLine(
            line["label"],
            line["quantity"],
            line["unit_cents"],
            line["list_unit_cents"],
            line["discount_cents"],
            sum(part["cents"] for part in line["parts"]),
            _codes([part["rate"] for part in line["parts"]], codes),
        )
        for line in lines
    )


def _codes(rates: Sequence[int], codes: dict[int, str]) -> str:
    return " ".join(codes.get(rate, "") for rate in rates)
