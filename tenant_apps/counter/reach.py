"""Whether a shop delivers to a place and can make a whole draft; which other shop could.

Another shop is asked in its own schema, with its own role, one after the other and only on demand.
"""

import datetime as dt
from dataclasses import dataclass

from django_tenants.utils import schema_context

from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import ServiceMode
from shared_apps.places.geometry import Location, nearest
from tenant_apps.orders import filling, queries
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import zones
from tenant_apps.shop.zones import Terms
from tenants.hosts import Shop
from tenants.models import Pizzeria

ASKED = 3


@dataclass(frozen=True, slots=True)
class Able:
    """Another shop that can take the whole draft."""

    shop: Shop
    reach: Terms | None  # None when it is collected there
    soonest: dt.datetime


def able(*, draft: Basket, here: Shop, place: Location | None, now: dt.datetime) -> list[Able]:
    """Of the three nearest other shops, those that deliver there (when a place is given) and have all of it, nearest first."""
    others = Pizzeria.objects.filter(state=Pizzeria.State.TRADING).exclude(pk=here.id)
    shops = [Shop.of(pizzeria) for pizzeria in others]
    centre = place or Location(here.latitude, here.longitude, "", "")
    found = (_able(draft, shop, place, now) for shop in nearest(location=centre, points=shops, limit=ASKED))
    return [other for other in found if other]


def _able(draft: Basket, shop: Shop, place: Location | None, now: dt.datetime) -> Able | None:
    with schema_context(shop.schema_name):
        situation = shop_queries.situation(now)
        terms = zones.terms(shop=shop, place=place, settings=situation.settings) if place else None
        if not (shop.has_legal_data and situation.settings.takes_orders) or (place and terms is None):
            return None
        filled = filling.filled(draft, now=now)
        if not filled.can_be_ordered or (terms and filled.items_cents < terms.minimum_cents):
            return None
        mode = ServiceMode.DELIVERY if place else ServiceMode.COLLECTION
        times = queries.times_offered(
            shop=shop,
            situation=situation,
            mode=mode,
            place=place,
            work=filled.work,
            now=now,
            made_from=filled.made_from,
        )
    return Able(shop, terms, times[0].window.start) if times else None
