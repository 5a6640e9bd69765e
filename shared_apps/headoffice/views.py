import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.periods import PeriodForm
from shared_apps.headoffice import promotions
from shared_apps.live.regions import region
from shared_apps.sales import queries as sales
from tenant_apps.promotions.forms import GroupVoucherForm
from tenant_apps.till import exports as exports_of
from tenants.models import Pizzeria, RestoreDrill

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


@require_http_methods(["GET", "POST"])
@staff(Permission.GROUP_VIEW)
def vouchers(request: StaffRequest) -> HttpResponse:
    """A promotional code in the pizzerias that head office chooses."""
    shops = Pizzeria.objects.filter(state=Pizzeria.State.TRADING)
    form = GroupVoucherForm(
        request.POST or None,
        initial={"first_date": timezone.localdate()},
        pizzerias=list(shops.values_list("pk", "name")),
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["pizzerias"]
        promotions.create(pizzeria_ids=chosen, values=form.values, user_id=request.user.pk)
        words = _("The code is on its way to %(count)s pizzeria(s).") % {"count": len(chosen)}
        messages.success(request, words, extra_tags="good")
        return redirect("headoffice:vouchers")
    return render(request, "headoffice/vouchers.html", {"form": form}, status=422 if form.errors else 200)
