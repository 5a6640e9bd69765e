"""Which shops are near a place, and what each can do for it now."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, FloatField, QuerySet, Value
from django.db.models.functions import Cos, Power, Radians
from django_tenants.utils import schema_context

from shared_apps.accounts.models import User
from shared_apps.baskets.models import Basket
from shared_apps.core.templatetags.formats import phone as national
from shared_apps.customers.models import Customer
from shared_apps.places import services as places
from shared_apps.places.geometry import Location, Travel, distance_m
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import filling
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import zones
from tenants.hosts import Shop
from tenants.models import Pizzeria

SHOWN = 6  # the nearest; each costs a few queries in its own schema, however many shops the group has
BY_ROAD = 3  # of which so many with the travel time of the road


@dataclass(frozen=True, slots=True)
class NearShop:
    shop: Shop
    distance_m: int  # straight line
    travel: Travel
    delivers: bool
    fee_cents: int
    minimum_cents: int
    is_open: bool
    opens_at: dt.datetime | None
    takes_orders: bool
    can_make_basket: bool  # True when the basket is empty


def trading() -> QuerySet[Pizzeria]:
    return Pizzeria.objects.filter(state=Pizzeria.State.TRADING)


def nearest(*, place: Location, basket: Basket | None, now: dt.datetime) -> list[NearShop]:
    """The nearest shops, closest first; those that can make the whole basket before the others."""
    shops = [Shop.of(pizzeria) for pizzeria in _closest(place)]
    travels = [*places.travel(origin=place, destinations=shops[:BY_ROAD])]
    travels += [places.estimate(place, shop) for shop in shops[BY_ROAD:]]
    found = [_near(shop, travel, place, basket, now) for shop, travel in zip(shops, travels, strict=True)]
    return sorted(found, key=lambda near: not (near.can_make_basket and near.takes_orders))


def _closest(place: Location) -> QuerySet[Pizzeria]:
    """By the flat distance, right to a few metres over a town; PostgreSQL sorts, so the number of shops is no matter."""
    north = F("latitude") - Value(place.latitude)
    east = (F("longitude") - Value(place.longitude)) * Cos(Radians(Value(place.latitude, output_field=FloatField())))
    return trading().annotate(apart=Power(north, 2) + Power(east, 2)).order_by("apart", "pk")[:SHOWN]


def _near(shop: Shop, travel: Travel, place: Location, basket: Basket | None, now: dt.datetime) -> NearShop:
    apart = distance_m(place, shop)
    with schema_context(shop.schema_name):
        found = shop_queries.situation(now)
        filled = filling.filled(basket, now=now, soonest=found.hours.next_opening(now))
    settings, hours = found.settings, found.hours
    terms = zones.terms(shop=shop, place=place, settings=settings)
    return NearShop(
        shop=shop,
        distance_m=round(apart),
        travel=travel,
        delivers=terms is not None,
        fee_cents=terms.fee_cents if terms else settings.delivery_fee_cents,
        minimum_cents=terms.minimum_cents if terms else settings.delivery_minimum_cents,
        is_open=hours.is_open(now),
        opens_at=hours.next_opening(now),
        takes_orders=settings.takes_orders and shop.has_legal_data,
        can_make_basket=not filled.lines or filled.can_be_made_at_once,
    )


def orders_of(customer_id: int) -> QuerySet[OrderSummary]:
    """A customer's orders in all the shops, newest first."""
    return OrderSummary.objects.filter(customer_id=customer_id).select_related("pizzeria").order_by("-placed_at")


def details(user: User, customer: Customer | None) -> dict[str, object]:
    """What the account's form begins with."""
    return {"name": user.name, "phone": national(user.phone), "wants_steps": customer.wants_steps if customer else True}
