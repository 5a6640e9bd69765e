"""The dispatcher: who is on shift with what load, what waits for a driver, and what follows a failed delivery."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.counter.forms import AssignForm, FollowUpForm
from tenant_apps.delivery import following, queries
from tenant_apps.delivery.services import rounds
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services import failures
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.failures import FollowUp


def _by(request: StaffRequest) -> By:
    return By(Actor(request.role), request.user.pk, request.device_id)


def _shown(request: StaffRequest, board: queries.Board) -> dict[str, object]:
    return {"board": board, "is_manager": Role.MANAGER in request.roles}


def _map(request: StaffRequest, board: queries.Board) -> dict[str, object]:
    return {
        "map": following.dispatch_map(shop=request.pizzeria, board=board),
        "drivers_seen": following.seen_from_the_shop(shop=request.pizzeria, board=board),
    }


@require_GET
@staff(Permission.COUNTER)
def dispatch(request: StaffRequest) -> HttpResponse:
    board = queries.board()
    return render(request, "counter/dispatch.html", {**_shown(request, board), **_map(request, board)})


@require_GET
@staff(Permission.COUNTER)
@region
def dispatch_map(request: StaffRequest) -> HttpResponse:
    """Fetched each fifteen seconds: no hint says where somebody is."""
    return render(request, "counter/_map.html", _map(request, queries.board()))


@require_GET
@staff(Permission.COUNTER)
@region
def dispatch_board(request: StaffRequest) -> HttpResponse:
    return render(request, "counter/_dispatch.html", _shown(request, queries.board()))


@require_POST
@staff(Permission.COUNTER)
def assign(request: StaffRequest, number: int) -> HttpResponse:
    """To a driver on shift, from a colleague too as long as nobody has left with it."""
    form = AssignForm(request.POST)
    shift_id = form.cleaned_data["shift"] if form.is_valid() else 0
    rounds.assign(
        shop=request.pizzeria,
        order_id=number,
        shift_id=shift_id,
        by=_by(request),
        now=timezone.now(),
        reassign=True,
    )
    return _after(request)


@require_POST
@staff(Permission.COUNTER)
def take_back(request: StaffRequest, number: int) -> HttpResponse:
    rounds.take_back(shop=request.pizzeria, order_id=number, by=_by(request), now=timezone.now())
    return _after(request)


@require_POST
@staff(Permission.COUNTER)
def follow_up(request: StaffRequest, number: int) -> HttpResponse:
    """What becomes of an order that was not delivered."""
    form = FollowUpForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose what follows."), extra_tags="bad")
        return redirect("counter:order", number)
    chosen = form.cleaned_data["follow_up"]
    _follow(request, number, FollowUp(chosen), form)
    messages.success(request, _("Decided: %(what)s.") % {"what": FollowUp(chosen).label.lower()}, extra_tags="good")
    return redirect("counter:dispatch")


def _follow(request: StaffRequest, number: int, chosen: FollowUp, form: FollowUpForm) -> None:
    shop, by, now = request.pizzeria, _by(request), timezone.now()
    drinks_back, submission = form.cleaned_data["drinks_back"], form.cleaned_data["submission"]
    if chosen == FollowUp.SECOND_DELIVERY:
        failures.deliver_again(shop=shop, order_id=number, by=by, now=now)
    elif chosen == FollowUp.REMAKE:
        failures.make_again(shop=shop, order_id=number, drinks_back=drinks_back, submission=submission, by=by, now=now)
    else:
        failures.give_up(
            shop=shop,
            order_id=number,
            follow_up=chosen,
            drinks_back=drinks_back,
            submission=submission,
            by=by,
            now=now,
        )


def _after(request: StaffRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("counter:dispatch")
    return render(request, "counter/_dispatch.html", _shown(request, queries.board()))
