"""Where the shop delivers and for how much, drawn; and an address tried against it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from shared_apps.places import services as places
from tenant_apps.office import zone_map
from tenant_apps.office.zone_form import ZoneForm
from tenant_apps.shop import configuration, zones
from tenant_apps.shop import queries as shop_queries


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def zone(request: StaffRequest) -> HttpResponse:
    settings = shop_queries.settings()
    form = ZoneForm(request.POST or None, shop=request.pizzeria, settings=settings)
    if request.method == "POST" and form.is_valid():
        configuration.change_settings(shop=request.pizzeria, values=form.values, user_id=request.user.pk)
        messages.success(request, _("Delivery zone kept."), extra_tags="good")
        return redirect("office:zone")
    context = {
        "form": form,
        "drawing": zone_map.draw(shop=request.pizzeria, settings=settings),
        "tried": _try(request, request.GET.get("adresse", "").strip()),
    }
    return render(request, "office/zone.html", context, status=422 if form.errors else 200)


def _try(request: StaffRequest, address: str) -> dict[str, object] | None:
    """What an address would be answered."""
    if not address:
        return None
    try:
        place = places.locate(text=address[:200])
    except RuleError as refusal:
        return {"address": address, "refusal": str(refusal)}
    terms = zones.terms(shop=request.pizzeria, place=place, settings=shop_queries.settings())
    return {"address": address, "place": place, "terms": terms}
