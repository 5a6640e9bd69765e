from collections.abc import Callable
from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.orders import queries
from tenant_apps.orders.lifecycle import FOLLOWING, Actor, Station
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.orders.services import escalation, kitchen, remaking, stations
from tenant_apps.orders.services.acts import By
from tenant_apps.printing import queries as prints
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings

UNDO_SHOWN_SECONDS = 10
SLUGS = {Station.PREPARATION: "preparation", Station.OVEN: "four", Station.DISPATCH: "expedition"}
BY_SLUG = {slug: station for station, slug in SLUGS.items()}


def _station(request: StaffRequest, settings: ShopSettings) -> Station | None:
    """Whose screen this is: `?poste=four`; one screen for all without it, or where the shop has no stations."""
    return BY_SLUG.get(request.GET.get("poste", "")) if settings.kitchen_stations else None


def _board(request: StaffRequest, settings: ShopSettings) -> dict[str, object]:
    now, station = timezone.now(), _station(request, settings)
    tickets = queries.board(settings, now, station)
    pizzas, doughs = queries.all_day(tickets)
    leaves = station in FOLLOWING
    return {
        "tickets": tickets,
        "stations": SLUGS if settings.kitchen_stations else {},
        "station": station,
        "here": f"?poste={SLUGS[station]}" if station else "",
        "later": queries.later(now),
        "ready": [] if leaves else queries.recently_ready(),
        "passed": queries.passed(station) if station and leaves else [],
        "pizzas": pizzas,
        "doughs": doughs,
        "undo_seconds": UNDO_SHOWN_SECONDS,
    }


@require_GET
@staff(Permission.KITCHEN)
def board(request: StaffRequest) -> HttpResponse:
    now, settings = timezone.now(), shop_queries.settings()
    around = {"trading": shop_queries.trading(now, settings), "silent_since": prints.silent_since(), "now": now}
    return render(request, "kitchen/board.html", _board(request, settings) | around)


@require_GET
@staff(Permission.KITCHEN)
@region
def tickets(request: StaffRequest) -> HttpResponse:
    return render(request, "kitchen/_tickets.html", _board(request, shop_queries.settings()))


def _act(request: StaffRequest, number: int, act: Callable[..., Order | None]) -> HttpResponse:
    by = By(Actor(request.role), request.user.pk, request.device_id)
    act(shop=request.pizzeria, order_id=number, by=by, now=timezone.now())
    context = _board(request, shop_queries.settings())
    if not request.htmx:
        return redirect(f"{reverse('kitchen:board')}{context['here']}")
    return render(request, "kitchen/_tickets.html", context)


def _pass(request: StaffRequest, number: int, slug: str, act: Callable[..., Order]) -> HttpResponse:
    if slug not in BY_SLUG:
        raise Http404
    lines = [int(line) for line in request.POST.getlist("line") if line.isdecimal()]
    return _act(request, number, partial(act, station=BY_SLUG[slug], line_ids=lines))


@require_POST
@staff(Permission.KITCHEN)
def pass_on(request: StaffRequest, number: int, station: str) -> HttpResponse:
    """To the next station: the lines named, or all that the ticket has at this one."""
    return _pass(request, number, station, stations.pass_on)


@require_POST
@staff(Permission.KITCHEN)
def bring_back(request: StaffRequest, number: int, station: str) -> HttpResponse:
    return _pass(request, number, station, stations.bring_back)


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
    """Where the kitchen works in stations, by the one whose screen it is."""
    station = _station(request, shop_queries.settings())
    return _act(request, number, partial(kitchen.acknowledge, version=version, station=station))


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
@staff(Permission.KITCHEN, by_itself=True)
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
    composition = queries.composition_of(line)
    context = {"line": line, "composition": composition, "untold": queries.untold_allergens(line, composition)}
    return render(request, "kitchen/_recipe.html" if request.htmx else "kitchen/recipe.html", context)
