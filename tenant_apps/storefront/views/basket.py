import datetime as dt

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.baskets import services as basket_services
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.recipes import Configuration
from tenant_apps.orders import discounted, discounts, filling
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import changing
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import zones
from tenant_apps.storefront import baskets, forms, queries
from tenants.requests import ShopRequest


@require_GET
def basket(request: ShopRequest) -> HttpResponse:
    current = baskets.current(request)
    return render(request, "storefront/basket.html", _context(current, timezone.now()))


def _context(current: Basket | None, now: dt.datetime) -> dict[str, object]:
    changed = _changed(current) if current else None
    shop = shop_queries.situation(now)
    opening = queries.opening(shop.hours, now)
    filled = filling.filled(
        current, now=now, soonest=opening.soonest, made_for=changed.slot.starts_at if changed else None
    )
    delivery = zones.offered(shop.settings)
    total = discounted.total_cents(order=changed, items_cents=filled.items_cents) if changed else 0
    return {
        "filled": filled,
        "changed_order": changed,
        "changed_total_cents": total,
        "opening": opening,
        "shop": shop.settings,
        "delivery": delivery,
        "off": discounts.off(basket=current, items_cents=filled.items_cents, now=now),
        "kept_discounts": changed.discounts.select_related("voucher") if changed else [],
        "missing_cents": max(0, delivery.minimum_cents - filled.items_cents),
    }


def _changed(current: Basket) -> Order | None:
    """The order that the basket changes."""
    found = Order.objects.filter(reference=current.changes_order) if current.changes_order else Order.objects.none()
    return found.select_related("slot").first()


@require_POST
def use_voucher(request: ShopRequest) -> HttpResponse:
    """A promotional code, or none: what it is worth is said on the basket."""
    current = baskets.opened(request)
    basket_services.set_voucher(basket=current, code=request.POST.get("code", ""))
    return baskets.keep(redirect("storefront:basket"), current)


@require_POST
def add(request: ShopRequest) -> HttpResponse:
    """One piece from the menu, as the recipe has it."""
    variant_id = int(request.POST["variant"]) if request.POST.get("variant", "").isdecimal() else 0
    composition = shop_queries.whole_card().compose(Configuration(variant_id))
    current = baskets.opened(request)
    basket_services.add(basket=current, configuration=composition.configuration, quantity=1)
    if not request.htmx:
        return baskets.keep(redirect("storefront:menu"), current)
    context = {"pieces": basket_services.count(basket=current), "added": composition.label, "basket": current}
    return baskets.keep(render(request, "storefront/_bar.html", context), current)


@require_POST
def set_quantity(request: ShopRequest, line_id: int) -> HttpResponse:
    current = baskets.opened(request)
    form = forms.QuantityForm(request.POST)
    if form.is_valid():
        basket_services.set_quantity(basket=current, line_id=line_id, quantity=form.cleaned_data["quantity"])
    else:
        messages.error(request, _("Enter a quantity from 0 to 50."), extra_tags="bad")
    return baskets.keep(redirect("storefront:basket"), current)


@require_POST
def keep_change(request: ShopRequest) -> HttpResponse:
    """The order becomes what the basket holds, until the kitchen has it."""
    current = baskets.opened(request)
    order = Order.objects.filter(reference=current.changes_order).first()
    if order is None:
        return redirect("storefront:basket")
    now, response = timezone.now(), redirect("storefront:order", order.reference)
    with transaction.atomic():  # the basket first: it is there for one change, however often the button is tapped
        if not basket_services.hold(basket=current):
            return response
        changing.change(
            shop=request.pizzeria,
            order_id=order.pk,
            lines=filling.filled(current, now=now).asked,
            by=baskets.customer(request),
            now=now,
            shown=request.POST.get("shown"),
            is_adult=bool(request.POST.get("is_adult")),
        )
        before = basket_services.close_change(basket=current)
    messages.success(request, _("Your order is changed."), extra_tags="good")
    return baskets.keep(response, before)


@require_POST
def drop_change(request: ShopRequest) -> HttpResponse:
    current = baskets.opened(request)
    if not current.changes_order:
        return redirect("storefront:basket")
    response = redirect("storefront:order", current.changes_order)
    return baskets.keep(response, basket_services.close_change(basket=current))
