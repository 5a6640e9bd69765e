from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from shared_apps.places.geometry import navigation_url
from tenant_apps.orders import queries
from tenant_apps.orders.forms import HandOverForm
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import road, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import Payment


def _by(request: StaffRequest) -> By:
    return By(Actor(request.role), request.user.pk)


def _list() -> dict[str, object]:
    found = queries.deliveries()
    return {
        "deliveries": [(handled, _navigation(handled.order)) for handled in found],
        "means": Payment.Means.choices,
    }


def _navigation(order: Order) -> str:
    return navigation_url(latitude=order.latitude or 0, longitude=order.longitude or 0)


@require_GET
@staff(Permission.DELIVERIES)
def deliveries(request: StaffRequest) -> HttpResponse:
    return render(request, "driver/deliveries.html", _list())


@require_GET
@staff(Permission.DELIVERIES)
@region
def deliveries_list(request: StaffRequest) -> HttpResponse:
    return render(request, "driver/_deliveries.html", _list())


@require_POST
@staff(Permission.DELIVERIES)
def leave(request: StaffRequest, number: int) -> HttpResponse:
    road.leave(shop=request.pizzeria, order_id=number, by=_by(request), now=timezone.now())
    return _after(request)


@require_POST
@staff(Permission.DELIVERIES)
def come_back(request: StaffRequest, number: int) -> HttpResponse:
    road.come_back(shop=request.pizzeria, order_id=number, by=_by(request), now=timezone.now())
    return _after(request)


@require_POST
@staff(Permission.DELIVERIES)
def delivered(request: StaffRequest, number: int) -> HttpResponse:
    form = HandOverForm(request.POST)
    if form.is_valid():
        settlement.hand_over(
            shop=request.pizzeria,
            order_id=number,
            by=_by(request),
            now=timezone.now(),
            means=form.means_taken,
            submission=form.act,
        )
    return _after(request)


def _after(request: StaffRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("driver:deliveries")
    return render(request, "driver/_deliveries.html", _list())
