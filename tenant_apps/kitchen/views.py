from collections.abc import Callable
from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.orders import queries
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.orders.services import escalation, kitchen, remaking
from tenant_apps.orders.services.acts import By
from tenant_apps.printing import queries as prints
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings

UNDO_SHOWN_SECONDS = 10


def _board(settings: ShopSettings | None = None) -> dict[str, object]:
    now = timezone.now()
    tickets = queries.board(settings or shop_queries.settings(), now)
    pizzas, doughs = queries.all_day(tickets)
    return {
        "tickets": tickets,
        "later": queries.later(now),
        "ready": queries.recently_ready(),
        "pizzas": pizzas,
        "doughs": doughs,
        "undo_seconds": UNDO_SHOWN_SECONDS,
    }


@require_GET
@staff(Permission.KITCHEN)
def board(request: StaffRequest) -> HttpResponse:
    now, settings = timezone.now(), shop_queries.settings()
    around = {"trading": shop_queries.trading(now, settings), "silent_since": prints.silent_since(), "now": now}
    return render(request, "kitchen/board.html", _board(settings) | around)


@require_GET
@staff(Permission.KITCHEN)
@region
def tickets(request: StaffRequest) -> HttpResponse:
    return render(request, "kitchen/_tickets.html", _board())


def _act(request: StaffRequest, number: int, act: Callable[..., Order | None]) -> HttpResponse:
    by = By(Actor(request.role), request.user.pk)
    act(shop=request.pizzeria, order_id=number, by=by, now=timezone.now())
    if not request.htmx:
        return redirect("kitchen:board")
    return render(request, "kitchen/_tickets.html", _board())


@require_POST
@staff(Permission.KITCHEN)
def claim(request: StaffRequest, number: int) -> HttpResponse:
    return _act(request, number, kitchen.claim)


@require_POST
@staff(Permission.KITCHEN)
def undo_claim(request: StaffRequest, number: int) -> HttpResponse:
    return _act(request, number, kitchen.undo_claim)


@require_POST
@staff(Permission.KITCHEN)
def acknowledge(request: StaffRequest, number: int, version: int) -> HttpResponse:
    return _act(request, number, partial(kitchen.acknowledge, version=version))


@require_POST
@staff(Permission.KITCHEN)
def mark_ready(request: StaffRequest, number: int) -> HttpResponse:
    return _act(request, number, kitchen.mark_ready)


@require_POST
@staff(Permission.KITCHEN)
def recall(request: StaffRequest, number: int) -> HttpResponse:
    return _act(request, number, kitchen.recall)


@require_POST
@staff(Permission.KITCHEN)
def ask_remake(request: StaffRequest, number: int) -> HttpResponse:
    """The counter decides: it goes to « À traiter »."""
    return _act(request, number, remaking.ask)


@require_POST
@staff(Permission.KITCHEN)
def received(request: StaffRequest) -> HttpResponse:
    """A screen shows these tickets: nobody needs to be rung for them."""
    numbers = [int(number) for number in request.POST.get("numbers", "").split(",") if number.isdecimal()]
    escalation.show(shop=request.pizzeria, numbers=numbers, now=timezone.now())
    return HttpResponse(status=204)


@require_GET
@staff(Permission.KITCHEN)
def recipe(request: StaffRequest, line_id: int) -> HttpResponse:
    """The memory aid of one line: what goes on it, in grams, and the steps."""
    line = OrderLine.objects.filter(pk=line_id).first()
    if line is None:
        raise Http404
    context = {"line": line, "composition": queries.composition_of(line)}
    return render(request, "kitchen/_recipe.html" if request.htmx else "kitchen/recipe.html", context)
