from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from shared_apps.live.regions import region
from shared_apps.places.geometry import navigation_url
from tenant_apps.delivery import queries as delivery
from tenant_apps.delivery.routes import Stop, best_order
from tenant_apps.delivery.services import shifts
from tenant_apps.driver.forms import EndForm, StartForm
from tenant_apps.orders import queries
from tenant_apps.orders.forms import HandOverForm
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.queries import Handled
from tenant_apps.orders.services import road, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import Payment
from tenants.hosts import Shop


def _by(request: StaffRequest) -> By:
    return By(Actor(request.role), request.user.pk)


def _list(request: StaffRequest, form: EndForm | None = None) -> dict[str, object]:
    """My round first, in the best order of its doors; then what waits for a driver."""
    found = queries.deliveries()
    mine = delivery.left_with(request.user.pk, [handled.order.pk for handled in found])
    ordered = _in_order(request.pizzeria, [handled for handled in found if handled.order.pk in mine])
    others = [handled for handled in found if handled.order.pk not in mine]
    shift = delivery.open_shift(request.user.pk)
    return {
        "deliveries": [(handled, _navigation(handled.order)) for handled in [*ordered, *others]],
        "means": Payment.Means.choices,
        "shift": shift,
        "cash_cents": delivery.cash_cents(shift) if shift else 0,
        "start_form": StartForm(),
        "form": form or EndForm(),
    }


def _in_order(shop: Shop, round_of: list[Handled]) -> list[Handled]:
    by_number = {handled.order.pk: handled for handled in round_of}
    stops = [
        Stop(order.pk, order.latitude or 0, order.longitude or 0, order.slot.ends_at)
        for order in (handled.order for handled in round_of)
    ]
    return [by_number[stop.number] for stop in best_order(start=shop, stops=stops, leaving_at=timezone.now())]


def _navigation(order: Order) -> str:
    return navigation_url(latitude=order.latitude or 0, longitude=order.longitude or 0)


@require_GET
@staff(Permission.DELIVERIES)
def deliveries(request: StaffRequest) -> HttpResponse:
    return render(request, "driver/deliveries.html", _list(request))


@require_GET
@staff(Permission.DELIVERIES)
@region
def deliveries_list(request: StaffRequest) -> HttpResponse:
    return render(request, "driver/_deliveries.html", _list(request))


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
    return render(request, "driver/_deliveries.html", _list(request))


@require_POST
@staff(Permission.DELIVERIES)
def start_shift(request: StaffRequest) -> HttpResponse:
    form = StartForm(request.POST)
    if form.is_valid():
        shifts.start(
            shop=request.pizzeria,
            driver_id=request.user.pk,
            float_cents=form.cleaned_data["float_cents"],
            now=timezone.now(),
        )
    else:
        messages.error(request, _("Write the float in euros, such as 30,00."), extra_tags="bad")
    return redirect("driver:deliveries")


@require_POST
@staff(Permission.DELIVERIES)
def end_shift(request: StaffRequest) -> HttpResponse:
    """The cash is counted and handed in."""
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            shifts.end(shop=request.pizzeria, driver_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
        except RuleError as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, _("Your shift is over. Thank you!"), extra_tags="good")
            return redirect("driver:deliveries")
    return render(request, "driver/deliveries.html", _list(request, form), status=422)
