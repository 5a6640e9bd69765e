"""Rush mode and closed channels, on the screens of the kitchen, the counter and the manager."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.counter.forms import ClosingForm, RushForm
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services import rush as rushes
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries


def _by(request: StaffRequest) -> By:
    return By(Actor(request.role), request.user.pk, request.device_id)


def _after(request: StaffRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("kitchen:board" if request.role == Role.COOK else "counter:orders")
    return _region(request)


def _region(request: StaffRequest) -> HttpResponse:
    return render(request, "counter/_rush.html", {"trading": shop_queries.trading(timezone.now())})


@require_GET
@staff(Permission.RUSH)
@region
def rush(request: StaffRequest) -> HttpResponse:
    return _region(request)


@require_POST
@staff(Permission.RUSH)
def set_rush(request: StaffRequest) -> HttpResponse:
    form = RushForm(request.POST)
    if not form.is_valid():
        raise rushes.UnknownRush
    minutes = int(form.cleaned_data["minutes"])
    rushes.set_rush(shop=request.pizzeria, minutes=minutes, by=_by(request), now=timezone.now())
    return _after(request)


@require_POST
@staff(Permission.RUSH)
def close_web(request: StaffRequest) -> HttpResponse:
    form = ClosingForm(request.POST)
    if not form.is_valid():
        raise rushes.UnknownRush
    rushes.close_web(shop=request.pizzeria, modes=form.modes, minutes=form.minutes, by=_by(request), now=timezone.now())
    return _after(request)


@require_POST
@staff(Permission.RUSH)
def reopen_web(request: StaffRequest) -> HttpResponse:
    form = ClosingForm(request.POST)
    if not form.is_valid():
        raise rushes.UnknownRush
    rushes.reopen_web(shop=request.pizzeria, modes=form.modes, by=_by(request), now=timezone.now())
    return _after(request)
