"""On what terms a shop delivers an order: its fee, its minutes, what must be paid before."""

import datetime as dt
from collections.abc import Iterable

from shared_apps.places.geometry import Location
from tenant_apps.orders.models import Order
from tenant_apps.orders.quoting import Quote
from tenant_apps.orders.services.refusals import AdultsOnly, BelowMinimum, MustBePrepaid, NoAlcoholNow, OutOfZone
from tenant_apps.orders.services.wishes import Contact
from tenant_apps.shop import zones
from tenant_apps.shop.models import ShopSettings
from tenants.hosts import Shop


def delivery(shop: Shop, contact: Contact, quote: Quote, shop_settings: ShopSettings) -> tuple[int, int]:
    """Its fee in cents and the minutes it takes. Raises OutOfZone, BelowMinimum."""
    if contact.latitude is None or contact.longitude is None:
        raise OutOfZone
    door = Location(contact.latitude, contact.longitude, contact.postcode, contact.city)
    terms = zones.terms(shop=shop, place=door, settings=shop_settings)
    if terms is None:
        raise OutOfZone
    if quote.items_cents < terms.minimum_cents:
        raise BelowMinimum(terms.minimum_cents)
    return terms.fee_cents, terms.minutes


def check_alcohol(
    quote: Quote, shop_settings: ShopSettings, *, is_adult: bool, moments: Iterable[dt.datetime]
) -> Order.Alcohol:
    """What it asks for at the handover; `moments` are those of the sale. Raises NoAlcoholNow, AdultsOnly."""
    if not quote.has_alcohol:
        return Order.Alcohol.NONE
    if not all(shop_settings.sells_alcohol_at(moment) for moment in moments):
        raise NoAlcoholNow(shop_settings.alcohol_from, shop_settings.alcohol_until)
    if not is_adult:
        raise AdultsOnly
    return Order.Alcohol.TO_CHECK


def check_prepaid(total_cents: int, shop_settings: ShopSettings) -> None:
    above = shop_settings.prepaid_above_cents
    if above is not None and total_cents > above:
        raise MustBePrepaid(above)
