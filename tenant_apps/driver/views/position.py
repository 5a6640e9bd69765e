from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from tenant_apps.delivery.services import positions
from tenant_apps.driver.forms import PositionForm


@require_POST
@staff(Permission.DELIVERIES)
def share_position(request: StaffRequest) -> HttpResponse:
    positions.share(driver_id=request.user.pk, now=timezone.now())
    return redirect("driver:deliveries")


@require_POST
@staff(Permission.DELIVERIES)
def stop_sharing(request: StaffRequest) -> HttpResponse:
    positions.stop_sharing(driver_id=request.user.pk)
    return redirect("driver:deliveries")


@require_POST
@staff(Permission.DELIVERIES)
def position(request: StaffRequest) -> HttpResponse:
    """Where the phone is. Answers nothing: what is shown elsewhere is asked for there."""
    form = PositionForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    positions.keep(driver_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
    return HttpResponse(status=204)
