"""Every shop and the group as they are now."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from shared_apps.sales import queries as sales
from tenants.models import RestoreDrill

DRILL_DAYS = dt.timedelta(days=8)  # one a week, and a day of grace


def _figures() -> dict[str, object]:
    shops = sales.figures(now=timezone.now())
    return {"shops": shops, "total": sales.total(shops)}


@require_GET
@staff(Permission.GROUP_VIEW)
def group(request: StaffRequest) -> HttpResponse:
    """Every shop and the group, live, from the read model."""
    drill = RestoreDrill.objects.first()
    old = drill is not None and drill.at < timezone.now() - DRILL_DAYS
    return render(request, "headoffice/group.html", _figures() | {"drill": drill, "drill_is_old": old})


@require_GET
@staff(Permission.GROUP_VIEW)
@region
def group_figures(request: StaffRequest) -> HttpResponse:
    return render(request, "headoffice/_group.html", _figures())


@require_GET
@staff(Permission.GROUP_VIEW)
def alerts(request: StaffRequest) -> HttpResponse:
    """What runs low, shop by shop."""
    return render(request, "headoffice/alerts.html", {"alerts": sales.alerts()})
