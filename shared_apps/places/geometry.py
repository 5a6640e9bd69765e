"""Points, distances and times: pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import urlencode

EARTH_RADIUS_M = 6_371_000
ROAD_FACTOR = 1.35  # roads against the straight line
METRES_PER_MINUTE = 20_000 / 60  # a scooter in town


class Point(Protocol):
    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...


AnyPoint = TypeVar("AnyPoint", bound=Point)


@dataclass(frozen=True, slots=True)
class Location:
    """A place somebody named. Not `precise`: the middle of its commune, « adresse à confirmer »."""

    latitude: float
    longitude: float
    postcode: str
    city: str
    street: str = ""
    precise: bool = False
    place_id: str = ""

    @property
    def label(self) -> str:
        place = f"{self.postcode} {self.city}".strip()
        return f"{self.street}, {place}" if self.street else place


@dataclass(frozen=True, slots=True)
class Travel:
    """By road. `estimated`: from the straight line, without traffic."""

    distance_m: int
    minutes: int
    estimated: bool


def distance_m(here: Point, there: Point) -> float:
    """Straight line on the sphere (haversine), in metres."""
    first, second = math.radians(here.latitude), math.radians(there.latitude)
    half_latitude = (second - first) / 2
    half_longitude = math.radians(there.longitude - here.longitude) / 2
    chord = math.sin(half_latitude) ** 2 + math.cos(first) * math.cos(second) * math.sin(half_longitude) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(chord))


def estimate(here: Point, there: Point) -> Travel:
    road = distance_m(here, there) * ROAD_FACTOR
    return Travel(round(road), max(1, math.ceil(road / METRES_PER_MINUTE)), estimated=True)


def nearest(*, location: Point, points: Iterable[AnyPoint], limit: int) -> list[AnyPoint]:
    """The closest first."""
    return sorted(points, key=lambda point: distance_m(location, point))[:limit]


def navigation_url(*, latitude: float, longitude: float) -> str:
    """Opens Google Maps' navigation on a phone, from where the driver is."""
    query = {
        "api": 1,
        "destination": f"{latitude},{longitude}",
        "travelmode": "driving",
        "dir_action": "navigate",
    }
    return f"https://www.google.com/maps/dir/?{urlencode(query)}"
