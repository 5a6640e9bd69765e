"""The ticket printer, on the screens of the kitchen and the counter: what it printed, and that it is silent."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.printing import queries, services


@require_GET
@staff(Permission.PRINTS)
@region
def printer(request: StaffRequest) -> HttpResponse:
    return render(request, "counter/_printer.html", {"silent_since": queries.silent_since()})


@require_GET
@staff(Permission.PRINTS)
def prints(request: StaffRequest) -> HttpResponse:
    return render(request, "counter/prints.html", {"jobs": queries.recent(), "silent_since": queries.silent_since()})


@require_POST
@staff(Permission.PRINTS)
def reprint(request: StaffRequest, job_id: int) -> HttpResponse:
    services.reprint(shop=request.pizzeria, job_id=job_id, now=timezone.now())
    return redirect("counter:prints")
