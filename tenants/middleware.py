from collections.abc import Callable

import sentry_sdk
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from tenants import hosts
from tenants.database import connection
from tenants.models import Pizzeria
from tenants.requests import Request

Next = Callable[[Request], HttpResponse]


ACCOUNT_PAGES = "/compte/"


class PizzeriaMiddleware:
    """Host → shop → its schema and its URLs. The group's host stays on the public schema.

    So do the pages of one's account on any host: the account is the group's, and no shop's role may write one.

    Sets `request.pizzeria`: a `tenants.hosts.Shop`, or None on the group's host.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        connection.set_schema_to_public()
        host = request.get_host().partition(":")[0].lower()
        request.pizzeria = None
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        if hosts.is_group(host):
            return self.get_response(request)
        try:
            shop = hosts.shop_for(host)
        except hosts.UnknownHost:
            return render(request, "unknown_host.html", status=404)
        if host != shop.host:
            return self._moved(request, shop)
        if not shop.is_trading:
            return self._not_trading(request, shop)
        request.pizzeria = shop
        sentry_sdk.set_tag("pizzeria", shop.slug)
        request.urlconf = settings.ROOT_URLCONF
        if request.path.startswith(ACCOUNT_PAGES):
            return self.get_response(request)
        connection.set_schema(shop.schema_name)
        try:
            return self.get_response(request)
        finally:
            connection.set_schema_to_public()

    def _moved(self, request: Request, shop: hosts.Shop) -> HttpResponse:
        """A former address of the shop: 308, so that a form sent there is sent again rather than lost."""
        return HttpResponse(status=308, headers={"Location": f"{shop.url}{request.get_full_path()}"})

    def _not_trading(self, request: Request, shop: hosts.Shop) -> HttpResponse:
        if shop.state == Pizzeria.State.CLOSED:
            return render(request, "suspended.html", {"shop": shop, "closed": True}, status=410)
        response = render(request, "suspended.html", {"shop": shop}, status=503)
        response["Retry-After"] = "3600"
        return response


class PermissionsPolicyMiddleware:
    """The browser features that our own pages may use, and nobody else's."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = "geolocation=(self), screen-wake-lock=(self), camera=(), microphone=()"
        return response
