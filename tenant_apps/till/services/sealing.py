"""What the till seals: money taken, sales, refunds, corrections, technical events. `orders.services.settlement` calls it.

Call it inside the transaction of what it records, after the payment and before the group's figures. What is signed are
values (names, prices, rates), never ids, and nothing that says who the customer is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue import vat
from shared_apps.catalogue.vat import Bill, RateTotal
from shared_apps.core.errors import RuleError
from tenant_apps.till import queries
from tenant_apps.till.models import Chain, Entry
from tenant_apps.till.queries import Standing
from tenant_apps.till.services import journal
from tenant_apps.till.services.journal import Draft
from tenants.hosts import Shop


class NothingToReturn(RuleError):
    """A refund above what was taken, or of nothing."""

    def __init__(self) -> None:
        super().__init__(_("No more is given back than what was taken."))


@dataclass(frozen=True, slots=True)
class About:
    """The order that an entry is about, and who acts: a name for staff, none for a customer."""

    order_number: int | None  # none in training
    channel: str
    mode: str
    operator: str = ""
    capacity: str = ""

    @property
    def content(self) -> dict[str, Any]:
        return {
            "channel": str(self.channel),
            "mode": str(self.mode),
            "operator": self.operator,
            "capacity": str(self.capacity),
        }


def payment_draft(
    *,
    about: About,
    means: str,
    amount_cents: int,
    taken_at: dt.datetime,
    tendered_cents: int | None = None,
    tip_cents: int = 0,
    reference: str = "",
) -> Draft:
    """`taken_at` is when the money was taken: earlier than the sealing when a driver was offline. `tendered_cents` is the
    cash given, its change being the rest. A tip comes on top of the amount and is no turnover."""
    content = about.content | {
        "means": str(means),
        "taken_at": _moment(taken_at),
        "tendered_cents": tendered_cents,
        "change_cents": tendered_cents - amount_cents - tip_cents if tendered_cents is not None else 0,
        "tip_cents": tip_cents,
        "reference": reference,
    }
    return Draft(Entry.Kind.PAYMENT, content, about.order_number, taken_cents=amount_cents)


def sale_draft(*, shop: Shop, about: About, bill: Bill, takings: Sequence[tuple[str, int]]) -> Draft:
    """The whole receipt; `takings` are (means, cents) and sum to the bill."""
    content = about.content | {
        "seller": seller(shop),
        "software": settings.SOFTWARE_VERSION,
        "lines": [_line(line) for line in bill.lines],
        "vat": vat_rows(bill.totals),
        "total_cents": bill.total_cents,
        "takings": [{"means": str(means), "amount_cents": cents} for means, cents in takings],
    }
    return Draft(Entry.Kind.SALE, content, about.order_number, turnover_cents=bill.total_cents)


def seal_payment(*, shop: Shop, now: dt.datetime, chain: Chain = Chain.TILL, **payment: Any) -> Entry:
    """Money taken; the arguments are those of `payment_draft`."""
    return journal.seal(shop=shop, drafts=[payment_draft(**payment)], now=now, chain=chain)[0]


def seal_sale(
    *,
    shop: Shop,
    about: About,
    bill: Bill,
    takings: Sequence[tuple[str, int]],
    now: dt.datetime,
    chain: Chain = Chain.TILL,
) -> Entry:
    """The sale, with its receipt number: once, when the takings reach the total."""
    return journal.seal(
        shop=shop, drafts=[sale_draft(shop=shop, about=about, bill=bill, takings=takings)], now=now, chain=chain
    )[0]


def correction_draft(*, about: About, stands: Standing, bill: Bill, reason: str) -> Draft | None:
    """A sealed sale now is what `bill` says: the difference by rate, in an entry of its own that names the receipt. It may
    be nothing: other lines for the same sum.

    None when no line differs.
    """
    changes = vat.difference(stands.sold_by_rate, {total.rate: total.gross_cents for total in bill.totals})
    lines = [_line(line) for line in bill.lines]
    if stands.sale is None or (not changes and lines == stands.lines):
        return None
    content = about.content | {
        "reason": reason,
        "lines": lines,
        "vat": vat_rows(changes),
        "total_cents": bill.total_cents,
    }
    cents = sum(change.gross_cents for change in changes)
    receipt = stands.sale.receipt_number
    return Draft(Entry.Kind.CORRECTION, content, about.order_number, receipt, turnover_cents=cents)


def seal_correction(
    *, shop: Shop, about: About, bill: Bill, reason: str, now: dt.datetime, chain: Chain = Chain.TILL
) -> Entry | None:
    """What `correction_draft` says, sealed."""
    stands = queries.standing(order_number=about.order_number, chain=chain)
    draft = correction_draft(about=about, stands=stands, bill=bill, reason=reason)
    return journal.seal(shop=shop, drafts=[draft], now=now, chain=chain)[0] if draft else None


def seal_refund(
    *,
    shop: Shop,
    about: About,
    means: str,
    amount_cents: int,
    reason: str,
    now: dt.datetime,
    by_rate: Mapping[int, int] | None = None,
    reference: str = "",
    chain: Chain = Chain.TILL,
) -> Entry:
    """Money given back. Of an order whose sale is sealed it lowers the turnover, money that no sale counts yet going first:
    by the rates of the lines given back (basis points → cents), else pro rata of what is left of the sale.

    Raises NothingToReturn.
    """
    stands = queries.standing(order_number=about.order_number, chain=chain)
    if not 0 < amount_cents <= stands.taken_cents:
        raise NothingToReturn
    not_a_sale_yet = max(0, stands.taken_cents - stands.turnover_cents)
    cents = max(0, amount_cents - not_a_sale_yet)
    changes = _given_back(stands.by_rate, cents, by_rate)
    content = about.content | {
        "means": str(means),
        "reason": reason,
        "reference": reference,
        "amount_cents": amount_cents,
        "vat": vat_rows(changes),
    }
    draft = Draft(
        Entry.Kind.REFUND,
        content,
        about.order_number,
        stands.sale.receipt_number if stands.sale else None,
        turnover_cents=-cents,
        taken_cents=-amount_cents,
    )
    return journal.seal(shop=shop, drafts=[draft], now=now, chain=chain)[0]


def _given_back(left: Mapping[int, int], cents: int, by_rate: Mapping[int, int] | None) -> tuple[RateTotal, ...]:
    if not cents:
        return ()
    if by_rate is None or sum(by_rate.values()) != cents or any(c > left.get(rate, 0) for rate, c in by_rate.items()):
        by_rate = dict(vat.split(cents, [(rate, gross) for rate, gross in left.items() if gross > 0]))
    return vat.difference(left, {rate: gross - by_rate.get(rate, 0) for rate, gross in left.items()})


def log_technical(
    *,
    shop: Shop,
    event: str,
    now: dt.datetime,
    operator: str = "",
    detail: dict[str, Any] | None = None,
    chain: Chain = Chain.TILL,
) -> Entry:
    """Something about the till itself: drawer opened, training begun, archive made, journal verified… `detail` holds
    texts and whole numbers."""
    return journal.seal(shop=shop, drafts=[journal.technical(event, detail or {}, operator)], now=now, chain=chain)[0]


def seller(shop: Shop) -> dict[str, str]:
    """Who sells, as the receipt says it for ever."""
    return {
        "name": shop.name,
        "legal_name": shop.legal_name,
        "address": shop.address,
        "siret": shop.siret,
        "vat_number": shop.vat_number,
    }


def vat_rows(totals: Sequence[RateTotal]) -> list[dict[str, int]]:
    return [asdict(total) | {"gross_cents": total.gross_cents} for total in totals]


def _line(line: vat.Line) -> dict[str, Any]:
    return {
        "label": line.label,
        "quantity": line.quantity,
        "unit_cents": line.unit_cents,
        "list_unit_cents": line.list_unit_cents,
        "discount_cents": line.discount_cents,
        "parts": [{"rate": rate, "cents": cents} for rate, cents in line.parts],
    }


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
