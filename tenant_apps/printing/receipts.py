"""A receipt on the shop's printer. Pure: what was sealed in, bytes for the printer out."""

from django.utils.translation import gettext as _

from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import percent
from tenant_apps.printing.escpos import COLUMNS, TALL, Paper
from tenant_apps.till.receipts import Receipt


def render(*, receipt: Receipt) -> bytes:
    paper = Paper()
    for text in receipt.banners:
        paper.line(f" {text} ", bold=True, reversed_out=True)
    paper.line(receipt.seller["name"], size=TALL, bold=True)
    for text in receipt.seller_lines:
        paper.line(text)
    paper.rule()
    paper.line(receipt.title, bold=True)
    for text in receipt.when_and_how:
        paper.line(text)
    paper.rule()
    _sold(paper, receipt)
    paper.rule()
    for text in receipt.foot:
        paper.line(text)
    return paper.cut()


def _sold(paper: Paper, receipt: Receipt) -> None:
    for line in receipt.lines:
        _row(paper, f"{line.quantity} x {line.label}", f"{line.codes} {euros(line.total_cents)}")
        for note in line.notes:
            paper.line(f"   {note}")
    paper.rule()
    _row(paper, _("Total, VAT included"), euros(receipt.total_cents), bold=True)
    for rate in receipt.rates:
        words = _("%(code)s %(rate)s: net %(net)s, VAT %(vat)s") % {
            "code": rate.code,
            "rate": percent(rate.rate),
            "net": euros(rate.net_cents),
            "vat": euros(rate.vat_cents),
        }
        _row(paper, words, euros(rate.gross_cents))
    for name, cents in receipt.paid:
        _row(paper, name, euros(cents))


def _row(paper: Paper, text: str, amount: str, *, bold: bool = False) -> None:
    """The amount at the right edge, on a line of its own when the text is long."""
    room = COLUMNS - len(amount) - 1
    if len(text) > room:
        paper.line(text, bold=bold)
        text = ""
    paper.line(f"{text:<{room}} {amount}", bold=bold)
