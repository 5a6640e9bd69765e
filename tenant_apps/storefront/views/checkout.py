import datetime as dt
import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shared_apps.baskets import services as basket_services
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import phone as national
from shared_apps.customers import services as customers
from shared_apps.customers.models import Customer
from shared_apps.gateway import services as gateway
from shared_apps.legal import queries as legal_queries
from shared_apps.legal import services as legal
from shared_apps.places import visitors
from tenant_apps.orders import discounts, filling
from tenant_apps.orders import queries as order_queries
from tenant_apps.orders.discounts import Off
from tenant_apps.orders.filling import Filled
from tenant_apps.orders.forms import CheckoutForm
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import placing, refusals
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import zones
from tenant_apps.shop.queries import Situation
from tenant_apps.storefront import baskets, queries
from tenant_apps.storefront.views import paying
from tenants.requests import ShopRequest

MODES = (ServiceMode.DELIVERY, ServiceMode.COLLECTION)


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: ShopRequest, mode: str) -> HttpResponse:
    """The recap, who and where, and the button that orders with an obligation to pay (C. conso. L221-14)."""
    basket = baskets.current(request)
    if request.method == "POST" and (placed := _already_placed(request)):
        return _onward(request, placed)
    now = timezone.now()
    shop = shop_queries.situation(now)
    opening = queries.opening(shop.hours, now)
    filled = filling.filled(basket, now=now, soonest=opening.soonest)
    if basket is None or not filled.lines or basket.changes_order:
        return redirect("storefront:basket")
    form = _form(request, mode, filled, shop, now)
    filled = filled.at(basket, form.wanted_at, now=now, soonest=opening.soonest)
    valid = request.method == "POST" and form.is_valid()
    fee = _fee(request, form, mode, shop)
    off = discounts.off(basket=basket, items_cents=filled.items_cents, now=now)
    if valid and _agreed(request, form, fee, shop, off):
        order = _place(request, form, basket, filled, now, off)
        if order is not None:
            return _onward(request, order)
        filled = filling.filled(
            basket, now=now, soonest=opening.soonest, made_for=form.wanted_at
        )  # as it is after the refusal
    context = {
        "form": form,
        "filled": filled,
        "basket": basket,
        "mode": mode,
        "fee_cents": fee,
        "off": off,
        "terms": legal_queries.terms_in_force(now=now),
        "total_cents": filled.items_cents + fee - off.cents,
        "shop": shop.settings,
        "closed_until_at": shop.settings.web_closed_until(mode, now),
        "opening": opening,
    }
    return render(request, "storefront/checkout.html", context, status=422 if form.errors else 200)


def _onward(request: ShopRequest, order: Order) -> HttpResponse:
    """To its page; to Stripe's first when it is to be paid there."""
    if order.awaits_payment:
        return paying.to_the_page(request, order)
    messages.success(request, _("Your order is placed. Thank you!"), extra_tags="good")
    return redirect("storefront:order", order.reference)


def _fee(request: ShopRequest, form: CheckoutForm, mode: str, shop: Situation) -> int:
    """In cents, to the address typed, else to the place given on the home page, else the shop's ordinary fee."""
    if mode != ServiceMode.DELIVERY:
        return 0
    place = form.location or visitors.remembered(request.session)
    terms = zones.terms(shop=request.pizzeria, place=place, settings=shop.settings) if place else None
    return terms.fee_cents if terms else shop.settings.delivery_fee_cents


def _agreed(request: ShopRequest, form: CheckoutForm, fee: int, shop: Situation, off: Off) -> bool:
    """Nobody owes a total they did not see: a fee that the address changed, or a code that is worth something else
    than a moment ago, is shown before the order is taken."""
    if request.POST.get("discount_cents", str(off.cents)) != str(off.cents):
        form.add_error(None, off.refusal or _("What your code takes off has changed: check the total, then order."))
        return False
    shown = request.POST.get("fee_cents", str(shop.settings.delivery_fee_cents))
    if not fee or shown == str(fee):
        return True
    form.add_error(
        None, _("The delivery to this address costs %(fee)s: check the total, then order.") % {"fee": euros(fee)}
    )
    return False


def _already_placed(request: ShopRequest) -> Order | None:
    """The order this very form has already made: a double tap, a reload, a second send after an answer was lost."""
    try:
        return placing.placed(submission=uuid.UUID(request.POST.get("submission", "")))
    except ValueError:
        return None


def _form(request: ShopRequest, mode: str, filled: Filled, shop: Situation, now: dt.datetime) -> CheckoutForm:
    place = visitors.remembered(request.session)
    slots = order_queries.times_offered(
        shop=request.pizzeria,
        situation=shop,
        mode=mode,
        place=place,
        work=filled.work,
        now=now,
        web=True,
        made_from=filled.made_from,
    )
    return CheckoutForm(
        request.POST or None,
        initial=_known(request, mode),
        mode=mode,
        slots=slots,
        today=timezone.localdate(now),
        place=place,
        closed=filled.made_from is not None or shop.settings.web_closed_until(mode, now) is not None,
        online=gateway.is_up(now=now),
        allergens=customers.allergens_of(request.user),
        has_alcohol=filled.has_alcohol,
    )


def _known(request: ShopRequest, mode: str) -> dict[str, str]:
    """What needs not be typed again: the account's name, its last address, else the place given on the home page."""
    known: dict[str, str] = {}
    user = request.user
    if user.is_authenticated:
        known = {"name": user.name, "phone": national(user.phone), "email": user.email}
    if mode != ServiceMode.DELIVERY:
        return known
    place = visitors.remembered(request.session)
    if place:
        return known | {"street": place.street, "postcode": place.postcode, "city": place.city}
    address = None
    if user.is_authenticated:
        customer = Customer.objects.filter(user=user).first()
        address = customer.addresses.first() if customer else None
    if address:
        known |= {name: getattr(address, name) for name in ("street", "postcode", "city", "details")}
    return known


def _place(
    request: ShopRequest, form: CheckoutForm, basket: Basket, filled: Filled, now: dt.datetime, off: Off
) -> Order | None:
    """The order, or None with the rule that refuses it among the form's errors."""
    customer = None
    try:
        # Together: a basket left full by a cut between the two would give its next order the name of this one.
        with transaction.atomic():
            customer = customers.ordering(user=request.user) if request.user.is_authenticated else None
            order = placing.place(
                shop=request.pizzeria,
                submission=basket.submission,
                lines=filled.asked,
                wishes=form.wishes,
                contact=form.contact,
                channel=Order.Channel.WEB,
                by=baskets.customer(request),
                pays_online=form.pays_online,
                voucher_code=off.code if off.cents else "",
                customer_id=customer.pk if customer else None,
                now=now,
                terms_version=legal.accept_terms(shown=request.POST.get("terms"), now=now),
                shown=request.POST.get("shown"),
            )
            basket_services.empty(basket=basket)
    except refusals.OutOfZone as refusal:
        form.add_error("street", str(refusal))
        form.out_of_zone = True
        return None
    except RuleError as refusal:
        form.add_error(None, str(refusal))
        return None
    if customer and form.location:
        contact = form.contact
        customers.remember_address(
            customer=customer,
            street=contact.street,
            postcode=contact.postcode,
            city=contact.city,
            details=contact.details,
            latitude=form.location.latitude,
            longitude=form.location.longitude,
        )
    return order
