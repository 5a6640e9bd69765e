"""What ops ask for: a pizzeria to open, read from the command line or a TOML file and checked whole before anything is made."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from shared_apps.onboarding.addresses import RESERVED, is_host_name
from shared_apps.places import services as places
from tenants.models import Pizzeria

DAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
ADDRESS = re.compile(r"^(?P<street>.+?)\s*,\s*(?P<postcode>\d{5})\s+(?P<city>\S.*)$")
HOURS = re.compile(r"^(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?(?P<ranges>(?:\s+\d{1,2}:\d{2}-\d{1,2}:\d{2})+)$")
STANDARD_HOURS = ("lun-jeu 11:30-14:00 18:00-22:00", "ven-sam 11:30-14:00 18:00-23:00", "dim 18:00-22:00")
# What stands for a missing field while the others are checked, so that one problem hides no other.
STAND_INS = {
    "name": "-",
    "slug": "sans-nom",
    "address": "1 rue de Paris, 59000 Lille",
    "phone": "0320000000",
    "manager": "personne@ocpizza.example",
}
MANDATORY = ("name", "slug", "address", "phone", "manager")
OPTIONAL = (
    "latitude",
    "longitude",
    "delivery_radius_km",
    "hours",
    "opening_stock",
    "usual_deliveries",
    "legal_name",
    "siret",
    "vat_number",
)

OpeningRanges = tuple[tuple[int, time, time], ...]  # weekday (Monday is 0), opens, closes


class InvalidPlans(Exception):
    """What was asked for cannot be made; `problems` says why, a sentence each, in French for ops."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Plan:
    """One pizzeria to open, checked."""

    name: str
    slug: str
    street: str
    postcode: str
    city: str
    latitude: float
    longitude: float
    phone: str  # E.164
    manager: str  # e-mail, lower case
    delivery_radius_m: int = 5000
    hours: OpeningRanges = ()
    with_stock: bool = True
    with_suppliers: bool = True
    legal: Mapping[str, str] = field(default_factory=dict)


def read_file(path: Path) -> list[Plan]:
    """The plans of a TOML file with a `[[pizzeria]]` table each. Raises InvalidPlans."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidPlans([f"{path} : ce fichier n'existe pas."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPlans([f"{path} : fichier illisible ({error})."]) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidPlans([f"{path} : ce n'est pas du TOML valide ({error})."]) from None
    entries = content.get("pizzeria")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidPlans([f"{path} : aucune section [[pizzeria]]."])
    return check(entries)


def check(entries: list[Mapping[str, Any]]) -> list[Plan]:
    """Checks every entry and reports all the problems at once. Raises InvalidPlans."""
    problems: list[str] = []
    plans = [_plan(entry, problems) for entry in entries]
    slugs = [str(entry["slug"]) for entry in entries if entry.get("slug")]
    problems += [f"{slug} : ce slug apparaît deux fois." for slug in sorted({s for s in slugs if slugs.count(s) > 1})]
    if problems:
        raise InvalidPlans(problems)
    return [plan for plan in plans if plan is not None]


def _plan(entry: Mapping[str, Any], problems: list[str]) -> Plan | None:
    label = str(entry.get("slug") or entry.get("name") or "pizzeria sans nom")
    found: list[str] = [f"« {key} » manque." for key in MANDATORY if not str(entry.get(key, "")).strip()]
    found += [f"« {key} » est inconnu." for key in entry if key not in (*MANDATORY, *OPTIONAL)]
    plan = _checked({**STAND_INS, **{key: value for key, value in entry.items() if str(value).strip()}}, found)
    found += _too_long(plan)
    problems += [f"{label} : {problem}" for problem in found]
    return plan if not found else None


def _checked(entry: Mapping[str, Any], found: list[str]) -> Plan:
    _check_slug(str(entry["slug"]), str(entry["name"]), found)
    street, postcode, city, latitude, longitude = _place(entry, found)
    return Plan(
        name=str(entry["name"]).strip(),
        slug=str(entry["slug"]),
        street=street,
        postcode=postcode,
        city=city,
        latitude=latitude,
        longitude=longitude,
        phone=_phone(str(entry["phone"]), found),
        manager=_email(str(entry["manager"]), found),
        delivery_radius_m=_radius(entry.get("delivery_radius_km", 5), found),
        hours=_hours(entry.get("hours", STANDARD_HOURS), found),
        with_stock=_with_stock(entry.get("opening_stock", "standard"), found),
        with_suppliers=_with_suppliers(entry.get("usual_deliveries", "standard"), found),
        legal=_legal(entry, found),
    )


def _too_long(plan: Plan) -> list[str]:
    """What the columns of the pizzeria could not hold."""
    texts = {"name": plan.name, "street": plan.street, "city": plan.city, **plan.legal}
    limits = {name: Pizzeria._meta.get_field(name).max_length or 0 for name in texts}
    return [
        f"« {name} » est trop long ({limits[name]} caractères au plus)."
        for name in texts
        if len(texts[name]) > limits[name]
    ]


def _check_slug(slug: str, name: str, found: list[str]) -> None:
    if not is_host_name(slug):
        found.append(f"le slug « {slug} » n'est pas un nom d'hôte (minuscules, chiffres, tirets, 30 au plus).")
    if slug in RESERVED:
        found.append(f"le slug « {slug} » est réservé.")
    taken = Pizzeria.objects.filter(slug=slug).first()
    if taken and taken.name != name.strip():
        found.append(f"le slug « {slug} » est déjà pris par « {taken.name} ».")


def _place(entry: Mapping[str, Any], found: list[str]) -> tuple[str, str, str, float, float]:
    match = ADDRESS.match(str(entry["address"]).strip())
    if not match:
        found.append("l'adresse s'écrit « 12 rue des Lilas, 59000 Lille ».")
        return "", "", "", 0.0, 0.0
    street, postcode, city = match["street"], match["postcode"], match["city"].strip()
    try:
        location = places.locate(text=f"{street}, {postcode} {city}")
    except RuleError as error:
        found.append(f"adresse « {postcode} {city} » : {error}")
        return street, postcode, city, 0.0, 0.0
    latitude, longitude = entry.get("latitude", location.latitude), entry.get("longitude", location.longitude)
    if not (_is_number(latitude, -90, 90) and _is_number(longitude, -180, 180)):
        found.append("latitude et longitude sont des degrés décimaux (50.64, 3.06).")
        return street, postcode, city, 0.0, 0.0
    return street, postcode, city, float(latitude), float(longitude)


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _phone(text: str, found: list[str]) -> str:
    try:
        return phones.parse(text)
    except RuleError:
        found.append(f"« {text} » n'est pas un numéro de téléphone.")
        return ""


def _email(text: str, found: list[str]) -> str:
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        found.append(f"« {text} » n'est pas une adresse e-mail.")
    return email


def _radius(kilometres: object, found: list[str]) -> int:
    if not isinstance(kilometres, (int, float)) or not _is_number(kilometres, 0.5, 30):
        found.append("delivery_radius_km est un nombre de 0.5 à 30.")
        return 0
    return round(kilometres * 1000)


def _with_stock(choice: object, found: list[str]) -> bool:
    if choice not in ("standard", "empty"):
        found.append("opening_stock vaut « standard » ou « empty ».")
    return choice == "standard"


def _with_suppliers(choice: object, found: list[str]) -> bool:
    if choice not in ("standard", "none"):
        found.append("usual_deliveries vaut « standard » ou « none ».")
    return choice == "standard"


def _legal(entry: Mapping[str, Any], found: list[str]) -> dict[str, str]:
    legal = {key: str(entry.get(key, "")).replace(" ", "") for key in ("siret", "vat_number")}
    legal["legal_name"] = str(entry.get("legal_name", "")).strip()
    if legal["siret"] and not re.fullmatch(r"\d{14}", legal["siret"]):
        found.append("un SIRET a 14 chiffres.")
    if legal["vat_number"] and not re.fullmatch(r"FR[0-9A-Z]{2}\d{9}", legal["vat_number"]):
        found.append("un numéro de TVA s'écrit FR, deux caractères, puis le SIREN.")
    return legal


def _hours(lines: object, found: list[str]) -> OpeningRanges:
    """Lines such as `lun-jeu 11:30-14:00 18:00-22:00`."""
    if isinstance(lines, str):
        lines = [lines]
    if not isinstance(lines, (list, tuple)):
        found.append("hours est une liste de lignes « lun-jeu 11:30-14:00 18:00-22:00 ».")
        return ()
    ranges: list[tuple[int, time, time]] = []
    for line in lines:
        try:
            ranges += _hours_of(str(line).strip().lower())
        except ValueError:
            found.append(f"horaire « {line} » : écrire par exemple « lun-jeu 11:30-14:00 18:00-22:00 ».")
    starts = [(day, opens) for day, opens, _closes in ranges]
    if len(set(starts)) < len(starts):
        found.append("hours : deux plages d'un même jour ouvrent à la même heure.")
    return tuple(sorted(ranges))


def _hours_of(line: str) -> list[tuple[int, time, time]]:
    match = HOURS.match(line)
    if not match:
        raise ValueError(line)
    first = DAYS.index(match["first"])
    last = DAYS.index(match["last"] or match["first"])
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    bounds = [span.split("-") for span in match["ranges"].split()]
    return [
        (day, time.fromisoformat(_two(start)), time.fromisoformat(_two(end))) for day in days for start, end in bounds
    ]


def _two(clock: str) -> str:
    return clock.zfill(5)
