"""The shop's settings: kitchen and counter, own prices; and the history of what was changed."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import AuditEntry
from shared_apps.accounts.permissions import Permission
from shared_apps.core.fields import EurosField
from tenant_apps.office import history as histories
from tenant_apps.office.settings_forms import SettingsForm
from tenant_apps.shop import configuration
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import LocalOffer


def _page(request: StaffRequest, template: str, form: Any, **context: object) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def settings(request: StaffRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=shop_queries.settings())
    if request.method == "POST" and form.is_valid():
        configuration.change_settings(shop=request.pizzeria, values=form.cleaned_data, user_id=request.user.pk)
        messages.success(request, _("Settings kept."), extra_tags="good")
        return redirect("office:settings")
    return _page(request, "office/settings.html", form)


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def offers(request: StaffRequest) -> HttpResponse:
    """The group's card with this shop's own prices and what it does not sell."""
    card, wrong = shop_queries.group_card(), dict[int, str]()
    if request.method == "POST":
        wanted = {}
        for key in card.offers:
            try:
                price = EurosField(required=False).clean(request.POST.get(f"price-{key}", "").strip())
                wanted[key] = (price, f"withdrawn-{key}" in request.POST)
            except Exception as error:  # a ValidationError of the field, shown at it
                wrong[key] = " ".join(getattr(error, "messages", [str(error)]))
        if not wrong:
            count = configuration.set_offers(shop=request.pizzeria, offers=wanted, user_id=request.user.pk)
            messages.success(request, _("%(count)s products changed.") % {"count": count}, extra_tags="good")
            return redirect("office:offers")
    own = {offer.variant_id: offer for offer in LocalOffer.objects.all()}
    rows = [
        {
            "offer": offer,
            "price": request.POST.get(f"price-{key}", _price(own.get(key))),
            "withdrawn": f"withdrawn-{key}" in request.POST or (key in own and own[key].withdrawn),
            "error": wrong.get(key, ""),
        }
        for key, offer in card.offers.items()
    ]
    return render(request, "office/offers.html", {"rows": rows, "wrong": wrong}, status=422 if wrong else 200)


def _price(own: LocalOffer | None) -> str:
    return f"{own.price_cents / 100:.2f}".replace(".", ",") if own and own.price_cents is not None else ""


@require_GET
@staff(Permission.SHOP_SETTINGS)
def history(request: StaffRequest) -> HttpResponse:
    """Who changed what, when, before and after; the newest first."""
    entries = AuditEntry.objects.filter(pizzeria_id=request.pizzeria.id).select_related("actor")
    if request.GET.get("acte"):
        entries = entries.filter(act=request.GET["acte"])
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    units = histories.units()
    rows = [(entry, histories.differences(entry, units)) for entry in page]
    return render(request, "office/history.html", {"page": page, "rows": rows, "act": request.GET.get("acte", "")})
