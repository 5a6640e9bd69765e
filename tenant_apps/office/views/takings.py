from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.calendar import business_day
from tenant_apps.office.forms import TakingsForm
from tenant_apps.orders import takings as queries


@require_GET
@staff(Permission.SHOP_SETTINGS)
def takings(request: StaffRequest) -> HttpResponse:
    """What came in and went back in a business day, by means; the tips and the drawers. The day is in the address."""
    today = business_day(timezone.now())
    form = TakingsForm(request.GET if "jour" in request.GET else {"jour": today})
    day = form.cleaned_data["jour"] if form.is_valid() else today
    context = {"form": form, "day": day, "found": queries.takings(day)}
    return render(request, "office/takings.html", context, status=422 if form.errors else 200)
