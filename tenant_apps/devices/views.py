"""What a device asks of whoever stands before it."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout as sign_out
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission, Purpose
from shared_apps.core.errors import RuleError
from tenant_apps.devices.forms import PIN_FIELD, CodeForm, PasswordForm, PinForm
from tenant_apps.devices.models import Device
from tenant_apps.devices.services import operators, pairing, pins
from tenant_apps.devices.services.operators import Known
from tenants.requests import ShopRequest

COOKIE_LASTS = 400 * 24 * 3600  # the most that browsers keep
LANDING = {Purpose.KITCHEN: "kitchen:board", Purpose.COUNTER: "counter:orders", Purpose.DISPATCH: "kitchen:board"}
STATION = {Purpose.DISPATCH: "?poste=expedition"}  # one screen for all where the kitchen has no stations
View = Callable[..., HttpResponse]


class DeviceRequest(ShopRequest):
    device: Known


def on_device(view: View) -> View:
    """Elsewhere than on a paired device the page is not there."""

    @wraps(view)
    def guarded(request: ShopRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.device is None:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _landing(device: Device) -> str:
    purpose = Purpose(device.purpose)
    return reverse(LANDING[purpose]) + STATION.get(purpose, "")


def _next(request: DeviceRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or ""
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}) else _landing(request.device.device)


@never_cache
@require_http_methods(["GET", "POST"])
def pair(request: ShopRequest) -> HttpResponse:
    """The code that the manager reads out makes this browser a device of the shop; nobody stays signed in on it."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device, token = pairing.pair(shop=request.pizzeria, code=form.cleaned_data["code"], now=timezone.now())
        except RuleError as refusal:
            form.add_error("code", str(refusal))
        else:
            sign_out(request)
            response = redirect(_landing(device))
            return _remember(response, token)
    return render(request, "devices/pair.html", {"form": form}, status=422 if form.errors else 200)


def _remember(response: HttpResponse, token: str) -> HttpResponse:
    response.set_cookie(
        settings.DEVICE_COOKIE,
        token,
        max_age=COOKIE_LASTS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


@never_cache
@sensitive_post_parameters(PIN_FIELD)
@require_http_methods(["GET", "POST"])
@on_device
def operator(request: DeviceRequest) -> HttpResponse:
    """The PIN that opens the device."""
    context = {"action": reverse("devices:operator"), "carried": [("next", _next(request))], "refusal": ""}
    if request.method == "POST":
        try:
            request.device = operators.identify(
                shop=request.pizzeria, known=request.device, pin=request.POST.get(PIN_FIELD, ""), now=timezone.now()
            )
            return redirect(_next(request))
        except RuleError as refusal:
            context["refusal"] = str(refusal)
    return render(request, "devices/operator.html", context, status=422 if context["refusal"] else 200)


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@on_device
def password(request: DeviceRequest) -> HttpResponse:
    """The password opens all that one's role opens here, until the device locks."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operators.identify_by_password(
                shop=request.pizzeria, known=request.device, now=timezone.now(), **form.cleaned_data
            )
            return redirect(_next(request))
        except RuleError as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "next": _next(request)}
    return render(request, "devices/password.html", context, status=422 if form.errors else 200)


@require_POST
@on_device
def lock(request: DeviceRequest) -> HttpResponse:
    operators.lock(known=request.device)
    return redirect(_landing(request.device.device))


@never_cache
@require_GET
@on_device
def who(request: DeviceRequest) -> HttpResponse:
    """The name of whoever works on it, in the header of each page."""
    return render(request, "devices/_who.html")


@never_cache
@require_GET
@on_device
def switch(request: DeviceRequest) -> HttpResponse:
    """Somebody else takes over, without leaving the page."""
    context = {"action": reverse("devices:operator"), "carried": [("next", _next(request))], "refusal": ""}
    return render(request, "devices/_pin.html" if request.htmx else "devices/operator.html", context)


@never_cache
@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
@staff(Permission.OWN_PIN)
def own_pin(request: StaffRequest) -> HttpResponse:
    """One's own PIN; a device opened by the old one does not get here, since a PIN opens no such page."""
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            pins.set_pin(
                shop=request.pizzeria,
                user_id=request.user.pk,
                pin=form.cleaned_data["pin"],
                by_id=request.user.pk,
                now=timezone.now(),
            )
        except RuleError as refusal:
            form.add_error("pin", str(refusal))
        else:
            messages.success(request, _("Your PIN is kept: it opens the tablets and tills."), extra_tags="good")
            return redirect("devices:own_pin")
    return render(request, "devices/own_pin.html", {"form": form}, status=422 if form.errors else 200)
