"""From a host name to the shop it belongs to, cached in the process for a few seconds.

Only a frozen copy is kept, so nobody can change a shop through the cache. A change of state reaches every process
within SHOP_CACHE_SECONDS, this one at once by `forget`.
"""

import time
from dataclasses import dataclass

from django.conf import settings

from tenants.models import Pizzeria


@dataclass(frozen=True, slots=True)
class Shop:
    """What a request needs to know of its shop, without a query."""

    id: int
    slug: str
    schema_name: str
    name: str
    state: str
    phone: str
    street: str
    postcode: str
    city: str
    latitude: float
    longitude: float
    url: str
    has_legal_data: bool
    legal_name: str
    siret: str
    vat_number: str

    @classmethod
    def of(cls, pizzeria: Pizzeria) -> "Shop":
        return cls(
            id=pizzeria.pk,
            slug=pizzeria.slug,
            schema_name=pizzeria.schema_name,
            name=pizzeria.name,
            state=pizzeria.state,
            phone=pizzeria.phone,
            street=pizzeria.street,
            postcode=pizzeria.postcode,
            city=pizzeria.city,
            latitude=pizzeria.latitude,
            longitude=pizzeria.longitude,
            url=pizzeria.url,
            has_legal_data=pizzeria.has_legal_data,
            legal_name=pizzeria.legal_name or settings.GROUP_LEGAL_NAME,
            siret=pizzeria.siret or settings.GROUP_SIRET,
            vat_number=pizzeria.vat_number or settings.GROUP_VAT_NUMBER,
        )

    @property
    def address(self) -> str:
        return f"{self.street}, {self.postcode} {self.city}"

    @property
    def host(self) -> str:
        return f"{self.slug}.{settings.BASE_DOMAIN}"

    @property
    def is_trading(self) -> bool:
        return self.state == Pizzeria.State.TRADING


class UnknownHost(LookupError):
    """Neither the group's host nor that of a shop."""


_known: dict[str, tuple[float, Shop]] = {}


def is_group(host: str) -> bool:
    return host in {settings.BASE_DOMAIN, f"www.{settings.BASE_DOMAIN}"}


def shop_for(host: str) -> Shop:
    """The shop of a host name without its port. Raises UnknownHost. Must be called on the public schema."""
    now = time.monotonic()
    known = _known.get(host)
    if known and known[0] > now:
        return known[1]
    pizzeria = Pizzeria.objects.filter(domains__domain=host).first()
    if pizzeria is None:
        raise UnknownHost(host)
    shop = Shop.of(pizzeria)
    _known[host] = (now + settings.SHOP_CACHE_SECONDS, shop)
    return shop


def forget() -> None:
    """Drops what this process remembers, after a shop was suspended, renamed or closed."""
    _known.clear()
