"""What the middleware adds to a request, as types."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from tenants.hosts import Shop


class Request(HttpRequest):
    """On any host; `pizzeria` is None on the group's."""

    pizzeria: Shop | None
    htmx: HtmxDetails


class ShopRequest(Request):
    """On a shop's host."""

    pizzeria: Shop
