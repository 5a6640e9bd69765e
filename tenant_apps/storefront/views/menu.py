import gzip
import hashlib

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.baskets import services as basket_services
from shared_apps.catalogue import pictures
from shared_apps.catalogue.models import ServiceMode
from shared_apps.catalogue.pictures import Drawn
from shared_apps.catalogue.recipes import Card, ImpossibleConfiguration, Offer
from shared_apps.customers import services as customers
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import zones
from tenant_apps.storefront import baskets, forms, queries
from tenants.requests import ShopRequest

SPRITES = 64  # kept in a process: head office may change the card all day
_sprites: dict[str, bytes] = {}  # digest → gzipped SVG: the drawings of a card never change under one digest


def _sprite(pizzas: list[Drawn]) -> str:
    """The digest of these drawings, which are then in memory."""
    digest = hashlib.sha256(repr(pizzas).encode()).hexdigest()[:16]
    if digest not in _sprites:
        if len(_sprites) >= SPRITES:
            _sprites.pop(next(iter(_sprites)), None)
        _sprites[digest] = gzip.compress(pictures.sprite(pizzas).encode(), mtime=0)
    return digest


@require_GET
def menu(request: ShopRequest) -> HttpResponse:
    now, basket = timezone.now(), baskets.current(request)
    shop = shop_queries.situation(now)
    opening = queries.opening(shop.hours, now)
    sections = queries.menu(shop.changes, now=now, at=opening.soonest)
    context = {
        "sections": sections,
        "pictures": _sprite(queries.pizzas_in(sections)),
        "opening": opening,
        "shop": shop.settings,
        "delivery": zones.offered(shop.settings),
        "delivery_closed_until_at": shop.settings.web_closed_until(ServiceMode.DELIVERY, now),
        "collection_closed_until_at": shop.settings.web_closed_until(ServiceMode.COLLECTION, now),
        "origins": queries.origins(shop.changes, now),
        "mine": customers.allergens_of(request.user),
        "basket": basket,
        "pieces": basket_services.count(basket=basket),
    }
    return render(request, "storefront/menu.html", context)


@require_GET
def pizzas(request: ShopRequest, digest: str) -> HttpResponse:
    """Every pizza of the card in one file, each a view of it; its name changes with what it shows."""
    current = digest if digest in _sprites else _sprite(queries.pizzas_in(queries.menu(now=timezone.now())))
    response = HttpResponse(_sprites[current], content_type="image/svg+xml", headers={"Content-Encoding": "gzip"})
    response["Cache-Control"] = "public, max-age=31536000, immutable" if current == digest else "no-cache"
    return response


def _offers(card: Card, code: str) -> list[Offer]:
    found = [offer for offer in card.offers.values() if offer.code == code]
    if not found:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
def product(request: ShopRequest, code: str) -> HttpResponse:
    """The customiser. GET shows what its fields ask for, with the price and allergens of the server; POST adds it."""
    card = shop_queries.whole_card()
    offers = _offers(card, code)
    wanted = forms.configuration(request.POST if request.method == "POST" else request.GET, card, offers)
    quantity = forms.QuantityForm(request.POST or request.GET or {"quantity": "1"})
    if request.method == "POST" and quantity.is_valid():
        basket = baskets.opened(request)
        basket_services.add(basket=basket, configuration=wanted, quantity=quantity.cleaned_data["quantity"] or 1)
        return baskets.keep(redirect("storefront:menu"), basket)
    context = {
        "choices": queries.choices(card, card.compose(wanted), now=timezone.now()),
        "quantity": request.GET.get("quantity", "1"),
        "query": request.GET.urlencode(),
        "mine": customers.allergens_of(request.user),
    }
    if request.htmx:
        return render(request, "storefront/_customiser.html", context)
    own = shop_queries.settings()
    return render(request, "storefront/product.html", context | {"shop": own, "delivery": zones.offered(own)})


@require_GET
def picture(request: ShopRequest, code: str) -> HttpResponse:
    """One pizza as composed; the address says all of it."""
    card = shop_queries.whole_card()
    try:
        composition = card.compose(forms.configuration(request.GET, card, _offers(card, code)))
    except ImpossibleConfiguration as error:
        raise Http404 from error
    svg = pictures.picture(queries.drawn_composition(composition), label=composition.label)
    return HttpResponse(svg, content_type="image/svg+xml", headers={"Cache-Control": "private, max-age=3600"})
