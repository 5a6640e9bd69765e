"""Where an address is and how long the way to it takes: Google when there is a key and it answers, our own data otherwise.

A page never breaks for want of Google: what is missing is estimated, and says so.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.db import connection
from django.utils import timezone

from shared_apps.places import google, offline
from shared_apps.places.geometry import Location, Point, Travel, estimate
from shared_apps.places.models import Geocode, Outage

KEPT = dt.timedelta(days=30)
PAUSE = dt.timedelta(seconds=60)  # after a failure


def locate(*, text: str) -> Location:
    """Raises `offline.UnknownPlace`."""
    if not settings.MAPS_API_KEY:
        return offline.locate(text=text)
    digest = hashlib.sha256(offline.normalised(text).encode()).hexdigest()
    return _kept(digest) or _asked(text, digest) or offline.locate(text=text)


def _kept(digest: str) -> Location | None:
    row = Geocode.objects.filter(pk=digest, fetched_at__gt=timezone.now() - KEPT).first()
    if row is None:
        return None
    return Location(row.latitude, row.longitude, row.postcode, row.city, row.street, bool(row.street), row.place_id)


def _asked(text: str, digest: str) -> Location | None:
    if not _may_call():
        return None
    match = offline.POSTCODE.search(text)
    try:
        location = google.geocode(text=text, postcode=match[1] + match[2] if match else "")
    except google.GoogleFailed:
        _pause()
        return None
    if location is None or not location.postcode:
        return None
    Geocode.objects.update_or_create(
        digest=digest,
        defaults={
            "place_id": location.place_id,
            "latitude": location.latitude,
            "longitude": location.longitude,
            "street": location.street,
            "postcode": location.postcode,
            "city": location.city,
            "fetched_at": timezone.now(),
        },
    )
    return location


def travel(*, origin: Point, destinations: Sequence[Point]) -> list[Travel]:
    """From one point to each of the others, in their order."""
    if destinations and settings.MAPS_API_KEY and _may_call():
        try:
            return google.travel(origin=origin, destinations=destinations)
        except google.GoogleFailed:
            _pause()
    return [estimate(origin, destination) for destination in destinations]


def _may_call() -> bool:
    """Not in an outage, and within the day's budget, of which it takes one."""
    now = timezone.now()
    if settings.MAPS_DAILY_CALLS < 1:
        return False
    if Outage.objects.filter(until__gt=now).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO places_dailycalls AS kept (day, calls) VALUES (%s, 1)"
            " ON CONFLICT (day) DO UPDATE SET calls = kept.calls + 1 WHERE kept.calls < %s RETURNING calls",
            [timezone.localdate(now), settings.MAPS_DAILY_CALLS],
        )
        return cursor.fetchone() is not None


def _pause() -> None:
    Outage.objects.update_or_create(id=1, defaults={"until": timezone.now() + PAUSE})
