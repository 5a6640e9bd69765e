"""A map without tiles: places as marks on a plain ground with its scale. Pure; drawn as SVG by a template."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shared_apps.places.geometry import EARTH_RADIUS_M, Point

WIDTH, HEIGHT, MARGIN = 640, 400, 48
LEAST_M = 400  # a map of less shows nothing more
SCALES_M = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
NEAREST_DEGREES = 0.002  # about 200 m: where a driver is as a customer may know it


@dataclass(frozen=True, slots=True)
class Place:
    """`kind` is what it is: shop, door or driver."""

    latitude: float
    longitude: float
    kind: str
    label: str  # short, on the map


@dataclass(frozen=True, slots=True)
class Mark:
    x: int
    y: int
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Map:
    width: int
    height: int
    marks: list[Mark]
    scale_m: int
    scale_px: int


def draw(places: Sequence[Place]) -> Map | None:
    """Fits the places into the drawing, north up; none without a place."""
    if not places:
        return None
    north = max(place.latitude for place in places)
    west = min(place.longitude for place in places)
    middle = math.radians((north + min(place.latitude for place in places)) / 2)
    metres = math.radians(1) * EARTH_RADIUS_M

    def east_south(place: Place) -> tuple[float, float]:
        return (place.longitude - west) * metres * math.cos(middle), (north - place.latitude) * metres

    spread = [east_south(place) for place in places]
    wide, high = max(x for x, _y in spread), max(y for _x, y in spread)
    per_metre = min((WIDTH - 2 * MARGIN) / max(wide, LEAST_M), (HEIGHT - 2 * MARGIN) / max(high, LEAST_M))
    left, top = (WIDTH - wide * per_metre) / 2, (HEIGHT - high * per_metre) / 2
    marks = [
        Mark(round(left + x * per_metre), round(top + y * per_metre), place.kind, place.label)
        for place, (x, y) in zip(places, spread, strict=True)
    ]
    scale = max([scale for scale in SCALES_M if scale * per_metre <= WIDTH / 3] or SCALES_M[:1])
    return Map(WIDTH, HEIGHT, marks, scale, round(scale * per_metre))


def approximate(point: Point) -> tuple[float, float]:
    """Latitude and longitude of the middle of a square of some 200 m."""
    return _rounded(point.latitude), _rounded(point.longitude)


def _rounded(degrees: float) -> float:
    return round(round(degrees / NEAREST_DEGREES) * NEAREST_DEGREES, 6)


def direction(origin: Point, place: Point) -> str:
    """In words, as seen from `origin`: « au nord-est »."""
    east = (place.longitude - origin.longitude) * math.cos(math.radians(origin.latitude))
    angle = math.degrees(math.atan2(east, place.latitude - origin.latitude)) % 360
    return [
        _("to the north"), _("to the north-east"), _("to the east"), _("to the south-east"),
        _("to the south"), _("to the south-west"), _("to the west"), _("to the north-west"),
    ][round(angle / 45) % 8]  # fmt: skip
