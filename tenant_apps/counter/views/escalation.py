from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.orders.services import escalation as escalations


@require_GET
@staff(Permission.COUNTER)
@region
def escalation(request: StaffRequest) -> HttpResponse:
    """Tickets that no screen of the kitchen shows."""
    return render(request, "counter/_escalation.html", {"ringing": escalations.ringing()})
