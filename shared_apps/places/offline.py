"""Communes and postcodes of France from the data shipped with the application: no key, no network."""

import csv
import functools
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from django.utils.translation import gettext as _

from shared_apps.core.errors import RuleError
from shared_apps.places.geometry import Location, distance_m

DATA = Path(__file__).parent / "data" / "communes.csv"
POSTCODE = re.compile(r"\b(\d{2})\s?(\d{3})\b")
# What people write after a town: Cedex, the country, an arrondissement.
ENDINGS = re.compile(
    r"\bcedex\b(\s+\d+)?|,?\s*\bfrance\s*$|\b\d{1,2}\s?(er|e|ème|eme)(\s+arrondissement)?\s*$", re.IGNORECASE
)
STREETS = {
    *("rue", "avenue", "av", "boulevard", "bd", "place", "allee", "chemin", "impasse", "route", "quai", "square"),
    *("cours", "chaussee", "faubourg", "passage", "residence", "hameau", "lieu", "sentier", "villa"),
}
ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


class UnknownPlace(RuleError):
    """Neither a known postcode nor a known commune."""

    def __init__(self, text: str) -> None:
        super().__init__(_("We do not know “%(text)s”. Give a postcode or a town.") % {"text": text[:80]})


@dataclass(frozen=True, slots=True)
class Commune:
    name: str
    postcodes: tuple[str, ...]
    latitude: float
    longitude: float
    population: int


@functools.cache
def _index() -> tuple[dict[str, list[Commune]], dict[str, list[Commune]]]:
    """Communes by normalised name and by postcode, read once per process."""
    by_name: dict[str, list[Commune]] = defaultdict(list)
    by_postcode: dict[str, list[Commune]] = defaultdict(list)
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            commune = Commune(
                row["name"],
                tuple(row["postcodes"].split()),
                float(row["latitude"]),
                float(row["longitude"]),
                int(row["population"]),
            )
            by_name[normalised(commune.name)].append(commune)
            for postcode in commune.postcodes:
                by_postcode[postcode].append(commune)
    return dict(by_name), dict(by_postcode)


def normalised(text: str) -> str:
    """`St-Rémy  l'Honoré` and `saint remy l honore` are the same place."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("’", "'"))
    words = re.sub(r"[^a-z0-9]+", " ", plain.encode("ascii", "ignore").decode()).split()
    return " ".join(ABBREVIATIONS.get(word, word) for word in words)


def locate(*, text: str) -> Location:
    """An address, a postcode or a commune in any usual writing; the street is kept as written. Raises UnknownPlace."""
    cleaned = ENDINGS.sub("", text).strip(" ,")
    matches = list(POSTCODE.finditer(cleaned))
    if matches:
        match = matches[-1]  # a street may have a number of five digits
        return _by_postcode(match[1] + match[2], cleaned[: match.start()], cleaned[match.end() :], text)
    return _by_name(cleaned, text)


def _by_postcode(postcode: str, before: str, after: str, text: str) -> Location:
    communes = _index()[1].get(postcode)
    if not communes:
        return _by_cedex(postcode, before, after, text)
    named = _named(communes, after) or _named(communes, before)
    if after.strip(" ,") and not named:
        raise UnknownPlace(text)
    street = before.strip(" ,") if named is None or _named(communes, after) else ""
    if named:
        return Location(named.latitude, named.longitude, postcode, named.name, street)
    return Location(
        mean(commune.latitude for commune in communes),
        mean(commune.longitude for commune in communes),
        postcode,
        max(communes, key=lambda commune: commune.population).name,
        street,
    )


def _by_cedex(postcode: str, before: str, after: str, text: str) -> Location:
    """A postcode of no commune (59033 Lille Cedex) is that of the commune it names, in the same department."""
    for name, street in ((after, before), (before, "")):
        found = [row for row in _index()[0].get(normalised(name), []) if row.postcodes[0][:2] == postcode[:2]]
        if found:
            return _largest(found, street.strip(" ,"))
    raise UnknownPlace(text)


def _named(communes: list[Commune], text: str) -> Commune | None:
    wanted = normalised(text)
    return next((commune for commune in communes if wanted and normalised(commune.name) == wanted), None)


def _by_name(cleaned: str, text: str) -> Location:
    """The whole text as a commune, else what follows its last comma, else its last words."""
    by_name = _index()[0]
    street, comma, last = cleaned.rpartition(",")
    if comma and normalised(last) in by_name:
        return _largest(by_name[normalised(last)], street.strip(" ,"))
    words = cleaned.split()
    for start in range(len(words)):
        if start and not _is_street(words[:start]):
            continue  # « Saint-Pol-sur-Mer » is not the town of Mer
        if found := by_name.get(normalised(" ".join(words[start:]))):
            return _largest(found, " ".join(words[:start]).strip(" ,"))
    raise UnknownPlace(text)


def _is_street(words: list[str]) -> bool:
    return any(word[0].isdecimal() or normalised(word) in STREETS for word in words)


def _largest(communes: list[Commune], street: str) -> Location:
    commune = max(communes, key=lambda commune: commune.population)
    return Location(commune.latitude, commune.longitude, commune.postcodes[0], commune.name, street)


def communes_near(*, latitude: float, longitude: float, degrees: float = 0.5) -> list[Commune]:
    """Those whose middle is in the square around a point."""
    communes = {id(row): row for rows in _index()[0].values() for row in rows}.values()
    return [
        row for row in communes if abs(row.latitude - latitude) < degrees and abs(row.longitude - longitude) < degrees
    ]


def commune_at(*, latitude: float, longitude: float) -> Commune:
    """The commune whose middle is nearest: enough to name where a visitor stands."""
    here = Location(latitude, longitude, "", "")
    near = communes_near(latitude=latitude, longitude=longitude)
    everywhere = (row for rows in _index()[0].values() for row in rows)
    return min(near or everywhere, key=lambda row: distance_m(here, row))
