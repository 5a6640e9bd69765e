"""Where a visitor said they are, kept in the session from the group's home to the address of a delivery."""

from dataclasses import asdict

from django.contrib.sessions.backends.base import SessionBase

from shared_apps.places import offline
from shared_apps.places.geometry import Location

KEY = "place"


def remember(session: SessionBase, location: Location) -> None:
    session[KEY] = asdict(location)


def remembered(session: SessionBase) -> Location | None:
    kept = session.get(KEY)
    return Location(**kept) if kept else None


def at_position(*, latitude: float, longitude: float) -> Location:
    """A position given by the visitor's phone, named by its commune."""
    commune = offline.commune_at(latitude=latitude, longitude=longitude)
    return Location(latitude, longitude, commune.postcodes[0], commune.name)
