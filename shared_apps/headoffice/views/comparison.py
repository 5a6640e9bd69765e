"""Two periods of the group side by side."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.headoffice import asking, charts
from shared_apps.headoffice import comparison as rows_of
from shared_apps.sales import comparing
from shared_apps.sales.comparing import Compared
from tenants.models import Pizzeria


@require_GET
@staff(Permission.GROUP_VIEW)
def comparison(request: StaffRequest) -> HttpResponse:
    """Every shop and the group, or one shop, in two periods; as a file with `fichier=csv`."""
    asked, now = asking.read(request.GET.dict()), timezone.now()
    form = asking.form(asked, now)
    wanted = asking.comparison(asked, form, now)
    context: dict[str, object] = {"asked": asked, "form": form, "comparison": wanted}
    if wanted is None:
        return render(request, "headoffice/comparison.html", context, status=422)
    shop = get_object_or_404(Pizzeria, slug=asked.slug) if asked.slug else None
    compared = comparing.compare(comparison=wanted, pizzeria_id=shop.pk if shop else None)
    rows = rows_of.rows(compared, asked)
    if request.GET.get("fichier") == "csv":
        return _file(rows, compared)
    products = comparing.best_products(comparison=wanted.over or wanted, pizzeria_id=shop.pk if shop else None)
    context |= {"shop": shop, "compared": compared, "rows": rows, "total": rows_of.Row(compared.total)}
    context |= {"chart": charts.of(compared), "hours": rows_of.best_hours(compared.hours), "products": products}
    context |= {"products_are_compared": wanted.over is not None}
    return render(request, "headoffice/comparison.html", context)


def _file(rows: list[rows_of.Row], compared: Compared) -> HttpResponse:
    span = compared.comparison.now
    headers = {"Content-Disposition": f'attachment; filename="comparaison-{span.starts_on}-{span.ends_on}.csv"'}
    text = rows_of.file(rows, compared)
    return HttpResponse(text.encode(), content_type="text/csv; charset=utf-8", headers=headers)
