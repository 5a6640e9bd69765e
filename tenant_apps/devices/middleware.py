"""On a device that a shop shares, the operator is the user: who they are, what they may open, and when they are asked.

A PIN goes with the act that needs it, in the same request: nothing is done before it is right, and nothing twice.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.devices.forms import PIN_FIELD, carried
from tenant_apps.devices.services import operators
from tenant_apps.devices.services.operators import Known
from tenants.hosts import Shop
from tenants.requests import Request

AUTOMATIC = "X-Live-Region"  # sent by the page itself: nobody touched the screen


class DeviceMiddleware:
    def __init__(self, get_response: Callable[[Request], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        request.device, request.device_id, request.reads_only = None, None, False
        token = request.COOKIES.get(settings.DEVICE_COOKIE)
        if request.pizzeria and token:
            known = operators.recognised(shop=request.pizzeria, token=token, now=timezone.now())
            request.device, request.device_id = known, known.pk if known else None
        response = self.get_response(request)
        if isinstance(request.device, Known) and request.device.changed:
            response["HX-Trigger"] = "operator"
        return response

    def process_view(
        self, request: Request, view: Callable[..., HttpResponse], args: tuple[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        permission: Permission | None = getattr(view, "permission", None)
        if permission is None or request.pizzeria is None:
            return None
        if isinstance(request.device, Known):
            by_itself: bool = getattr(view, "by_itself", False)
            return _on_device(request, request.pizzeria, request.device, permission, by_itself=by_itself)
        if settings.DEVICE_COOKIE in request.COOKIES and not request.user.is_authenticated:
            return _not_paired(request)
        return None


def _on_device(
    request: Request, shop: Shop, known: Known, permission: Permission, *, by_itself: bool
) -> HttpResponse | None:
    """None lets the view answer."""
    pin = request.POST.get(PIN_FIELD, "")
    if pin:
        setattr(request, "sensitive_post_parameters", (PIN_FIELD,))  # noqa: B010  never in an error report
        try:
            known = operators.identify(shop=shop, known=known, pin=pin, now=timezone.now())
        except RuleError as refusal:
            return _ask(request, str(refusal))
        request.device = known
    by_hand = not by_itself and AUTOMATIC not in request.headers
    operators.note(known=known, by_hand=by_hand, now=timezone.now())
    request.user = known.operator or AnonymousUser()
    acts = request.method == "POST" and not by_itself
    if known.operator is None or (acts and known.device.asks_each_time and not pin):
        if acts or not known.shows(permission):
            return _ask(request)
        request.reads_only = True
        return None
    return None if known.opens(permission) else _ask_password(request)


def _not_paired(request: Request) -> HttpResponse:
    """Revoked, forgotten, or of another shop: the same page, which forgets the cookie once somebody reads it."""
    response = render(request, "devices/not_paired.html", status=404)
    if AUTOMATIC not in request.headers and not request.htmx:
        response.delete_cookie(settings.DEVICE_COOKIE)
    return response


def _ask(request: Request, refusal: str = "") -> HttpResponse:
    """Who is it? A page first becomes that of the PIN; an act is sent again with it, as it was."""
    if request.method != "POST":
        return _to(request, "devices:operator")
    context = {"action": request.get_full_path(), "carried": carried(request.POST), "refusal": refusal, "acts": True}
    if not request.htmx:
        return render(request, "devices/operator.html", context, status=401)
    context["target"] = request.htmx.target or "main"
    response = render(request, "devices/_pin.html", context, status=401)
    response["HX-Retarget"], response["HX-Reswap"] = "#operator-dialog", "innerHTML"
    return response


def _ask_password(request: Request) -> HttpResponse:
    return _to(request, "devices:password")


def _to(request: Request, url_name: str) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" else "/"
    address = f"{reverse(url_name)}?{urlencode({'next': back})}"
    if not request.htmx:
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response
