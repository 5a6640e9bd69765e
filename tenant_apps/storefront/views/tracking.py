from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.baskets import services as basket_services
from shared_apps.live.regions import region
from tenant_apps.delivery import following
from tenant_apps.orders import quoting
from tenant_apps.orders.lifecycle import MoveRefused
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import changing, telling
from tenant_apps.storefront import baskets, queries
from tenant_apps.till import pdf
from tenant_apps.till import queries as till
from tenant_apps.till.receipts import Receipt
from tenants.requests import ShopRequest


def order_or_404(reference: str) -> Order:
    order = queries.order_by_reference(reference)
    if order is None:
        raise Http404
    return order


@require_GET
def order(request: ShopRequest, reference: str) -> HttpResponse:
    found = order_or_404(reference)
    progress = following.progress(shop=request.pizzeria, order=found, now=timezone.now())
    return render(request, "storefront/order.html", {**queries.tracked(found), "progress": progress})


@require_GET
@region
def order_driver(request: ShopRequest, reference: str) -> HttpResponse:
    """How far the driver is: asked for again and again, since no hint says where somebody is."""
    progress = following.progress(shop=request.pizzeria, order=order_or_404(reference), now=timezone.now())
    return render(request, "storefront/_driver.html", {"progress": progress})


@require_GET
@region
def order_state(request: ShopRequest, reference: str) -> HttpResponse:
    found = order_or_404(reference)
    return render(request, "storefront/_order_state.html", queries.tracked(found))


def _receipt(order: Order) -> Receipt:
    """However often it was printed: what the customer may open again and again is a copy, and says so."""
    sealed = till.receipt(order_number=order.pk)
    if sealed is None:
        raise Http404
    return replace(sealed, issued=0, is_copy=True)


@require_GET
def receipt(request: ShopRequest, reference: str) -> HttpResponse:
    context = {"receipt": _receipt(order_or_404(reference)), "reference": reference}
    return render(request, "storefront/receipt.html", context)


@require_GET
def receipt_pdf(request: ShopRequest, reference: str) -> HttpResponse:
    found = _receipt(order_or_404(reference))
    headers = {"Content-Disposition": f'inline; filename="ticket-{found.number}.pdf"'}
    return HttpResponse(pdf.receipt(found), content_type="application/pdf", headers=headers)


@require_POST
def cancel(request: ShopRequest, reference: str) -> HttpResponse:
    found = order_or_404(reference)
    changing.cancel(
        shop=request.pizzeria, order_id=found.pk, by=baskets.customer(request), now=timezone.now(), reason="customer"
    )
    messages.success(request, _("Your order is cancelled; nothing is due."), extra_tags="good")
    response, current = redirect("storefront:order", reference), baskets.current(request)
    if current and current.changes_order == reference:
        return baskets.keep(response, basket_services.close_change(basket=current))
    return response


@csrf_exempt  # a mail program posts here in one click (RFC 8058); the reference nobody else has is the proof
@require_http_methods(["GET", "POST"])
def quiet(request: ShopRequest, reference: str) -> HttpResponse:
    """No more e-mails at the steps of an order, and of those of the same account."""
    found = order_or_404(reference)
    if request.method == "POST":
        telling.stop_steps(order=found)
    return render(request, "storefront/quiet.html", {"order": found})


def _lines(found: Order) -> list[tuple[quoting.Configuration, int]]:
    return [(asked.configuration, asked.quantity) for asked in quoting.asked(list(found.lines.all()))]


@require_POST
def change(request: ShopRequest, reference: str) -> HttpResponse:
    """The order's lines in a basket of their own, to be changed and kept."""
    found = order_or_404(reference)
    if not found.can_still_change:
        raise MoveRefused(_("The kitchen has started this order: it can no longer be changed."))
    if any(line.list_price_cents is not None for line in found.lines.all()):
        raise MoveRefused(_("A price was agreed for this order: it is cancelled and taken again to be changed."))
    basket = basket_services.open_change(
        basket=baskets.current(request), pizzeria_id=request.pizzeria.id, reference=reference, lines=_lines(found)
    )
    return baskets.keep(redirect("storefront:basket"), basket)


@require_POST
def order_again(request: ShopRequest, reference: str) -> HttpResponse:
    basket = baskets.opened(request)
    basket_services.fill(basket=basket, lines=_lines(order_or_404(reference)))
    return baskets.keep(redirect("storefront:basket"), basket)
