"""Where a shop delivers and on what terms: pure, from its settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared_apps.places.geometry import Point, distance_m, estimate
from tenant_apps.shop.models import ShopSettings

Vertex = Sequence[float]  # latitude, longitude


@dataclass(frozen=True, slots=True)
class Terms:
    """Of a delivery to one place: `distance_m` is the straight line, `minutes` the estimate by road."""

    fee_cents: int
    minimum_cents: int
    distance_m: int
    minutes: int


def terms(*, shop: Point, place: Point, settings: ShopSettings) -> Terms | None:
    """None when the shop does not deliver there: out of its polygon (its radius without one), or past its last band."""
    apart = distance_m(shop, place)
    if not _covers(settings, place, apart):
        return None
    price = _price(settings, apart)
    if price is None:
        return None
    return Terms(*price, distance_m=round(apart), minutes=estimate(shop, place).minutes)


def _covers(settings: ShopSettings, place: Point, apart: float) -> bool:
    if settings.zone_polygon:
        return contains(settings.zone_polygon, latitude=place.latitude, longitude=place.longitude)
    return apart <= settings.delivery_radius_m


def _price(settings: ShopSettings, apart: float) -> tuple[int, int] | None:
    """The fee and the minimum of the shortest band that reaches; the shop's only ones when it has no bands."""
    if not settings.delivery_bands:
        return settings.delivery_fee_cents, settings.delivery_minimum_cents
    for up_to_m, fee_cents, minimum_cents in sorted(settings.delivery_bands):
        if apart <= up_to_m:
            return fee_cents, minimum_cents
    return None


def contains(polygon: Sequence[Vertex], *, latitude: float, longitude: float) -> bool:
    """Whether the point is inside or on an edge; the polygon may be concave, closes itself, and is flat (a town)."""
    inside = False
    for (y1, x1), (y2, x2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        side = (x2 - x1) * (latitude - y1) - (y2 - y1) * (longitude - x1)
        on_span = min(x1, x2) <= longitude <= max(x1, x2) and min(y1, y2) <= latitude <= max(y1, y2)
        if side == 0 and on_span:
            return True
        if (y1 > latitude) != (y2 > latitude) and (side > 0) == (y2 < y1):
            inside = not inside
    return inside
