"""The visitor's basket, by the cookie that holds its token: one for the whole group, a week long."""

from django.conf import settings
from django.http import HttpResponse  # noqa: TID251  the cookie is set on it

from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services.acts import By
from tenants.requests import ShopRequest

SECONDS = 7 * 24 * 3600


def current(request: ShopRequest) -> Basket | None:
    return baskets.find(token=request.COOKIES.get(baskets.COOKIE))


def opened(request: ShopRequest) -> Basket:
    """The basket, made if need be, and now in this shop."""
    basket = current(request) or baskets.create(pizzeria_id=request.pizzeria.id)
    if basket.changes_order and basket.pizzeria_id != request.pizzeria.id:
        basket = baskets.close_change(basket=basket)  # an order is changed in its own shop
    baskets.move(basket=basket, pizzeria_id=request.pizzeria.id)
    return basket


def keep(response: HttpResponse, basket: Basket) -> HttpResponse:
    response.set_cookie(
        baskets.COOKIE,
        str(basket.token),
        max_age=SECONDS,
        domain=settings.SESSION_COOKIE_DOMAIN,
        secure=settings.PUBLIC_SCHEME == "https",
        httponly=True,
        samesite="Lax",
    )
    return response


def customer(request: ShopRequest) -> By:
    return By(Actor.CUSTOMER, request.user.pk if request.user.is_authenticated else None)
