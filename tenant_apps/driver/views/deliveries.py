from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.delivery import queries
from tenant_apps.delivery.services import rounds
from tenant_apps.driver.forms import EndForm, StartForm
from tenant_apps.orders.forms import WITH_THE_ORDER
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import FailureReason
from tenant_apps.orders.services.acts import By


def by(request: StaffRequest) -> By:
    """As a driver, whoever it is: the cash of a door is theirs to hand in, not in the drawer."""
    return By(Actor.DRIVER, request.user.pk, request.device_id)


def shown(request: StaffRequest, form: EndForm | None = None) -> dict[str, object]:
    """My round, the one I prepare, then what waits for a driver."""
    board, shift = queries.board(), queries.open_shift(request.user.pk)
    return {
        "me": board.driver(request.user.pk),
        "free": board.free,
        "means": WITH_THE_ORDER,
        "failures": FailureReason.choices,
        "shift": shift,
        "cash_cents": queries.cash_cents(shift) if shift else 0,
        "start_form": StartForm(),
        "form": form or EndForm(),
    }


@require_GET
@staff(Permission.DELIVERIES)
def deliveries(request: StaffRequest) -> HttpResponse:
    return render(request, "driver/deliveries.html", shown(request))


@require_GET
@staff(Permission.DELIVERIES)
@region
def deliveries_list(request: StaffRequest) -> HttpResponse:
    return render(request, "driver/_deliveries.html", shown(request))


@require_GET
@staff(Permission.DELIVERIES)
def worker(request: StaffRequest) -> HttpResponse:
    """The script that keeps the page for when there is no network: under /livraisons/, since it acts on nothing else."""
    return render(request, "driver/worker.js", content_type="text/javascript; charset=utf-8")


@require_POST
@staff(Permission.DELIVERIES)
def take(request: StaffRequest, number: int) -> HttpResponse:
    shift = queries.open_shift(request.user.pk)
    rounds.assign(
        shop=request.pizzeria,
        order_id=number,
        shift_id=shift.pk if shift else 0,
        by=by(request),
        now=timezone.now(),
    )
    return redirect("driver:deliveries")


@require_POST
@staff(Permission.DELIVERIES)
def give_back(request: StaffRequest, number: int) -> HttpResponse:
    rounds.take_back(
        shop=request.pizzeria, order_id=number, by=by(request), now=timezone.now(), driver_id=request.user.pk
    )
    return redirect("driver:deliveries")


@require_POST
@staff(Permission.DELIVERIES)
def move_earlier(request: StaffRequest, stop_id: int) -> HttpResponse:
    rounds.move_earlier(shop=request.pizzeria, stop_id=stop_id, driver_id=request.user.pk, now=timezone.now())
    return redirect("driver:deliveries")


@require_POST
@staff(Permission.DELIVERIES)
def best_order(request: StaffRequest, round_id: int) -> HttpResponse:
    rounds.best_order(shop=request.pizzeria, round_id=round_id, driver_id=request.user.pk, now=timezone.now())
    return redirect("driver:deliveries")
