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
from shared_apps.customers import services as customers
from shared_apps.customers.models import Customer
from shared_apps.places import visitors
from tenant_apps.orders import filling
from tenant_apps.orders import queries as order_queries
from tenant_apps.orders.filling import Filled
from tenant_apps.orders.forms import CheckoutForm
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import placing
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import zones
from tenant_apps.shop.queries import Situation
from tenant_apps.storefront import baskets, queries
from tenants.requests import ShopRequest

MODES = (ServiceMode.DELIVERY, ServiceMode.COLLECTION)


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: ShopRequest, mode: str) -> HttpResponse:
    """The recap, who and where, and the button that orders with an obligation to pay (C. conso. L221-14)."""
    basket = baskets.current(request)
    if request.method == "POST" and (placed := _already_placed(request)):
        return redirect("storefront:order", placed.reference)
    filled = filling.filled(basket)
    if basket is None or not filled.lines or basket.changes_order:
        return redirect("storefront:basket")
    now = timezone.now()
    shop = shop_queries.situation(now)
    form = _form(request, mode, filled, shop, now)
    valid = request.method == "POST" and form.is_valid()
    fee = _fee(request, form, mode, shop)
    if valid and _agreed(request, form, fee, shop):
        order = _place(request, form, basket, filled, now)
        if order is not None:
            messages.success(request, _("Your order is placed. Thank you!"), extra_tags="good")
            return redirect("storefront:order", order.reference)
    context = {
        "form": form,
        "filled": filled,
        "basket": basket,
        "mode": mode,
        "fee_cents": fee,
        "total_cents": filled.items_cents + fee,
        "shop": shop.settings,
        "closed_until_at": shop.settings.web_closed_until(mode, now),
        "opening": queries.opening(shop.hours, now),
    }
    return render(request, "storefront/checkout.html", context, status=422 if form.errors else 200)


def _fee(request: ShopRequest, form: CheckoutForm, mode: str, shop: Situation) -> int:
    """In cents, to the address typed, else to the place given on the home page, else the shop's ordinary fee."""
    if mode != ServiceMode.DELIVERY:
        return 0
    place = form.location or visitors.remembered(request.session)
    terms = zones.terms(shop=request.pizzeria, place=place, settings=shop.settings) if place else None
    return terms.fee_cents if terms else shop.settings.delivery_fee_cents


def _agreed(request: ShopRequest, form: CheckoutForm, fee: int, shop: Situation) -> bool:
    """Nobody owes a total they did not see: a fee that the address changed is shown before the order is taken."""
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
        shop=request.pizzeria, situation=shop, mode=mode, place=place, work=filled.work, now=now, web=True
    )
    return CheckoutForm(
        request.POST or None,
        initial=_known(request, mode),
        mode=mode,
        slots=slots,
        today=timezone.localdate(now),
        place=place,
        closed=shop.settings.web_closed_until(mode, now) is not None,
    )


def _known(request: ShopRequest, mode: str) -> dict[str, str]:
    """What needs not be typed again: the account's name, its last address, else the place given on the home page."""
    known: dict[str, str] = {}
    user = request.user
    if user.is_authenticated:
        known = {"name": user.name, "phone": user.phone, "email": user.email}
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


def _place(request: ShopRequest, form: CheckoutForm, basket: Basket, filled: Filled, now: dt.datetime) -> Order | None:
    """The order, or None with the rule that refuses it among the form's errors."""
    customer = customers.of_user(request.user) if request.user.is_authenticated else None
    try:
        # Together: a basket left full by a cut between the two would give its next order the name of this one.
        with transaction.atomic():
            order = placing.place(
                shop=request.pizzeria,
                submission=basket.submission,
                lines=filled.asked,
                wishes=form.wishes,
                contact=form.contact,
                channel=Order.Channel.WEB,
                by=baskets.customer(request),
                customer_id=customer.pk if customer else None,
                now=now,
            )
            basket_services.empty(basket=basket)
    except placing.OutOfZone as refusal:
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
