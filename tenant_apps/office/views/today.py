from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from shared_apps.sales import comparing, spans
from shared_apps.sales import queries as sales
from tenant_apps.orders.services import cases as case_services
from tenant_apps.orders.services import escalation
from tenant_apps.shop import queries as shop_queries


def _figures(request: StaffRequest) -> dict[str, object]:
    now, pizzeria_id = timezone.now(), request.pizzeria.id
    found = sales.figures(now=now, pizzeria_id=pizzeria_id)
    week_ago = comparing.compare(comparison=spans.today(now, spans.Against.BEFORE), pizzeria_id=pizzeria_id)
    return {"figures": found[0], "cases": case_services.open_cases(), "week_ago": week_ago}


@require_GET
@staff(Permission.SHOP_SETTINGS)
def today(request: StaffRequest) -> HttpResponse:
    return render(
        request,
        "office/today.html",
        {**_figures(request), "trading": shop_queries.trading(timezone.now()), "ringing": escalation.ringing()},
    )


@require_GET
@staff(Permission.SHOP_SETTINGS)
@region
def today_figures(request: StaffRequest) -> HttpResponse:
    return render(request, "office/_today.html", _figures(request))
