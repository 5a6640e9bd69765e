"""Google Maps: geocoding by its client, travel times by the Routes API. Every failure is a `GoogleFailed` without details.

The messages of the libraries hold the address asked for and, in a transport error, the key: neither may reach a log.
"""

from collections.abc import Sequence
from typing import Any

import googlemaps
import requests
from django.conf import settings
from googlemaps.exceptions import ApiError, HTTPError, Timeout, TransportError

from shared_apps.places.geometry import Location, Point, Travel

TIMEOUT_SECONDS = 2
UNEXPECTED = (ValueError, KeyError, TypeError, AttributeError)  # an answer of another shape than documented
FIELDS = "originIndex,destinationIndex,duration,distanceMeters,condition"


class GoogleFailed(Exception):
    """Google did not answer in time, or refused."""


def geocode(*, text: str, postcode: str = "") -> Location | None:
    """The first result in France, None when there is none. Raises GoogleFailed."""
    components = {"country": "FR", **({"postal_code": postcode} if postcode else {})}
    try:
        client = googlemaps.Client(
            key=settings.MAPS_API_KEY,
            base_url=settings.MAPS_BASE_URL,
            timeout=TIMEOUT_SECONDS,
            requests_session=_one_try(),
            retry_over_query_limit=False,
        )
        results = client.geocode(text, components=components, language="fr", region="fr")
        return _location(results[0]) if results else None
    except (ApiError, HTTPError, Timeout, TransportError, *UNEXPECTED) as error:
        raise GoogleFailed(type(error).__name__) from None


def _one_try() -> requests.Session:
    """Fails at an error of the server: the client would try again for a minute, unseen by the day's budget.

    Its own `retry_timeout` is no bound for that: near zero, a process held up for so long never asks at all.
    """
    session = requests.Session()
    session.hooks["response"].append(lambda response, **_options: response.raise_for_status())
    return session


def _location(result: dict[str, Any]) -> Location:
    parts = {kind: part["long_name"] for part in result["address_components"] for kind in part["types"]}
    point = result["geometry"]["location"]
    return Location(
        latitude=point["lat"],
        longitude=point["lng"],
        postcode=parts.get("postal_code", ""),
        city=parts.get("locality", parts.get("postal_town", "")),
        street=" ".join(filter(None, (parts.get("street_number"), parts.get("route")))),
        precise="route" in parts,
        place_id=result["place_id"],
    )


def travel(*, origin: Point, destinations: Sequence[Point]) -> list[Travel]:
    """By road from one point to each of the others, in their order. Raises GoogleFailed."""
    body = {
        "origins": [_waypoint(origin)],
        "destinations": [_waypoint(destination) for destination in destinations],
        "travelMode": "DRIVE",
    }
    headers = {"X-Goog-Api-Key": settings.MAPS_API_KEY, "X-Goog-FieldMask": FIELDS}
    url = f"{settings.MAPS_ROUTES_URL}/distanceMatrix/v2:computeRouteMatrix"
    try:
        answer = requests.post(url, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        elements = {element.get("destinationIndex", 0): element for element in answer.json()}
        return [_travel(elements[index]) for index in range(len(destinations))]
    except (requests.RequestException, *UNEXPECTED) as error:
        raise GoogleFailed(type(error).__name__) from None


def _waypoint(point: Point) -> dict[str, Any]:
    return {"waypoint": {"location": {"latLng": {"latitude": point.latitude, "longitude": point.longitude}}}}


def _travel(element: dict[str, Any]) -> Travel:
    seconds = float(element["duration"].removesuffix("s"))
    return Travel(element.get("distanceMeters", 0), max(1, round(seconds / 60)), estimated=False)
