import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from tenant_apps.delivery import queries

SHOWN = dt.timedelta(days=14)


@require_GET
@staff(Permission.SHOP_SETTINGS)
def drivers(request: StaffRequest) -> HttpResponse:
    """Shifts of the last two weeks, with what was handed in."""
    return render(request, "office/drivers.html", {"shifts": queries.shifts(timezone.now() - SHOWN)})
