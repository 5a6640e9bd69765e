"""While an order is taken: is this address delivered, and by whom else if not; the draft handed over in one tap."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from shared_apps.places import services as places
from shared_apps.places.geometry import Location
from tenant_apps.counter import reach
from tenant_apps.counter.forms import TYPED
from tenant_apps.counter.views.drafts import draft_for, typed
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import zones
from tenants.models import Pizzeria


def _place(values: dict[str, str]) -> Location | None:
    """Where the typed address is; None while it says too little or is not known."""
    if len(values.get("postcode", "")) < 5:
        return None
    address = ", ".join(filter(None, [values.get("street"), f"{values['postcode']} {values.get('city', '')}"]))
    try:
        return places.locate(text=address.strip())
    except RuleError:
        return None


@require_GET
@staff(Permission.COUNTER)
def zone(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    """« Livrable : 2,90 €, 12 min » or « Hors zone », while the address is typed."""
    draft, values = draft_for(request, token), typed(request.GET)
    place = _place(values)
    found = zones.terms(shop=request.pizzeria, place=place, settings=shop_queries.settings()) if place else None
    wanted = values.get("mode") == ServiceMode.DELIVERY
    return render(
        request,
        "counter/_zone.html",
        {"draft": draft, "place": place, "reach": found, "wanted": wanted, "asked": values},
    )


@require_GET
@staff(Permission.COUNTER)
def elsewhere(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    """The other shops that can make the whole order, asked one by one and only when somebody wants to know."""
    draft, values = draft_for(request, token), typed(request.GET)
    place = _place(values) if values.get("mode") == ServiceMode.DELIVERY else None
    unknown = values.get("mode") == ServiceMode.DELIVERY and place is None
    found = [] if unknown else reach.able(draft=draft, here=request.pizzeria, place=place, now=timezone.now())
    return render(request, "counter/_elsewhere.html", {"draft": draft, "found": found, "unknown": unknown})


@require_POST
@staff(Permission.COUNTER)
def hand_to(request: StaffRequest, token: uuid.UUID, slug: str) -> HttpResponse:
    """The draft, with what the caller said, is parked at the other shop's counter, whose screens show it at once."""
    draft, other = draft_for(request, token), Pizzeria.objects.filter(slug=slug, state=Pizzeria.State.TRADING).first()
    if other is None or other.pk == request.pizzeria.id:
        raise Http404
    _hand(draft, other, typed(request.POST))
    messages.success(request, _("Handed over to %(shop)s.") % {"shop": other.name}, extra_tags="good")
    return redirect("counter:orders")


@transaction.atomic
def _hand(draft: Basket, other: Pizzeria, values: dict[str, str]) -> None:
    kept = {name: values[name] for name in TYPED if values.get(name)}
    label = " ".join(filter(None, [values.get("name", ""), _shown(values.get("phone", ""))])) or _("Without a name")
    baskets.hand_to(basket=draft, pizzeria_id=other.pk, label=label, contact=kept)
    hints.changed(scope=other.schema_name, topics=["drafts"])


def _shown(text: str) -> str:
    try:
        return phones.shown(phones.parse(text))
    except RuleError:
        return text
