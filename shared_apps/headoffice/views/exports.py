"""The files of the group, for its accountant and for the tax office."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.periods import PeriodForm
from shared_apps.sales import queries as sales
from tenant_apps.till import exports as exports_of

FILES = {"chiffres": exports_of.group_figures, "e-reporting": exports_of.e_reporting}


@require_GET
@staff(Permission.GROUP_VIEW)
def exports(request: StaffRequest) -> HttpResponse:
    """Closed days of every shop for the accountant, and the e-reporting file of each company (SIREN)."""
    name = request.GET.get("fichier", "")
    today = timezone.localdate()
    form = PeriodForm(request.GET if name else None, initial={"du": today.replace(day=1), "au": today})
    if name not in FILES or not form.is_valid():
        return render(request, "headoffice/exports.html", {"form": form}, status=422 if form.errors else 200)
    starts_on, ends_on = form.days
    closed = sales.closed_days(starts_on=starts_on, ends_on=ends_on)
    named = [(closing.pizzeria.name if name == "chiffres" else closing.pizzeria.siren, closing) for closing in closed]
    headers = {"Content-Disposition": f'attachment; filename="{name}-{starts_on}-{ends_on}.csv"'}
    return HttpResponse(FILES[name](named).encode(), content_type="text/csv; charset=utf-8", headers=headers)
