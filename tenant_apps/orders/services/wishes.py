"""Who orders, where it goes, how and when it is wanted."""

import datetime as dt
from dataclasses import dataclass

from shared_apps.catalogue.models import ServiceMode


@dataclass(frozen=True, slots=True)
class Contact:
    """Who ordered and where it goes; a delivery needs the whole, a collection a name and a phone."""

    name: str
    phone: str  # E.164
    email: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    details: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How and when the order is wanted."""

    mode: ServiceMode
    starts_at: dt.datetime | None = None  # of the slot; None is as soon as possible
    note: str = ""
    allergy_note: str = ""
    is_adult: bool = False  # whoever orders says so, when there is alcohol
