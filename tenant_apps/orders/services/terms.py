"""On what terms a shop delivers an order: its fee, its minutes, what must be paid before."""

from shared_apps.places.geometry import Location
from tenant_apps.orders.quoting import Quote
from tenant_apps.orders.services.refusals import BelowMinimum, MustBePrepaid, OutOfZone
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


def check_prepaid(total_cents: int, shop_settings: ShopSettings) -> None:
    above = shop_settings.prepaid_above_cents
    if above is not None and total_cents > above:
        raise MustBePrepaid(above)
