"""Paying online: away to Stripe's page, and back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shared_apps.gateway.services import OnlinePaymentDown
from shared_apps.gateway.stripe_api import Unreachable
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import accepting, online
from tenant_apps.storefront import baskets
from tenant_apps.storefront.views.tracking import order_or_404
from tenants.requests import ShopRequest


def to_the_page(request: ShopRequest, order: Order) -> HttpResponse:
    """To Stripe's page; while it is away, to the order, which is kept and says what else can be done."""
    try:
        return redirect(online.open_page(shop=request.pizzeria, order_id=order.pk, now=timezone.now()))
    except OnlinePaymentDown as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    except online.NothingToPay:
        pass  # paid meanwhile: the order says so
    return redirect("storefront:order", order.reference)


@require_POST
def pay(request: ShopRequest, reference: str) -> HttpResponse:
    return to_the_page(request, order_or_404(reference))


@never_cache
@require_GET
def paid(request: ShopRequest, reference: str) -> HttpResponse:
    """Where Stripe sends the customer back: the payment is read at once, so that the page says what is so.

    It writes, on a GET, only what Stripe's webhook would have it write a moment later.
    """
    order = order_or_404(reference)
    try:
        online.follow(shop=request.pizzeria, order_id=order.pk, now=timezone.now())
    except Unreachable:
        messages.info(request, _("Your payment is being checked: this page says when it is done."))
    return redirect("storefront:order", reference)


@require_POST
def pay_on_receipt(request: ShopRequest, reference: str) -> HttpResponse:
    accepting.pay_on_receipt(
        shop=request.pizzeria,
        order_id=order_or_404(reference).pk,
        by=baskets.customer(request),
        now=timezone.now(),
    )
    messages.success(request, _("Your order is placed. Thank you!"), extra_tags="good")
    return redirect("storefront:order", reference)
