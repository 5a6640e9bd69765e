"""What is printed of an order. Pure: an order with its lines in, bytes for the printer out."""

from django.utils.translation import gettext as _

from shared_apps.catalogue.models import Allergen
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.printing.escpos import BIG, TALL, Paper
from tenant_apps.printing.models import PrintJob


def render(*, order: Order, kind: PrintJob.Kind, due_cents: int, copy: int = 0) -> bytes:
    paper = Paper()
    if copy:
        paper.line(_("COPY"), bold=True, reversed_out=True)
    if kind == PrintJob.Kind.BAG:
        _label(paper, order, due_cents)
    else:
        _ticket(paper, order, kind)
    return paper.cut()


def _ticket(paper: Paper, order: Order, kind: PrintJob.Kind) -> None:
    banner = {PrintJob.Kind.CHANGED: _("CHANGED"), PrintJob.Kind.CANCELLED: _("CANCELLED")}.get(kind)
    if banner:
        paper.line(f" {banner} ", size=TALL, bold=True, reversed_out=True)
    paper.line(str(order.number), size=BIG, bold=True)
    paper.line(f"{order.get_mode_display()} - {clock(order.slot.starts_at)}", size=TALL)
    if order.is_remake:
        reason = " - ".join(part for part in (order.get_remake_reason_display(), order.remake_words) if part)
        paper.line(f" {_('REMADE')} : {reason} ", bold=True, reversed_out=True)
    if order.allergy_note:
        paper.line(f" {_('ALLERGY')} : {order.allergy_note} ", size=TALL, bold=True, reversed_out=True)
    if order.note:
        paper.line(order.note, bold=True)
    paper.rule()
    for line in order.lines.all():
        _dish(paper, line)
    paper.rule()


def _dish(paper: Paper, line: OrderLine) -> None:
    if line.other_half and line.variant.size:
        paper.line(f"{line.quantity} x {line.variant.size.name}", size=TALL, bold=True)
        paper.line(_("LEFT: %(name)s") % {"name": line.variant.product.name}, size=TALL)
        paper.line(_("RIGHT: %(name)s") % {"name": line.other_half.product.name}, size=TALL)
    else:
        paper.line(f"{line.quantity} x {line.label}", size=TALL, bold=True)
    for name in line.without_names:
        paper.line(f" {_('WITHOUT')} {name} ", size=TALL, reversed_out=True)
    for name in line.extra_names:
        paper.line(f"{_('EXTRA')} {name}", size=TALL)
    _replaced(paper, line)
    _allergens(paper, line)


def _replaced(paper: Paper, line: OrderLine) -> None:
    for names in line.replaced_names:
        words = _("REPLACED: %(names)s") % {"names": names.replace("→", ">")}
        paper.line(f" {words} ", bold=True, reversed_out=True)


def _label(paper: Paper, order: Order, due_cents: int) -> None:
    paper.line(str(order.number), size=BIG, bold=True)
    paper.line(order.contact_name, size=TALL, bold=True)
    paper.line(f"{order.get_mode_display()} - {clock(order.slot.starts_at)}")
    paper.rule()
    for line in order.lines.all():
        paper.line(f"{line.quantity} x {line.label}", bold=True)
        _changes(paper, line)
        _allergens(paper, line)
    paper.rule()
    if due_cents > 0:
        paper.line(_("TO PAY: %(due)s") % {"due": euros(due_cents)}, size=TALL, bold=True)
    else:
        paper.line(_("PAID"), size=TALL, bold=True)


def _allergens(paper: Paper, line: OrderLine) -> None:
    allergens = ", ".join(str(Allergen(code).label) for code in line.allergens) or _("none")
    paper.line(_("Allergens: %(allergens)s") % {"allergens": allergens.upper()})


def _changes(paper: Paper, line: OrderLine) -> None:
    for name in line.without_names:
        paper.line(f"  {_('WITHOUT')} {name}")
    for name in line.extra_names:
        paper.line(f"  {_('EXTRA')} {name}")
    _replaced(paper, line)
