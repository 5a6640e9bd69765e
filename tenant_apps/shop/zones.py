"""Where a shop delivers and on what terms: pure, from its settings."""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.places.geometry import Location, Point, distance_m, estimate
from shared_apps.places.offline import normalised
from tenant_apps.shop.models import ShopSettings, ZoneKind

Vertex = Sequence[float]  # latitude, longitude
Band = Sequence[int]  # metres, fee and minimum in cents
NUMBER = r"[-+]?\d{1,3}(?:\.\d+)?"
CORNER = re.compile(rf"\s*({NUMBER})\s*[,;\s]\s*({NUMBER})\s*")
FAR_M = 50_000


class WrongZone(RuleError):
    """A line that is none, crosses itself or is somewhere else; a commune that is not written as one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Of a delivery to one place: `distance_m` is the straight line, `minutes` the estimate by road."""

    fee_cents: int
    minimum_cents: int
    distance_m: int
    minutes: int


def terms(*, shop: Point, place: Location, settings: ShopSettings) -> Terms | None:
    """None when the shop does not deliver there: out of its zone, or past its last band."""
    apart = distance_m(shop, place)
    if not _covers(settings, place, apart):
        return None
    price = _price(settings, apart)
    if price is None:
        return None
    return Terms(*price, distance_m=round(apart), minutes=estimate(shop, place).minutes)


def _covers(settings: ShopSettings, place: Location, apart: float) -> bool:
    if settings.zone_kind == ZoneKind.POLYGON:
        return contains(settings.zone_polygon, latitude=place.latitude, longitude=place.longitude)
    if settings.zone_kind == ZoneKind.COMMUNES:
        return any(_is_in(place, commune) for commune in settings.zone_communes)
    return apart <= settings.delivery_radius_m


def _is_in(place: Location, commune: str) -> bool:
    """A commune has several postcodes at times, and a postcode several communes: a name counts in its department."""
    postcode, _space, name = commune.partition(" ")
    if not name:
        return place.postcode == postcode
    return place.postcode[:2] == postcode[:2] and normalised(place.city) == normalised(name)


def _price(settings: ShopSettings, apart: float) -> tuple[int, int] | None:
    """The fee and the minimum of the shortest band that reaches; the shop's only ones when it has no bands."""
    if not settings.delivery_bands:
        return settings.delivery_fee_cents, settings.delivery_minimum_cents
    for up_to_m, fee_cents, minimum_cents in sorted(settings.delivery_bands):
        if apart <= up_to_m:
            return fee_cents, minimum_cents
    return None


@dataclass(frozen=True, slots=True)
class Offered:
    """What is said of the deliveries of a shop before an address is known: the least fee and minimum, and the most."""

    fee_cents: int
    most_cents: int
    minimum_cents: int


def offered(settings: ShopSettings) -> Offered:
    bands = settings.delivery_bands or [[0, settings.delivery_fee_cents, settings.delivery_minimum_cents]]
    fees = [fee_cents for _up_to_m, fee_cents, _minimum_cents in bands]
    return Offered(min(fees), max(fees), min(minimum_cents for _up_to_m, _fee_cents, minimum_cents in bands))


def contains(polygon: Sequence[Vertex], *, latitude: float, longitude: float) -> bool:
    """Whether the point is inside or on an edge; the polygon may be concave, closes itself, and is flat (a town)."""
    inside = False
    for (y1, x1), (y2, x2) in _edges(polygon):
        side = (x2 - x1) * (latitude - y1) - (y2 - y1) * (longitude - x1)
        on_span = min(x1, x2) <= longitude <= max(x1, x2) and min(y1, y2) <= latitude <= max(y1, y2)
        if side == 0 and on_span:
            return True
        if (y1 > latitude) != (y2 > latitude) and (side > 0) == (y2 < y1):
            inside = not inside
    return inside


def _edges(polygon: Sequence[Vertex]) -> Iterable[tuple[Vertex, Vertex]]:
    return zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)


def read_polygon(text: str, *, shop: Point) -> list[list[float]]:
    """A corner a line: latitude, longitude, around a shop. Raises WrongZone."""
    corners = []
    for line in filter(str.strip, text.splitlines()):
        match = CORNER.fullmatch(line)
        if match is None:
            raise WrongZone(_("Write a corner a line: latitude, longitude, such as 50.6366, 3.0635."))
        corners.append([float(match[1]), float(match[2])])
    if len(corners) > 1 and corners[0] == corners[-1]:
        del corners[-1]
    if not 3 <= len(corners) <= 200:
        raise WrongZone(_("A zone has 3 corners at least, 200 at most."))
    if any(distance_m(shop, Location(corner[0], corner[1], "", "")) > FAR_M for corner in corners):
        raise WrongZone(_("A corner is more than 50 km away from the shop."))
    if crosses_itself(corners):
        raise WrongZone(_("The line crosses itself: give its corners in order."))
    return corners


def crosses_itself(polygon: Sequence[Vertex]) -> bool:
    edges = list(_edges(polygon))
    pairs = itertools.combinations(range(len(edges)), 2)
    apart = (pair for pair in pairs if pair[1] - pair[0] not in (1, len(edges) - 1))
    return any(_cross(*edges[first], *edges[second]) for first, second in apart)


def _cross(a: Vertex, b: Vertex, c: Vertex, d: Vertex) -> bool:
    def side(p: Vertex, q: Vertex, r: Vertex) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return (side(a, b, c) > 0) != (side(a, b, d) > 0) and (side(c, d, a) > 0) != (side(c, d, b) > 0)
