from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.live.regions import region
from tenant_apps.office.forms import ResolutionForm
from tenant_apps.orders.services import cases as case_services


@require_GET
@staff(Permission.CASES)
def cases(request: StaffRequest) -> HttpResponse:
    return render(request, "office/cases.html", {"cases": case_services.open_cases()})


@require_GET
@staff(Permission.CASES)
@region
def cases_list(request: StaffRequest) -> HttpResponse:
    return render(request, "office/_cases.html", {"cases": case_services.open_cases()})


@require_POST
@staff(Permission.CASES)
def close_case(request: StaffRequest, case_id: int) -> HttpResponse:
    form = ResolutionForm(request.POST)
    if form.is_valid():
        case_services.close(
            case_id=case_id,
            user_id=request.user.pk,
            resolution=form.cleaned_data["resolution"],
            now=timezone.now(),
        )
        messages.success(request, _("Settled."), extra_tags="good")
    else:
        messages.error(request, _("Say how it was settled."), extra_tags="bad")
    return redirect("office:cases")
