"""What the middleware adds to a request, as types."""

from collections.abc import Set
from typing import Protocol

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from tenants.hosts import Shop


class SharedDevice(Protocol):
    """A tablet or till of the shop, as `tenant_apps.devices` recognises it by its cookie."""

    @property
    def pk(self) -> int: ...

    @property
    def roles(self) -> Set[str]:
        """Of whoever works on it, in this shop; none while it is locked."""

    def opens(self, permission: str, /) -> bool: ...


class Request(HttpRequest):
    """On any host; `pizzeria` is None on the group's."""

    pizzeria: Shop | None
    device: SharedDevice | None
    device_id: int | None
    reads_only: bool  # a locked device shows this page to whoever stands before it
    htmx: HtmxDetails


class ShopRequest(Request):
    """On a shop's host."""

    pizzeria: Shop
