"""The zone drawn as SVG around the shop, in metres, without any map from outside: pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared_apps.places import offline
from shared_apps.places.geometry import Point, distance_m
from tenant_apps.shop.models import ShopSettings, ZoneKind
from tenant_apps.shop.zones import Vertex

METRES_PER_DEGREE = 111_195
NAMED = 16


@dataclass(frozen=True, slots=True)
class Spot:
    x: str
    y: str
    name: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Ready for attributes: numbers as text, in no language."""

    box: str
    radius: str  # empty unless it is the zone
    corners: str  # of the polygon
    rings: tuple[str, ...]  # where the bands end
    spots: tuple[Spot, ...]
    latitude: str
    longitude: str
    per_longitude: str  # metres of a degree there
    text: str  # size of the names
    dot: str
    mark: str  # of the shop


def draw(*, shop: Point, settings: ShopSettings) -> Drawing:
    per_longitude = METRES_PER_DEGREE * math.cos(math.radians(shop.latitude))
    polygon: Sequence[Vertex] = settings.zone_polygon
    points = [_flat(shop, vertex, per_longitude) for vertex in polygon]
    rings = [band[0] for band in settings.delivery_bands]
    half = 1.15 * max(2000, _reach(settings), *rings, *(max(abs(x), abs(y)) for x, y in points))
    return Drawing(
        box=f"{-half:.0f} {-half:.0f} {2 * half:.0f} {2 * half:.0f}",
        radius=str(settings.delivery_radius_m) if settings.zone_kind == ZoneKind.RADIUS else "",
        corners=" ".join(f"{x:.0f},{y:.0f}" for x, y in points) if settings.zone_kind == ZoneKind.POLYGON else "",
        rings=tuple(str(ring) for ring in rings),
        spots=tuple(_spots(shop, per_longitude, half)),
        latitude=f"{shop.latitude:.6f}",
        longitude=f"{shop.longitude:.6f}",
        per_longitude=f"{per_longitude:.2f}",
        text=f"{half / 17:.0f}",
        dot=f"{half / 90:.0f}",
        mark=f"{half / 50:.0f}",
    )


def _reach(settings: ShopSettings) -> int:
    return settings.delivery_radius_m if settings.zone_kind == ZoneKind.RADIUS else 5000


def _flat(shop: Point, vertex: Vertex, per_longitude: float) -> tuple[float, float]:
    """East and south of the shop, in metres."""
    latitude, longitude = vertex
    return (longitude - shop.longitude) * per_longitude, (shop.latitude - latitude) * METRES_PER_DEGREE


def _spots(shop: Point, per_longitude: float, half: float) -> list[Spot]:
    """The largest communes around, by name, none written over another."""
    near = offline.communes_near(latitude=shop.latitude, longitude=shop.longitude)
    shown: list[tuple[float, float, str]] = []
    for commune in sorted(near, key=lambda commune: -commune.population):
        x, y = _flat(shop, (commune.latitude, commune.longitude), per_longitude)
        inside = abs(x) < 0.85 * half and abs(y) < 0.92 * half and distance_m(shop, commune) > half / 12
        if inside and all(
            abs(y - other_y) > half / 9 or abs(x - other_x) > half / 1.4 for other_x, other_y, _n in shown
        ):
            shown.append((x, y, commune.name))
    return [Spot(f"{x:.0f}", f"{y:.0f}", name) for x, y, name in shown[:NAMED]]
