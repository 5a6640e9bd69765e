"""The receipt of an order: seen, given on paper or by e-mail because the customer asks, invoiced on request."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.counter.forms import InvoiceForm
from tenant_apps.orders import queries as order_queries
from tenant_apps.orders import receipts
from tenant_apps.printing import services as printing
from tenant_apps.till import pdf
from tenant_apps.till import queries as till
from tenant_apps.till.receipts import Receipt
from tenant_apps.till.services import issuing


def _receipt(request: StaffRequest, number: int) -> Receipt:
    """What is sealed, else what would be."""
    found = order_queries.handled(number)
    if found is None or found.order.is_remake:
        raise Http404
    sealed = till.receipt(order_number=number)
    return sealed or receipts.provisional(shop=request.pizzeria, order=found.order, now=timezone.now())


def _page(request: StaffRequest, number: int, found: Receipt, *, prints: bool = False) -> HttpResponse:
    reference = order_queries.reference(number)
    context = {
        "receipt": found,
        "order_number": number,
        "invoice": till.invoice(order_number=number),
        "public_url": f"{request.pizzeria.url}/commande/{reference}/ticket/" if found.number else "",
        "prints": prints,
    }
    return render(request, "counter/receipt.html", context)


@require_GET
@staff(Permission.COUNTER)
def receipt(request: StaffRequest, number: int) -> HttpResponse:
    return _page(request, number, _receipt(request, number))


@require_http_methods(["GET", "POST"])
@staff(Permission.COUNTER)
def receipt_pdf(request: StaffRequest, number: int) -> HttpResponse:
    """A bill before payment is only looked at; a receipt is given, which is counted."""
    found = _receipt(request, number)
    if request.method == "POST" and not found.is_provisional:
        found = issuing.issue(
            shop=request.pizzeria, order_number=number, medium="pdf", operator=request.user.name, now=timezone.now()
        )
    elif not found.is_provisional:
        return redirect("counter:receipt", number)
    return as_pdf(pdf.receipt(found), f"ticket-{number}")


def as_pdf(data: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@require_POST
@staff(Permission.COUNTER)
def give_receipt(request: StaffRequest, number: int) -> HttpResponse:
    """On paper: by the shop's printer, else by the browser's, from this answer alone: loaded again it is given again."""
    printed = printing.print_receipt(
        shop=request.pizzeria, order_id=number, operator=request.user.name, now=timezone.now()
    )
    if not printed:
        return _page(request, number, _receipt(request, number), prints=True)
    messages.success(request, _("The receipt is being printed."), extra_tags="good")
    return redirect("counter:receipt", number)


@require_POST
@staff(Permission.COUNTER)
def mail_receipt(request: StaffRequest, number: int) -> HttpResponse:
    try:
        issuing.send(
            shop=request.pizzeria,
            order_number=number,
            address=request.POST.get("email", "").strip(),
            operator=request.user.name,
            now=timezone.now(),
        )
    except RuleError as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    else:
        messages.success(request, _("The receipt is sent."), extra_tags="good")
    return redirect("counter:receipt", number)


@require_http_methods(["GET", "POST"])
@staff(Permission.COUNTER)
def invoice(request: StaffRequest, number: int) -> HttpResponse:
    found = _receipt(request, number)
    made = till.invoice(order_number=number)
    form = InvoiceForm(request.POST or None)
    if made is None and request.method == "POST" and form.is_valid():
        issuing.make_invoice(
            shop=request.pizzeria,
            order_number=number,
            buyer=form.buyer,
            operator=request.user.name,
            now=timezone.now(),
        )
        return redirect("counter:invoice", number)
    is_older = made is not None and till.is_changed_since_invoiced(order_number=number)
    context = {"receipt": found, "order_number": number, "invoice": made, "form": form, "is_older": is_older}
    return render(request, "counter/invoice.html", context, status=422 if form.errors else 200)


@require_GET
@staff(Permission.COUNTER)
def invoice_pdf(request: StaffRequest, number: int) -> HttpResponse:
    found, made = till.invoiced(order_number=number), till.invoice(order_number=number)
    if made is None or found is None:
        raise Http404
    return as_pdf(pdf.invoice(found, made), f"facture-{made.number}")
