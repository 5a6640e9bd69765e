"""Receipts and invoices as PDF, by fpdf2 with the fonts that every reader has: no system library, no file."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import dated, percent
from tenant_apps.till.models import Invoice
from tenant_apps.till.receipts import Receipt

RECEIPT_MM, MARGIN_MM, LINE_MM = 80, 6, 4.6
SPACES = str.maketrans({"\u202f": "\u00a0", "\u2009": " "})


class Sheet(FPDF):
    """Helvetica in Windows-1252, which has every letter of French and the euro."""

    def __init__(self, width_mm: float, height_mm: float) -> None:
        super().__init__(unit="mm", format=(width_mm, height_mm))
        self.core_fonts_encoding = "cp1252"
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM)
        self.add_page()
        self.size(9)

    def size(self, points: float, bold: bool = False) -> None:
        self.set_font("Helvetica", "B" if bold else "", points)

    def words(self, text: str, align: str = "L") -> None:
        self.multi_cell(0, LINE_MM, _letters(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def row(self, columns: Sequence[tuple[str, float, str]]) -> None:
        """(text, share of the width, alignment); the first column may take several lines."""
        (first, share, align), *others = columns
        top, page = self.get_y(), self.page
        self.multi_cell(self.epw * share, LINE_MM, _letters(first), align=align, new_x=XPos.RIGHT, new_y=YPos.NEXT)
        bottom = self.get_y()
        if self.page == page:
            self.set_y(top)
            self.set_x(self.l_margin + self.epw * share)
        for text, width, side in others:
            self.cell(self.epw * width, LINE_MM, _letters(text), align=side, new_x=XPos.RIGHT, new_y=YPos.TOP)
        self.set_xy(self.l_margin, max(bottom, top + LINE_MM) if self.page == page else self.get_y() + LINE_MM)

    def rule(self) -> None:
        self.ln(1.2)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.epw, self.get_y())
        self.ln(1.2)


def _letters(text: str) -> str:
    return text.translate(SPACES).encode("cp1252", "replace").decode("cp1252")


def receipt(found: Receipt) -> bytes:
    """On a strip of 80 mm, as long as it takes."""
    length = 120 + LINE_MM * (2 * len(found.lines) + len(found.rates) + len(found.takings) + 2 * len(found.refunds))
    sheet = Sheet(RECEIPT_MM, length)
    sheet.set_title(_letters(found.title))
    _heading(sheet, found)
    _body(sheet, found)
    sheet.rule()
    for text in found.foot:
        sheet.words(text, "C")
    return bytes(sheet.output())


def _heading(sheet: Sheet, found: Receipt) -> None:
    sheet.size(13, bold=True)
    sheet.words(found.seller["name"], "C")
    sheet.size(8)
    for text in found.seller_lines:
        sheet.words(text, "C")
    sheet.rule()
    sheet.size(10, bold=True)
    for text in found.banners:
        sheet.words(text, "C")
    sheet.words(found.title, "C")
    sheet.size(9)
    for text in found.when_and_how:
        sheet.words(text, "C")
    sheet.rule()


def _body(sheet: Sheet, found: Receipt) -> None:
    for line in found.lines:
        sheet.row(
            [
                (f"{line.quantity} x {line.label}", 0.66, "L"),
                (line.codes, 0.1, "C"),
                (euros(line.total_cents), 0.24, "R"),
            ]
        )
        for text in line.notes:
            sheet.words(f"   {text}")
    sheet.rule()
    sheet.size(11, bold=True)
    sheet.row([(_("Total, VAT included"), 0.6, "L"), (euros(found.total_cents), 0.4, "R")])
    sheet.size(9)
    _rates(sheet, found)
    for name, cents in found.paid:
        sheet.row([(name, 0.6, "L"), (euros(cents), 0.4, "R")])


def _rates(sheet: Sheet, found: Receipt) -> None:
    sheet.size(8)
    shares = (0.28, 0.24, 0.24, 0.24)
    head = (_("VAT"), _("Net"), _("VAT"), _("Gross"))
    _cells(sheet, head, shares)
    for row in found.rates:
        cells = (f"{row.code} {percent(row.rate)}", euros(row.net_cents), euros(row.vat_cents), euros(row.gross_cents))
        _cells(sheet, cells, shares)
    sheet.size(9)
    sheet.rule()


def _cells(sheet: Sheet, texts: Sequence[str], shares: Sequence[float]) -> None:
    """The first to the left, the others to the right."""
    sides = ("L", *("R" for _other in texts[1:]))
    sheet.row(list(zip(texts, shares, sides, strict=True)))


def invoice(found: Receipt, made: Invoice) -> bytes:
    sheet = Sheet(210, 297)
    sheet.set_margin(18)
    sheet.set_xy(18, 18)
    sheet.set_title(_letters(_("Invoice no. %(number)s") % {"number": made.number}))
    sheet.size(16, bold=True)
    sheet.words(_("Invoice no. %(number)s") % {"number": made.number})
    sheet.size(10)
    sheet.words(_("Made on %(day)s, from receipt no. %(receipt)s of %(sold)s") % {
        "day": dated(made.made_at), "receipt": found.number,
        "sold": dated(found.at) if found.at else "",
    })  # fmt: skip
    sheet.ln(4)
    sheet.size(10, bold=True)
    sheet.words(found.seller["name"])
    sheet.size(10)
    for text in found.seller_lines:
        sheet.words(text)
    sheet.ln(4)
    sheet.size(10, bold=True)
    sheet.words(made.buyer_name)
    sheet.size(10)
    for text in (made.buyer_address, *_numbers(made)):
        sheet.words(text)
    sheet.rule()
    _body(sheet, found)
    sheet.rule()
    sheet.words(_("Paid. No discount is granted for early payment."))
    return bytes(sheet.output())


def _numbers(made: Invoice) -> list[str]:
    return [text for text in (made.buyer_siren and f"SIREN {made.buyer_siren}", made.buyer_vat_number) if text]
