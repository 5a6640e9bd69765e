"""What the screens of the card show: its products by category, and who changed what of one of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.catalogue import queries
from shared_apps.catalogue.models import Allergen, Ingredient, Product, VatClass
from shared_apps.catalogue.recipes import Offer, allergens
from shared_apps.core.money import euros
from shared_apps.core.words import folded

ON_SALE, OFF = "en-vente", "retires"
HISTORY = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A product with all its sizes."""

    offers: tuple[Offer, ...]

    @property
    def first(self) -> Offer:
        return self.offers[0]

    @property
    def allergens(self) -> tuple[Allergen, ...]:
        return allergens(part for offer in self.offers for part in offer.recipe)

    @property
    def words(self) -> str:
        names = {part.name for offer in self.offers for part in offer.recipe}
        return folded(" ".join([self.first.name, self.first.description, *names]))


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: tuple[Row, ...]


def sections(*, search: str, state: str) -> list[Section]:
    """The card by category; with words, what has all of them in its name, its description or its ingredients."""
    grouped: dict[int, list[Offer]] = {}
    for offer in queries.group_offers():
        grouped.setdefault(offer.product_id, []).append(offer)
    wanted = folded(search).split()
    rows = [Row(tuple(offers)) for offers in grouped.values()]
    rows = [row for row in rows if all(word in row.words for word in wanted) and _is_in(row.first.published, state)]
    found = [
        Section(str(label), tuple(row for row in rows if row.first.category == category))
        for category, label in Product.Category.choices
    ]
    return [section for section in found if section.rows]


def _is_in(published: bool, state: str) -> bool:
    return state not in (ON_SALE, OFF) or published == (state == ON_SALE)


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    at: dt.datetime
    actor: str
    differences: tuple[Difference, ...]
    is_first: bool  # it was made then


def history(*, act: str, subject: str) -> list[Change]:
    """Who changed what of it on screen, the newest first."""
    entries = AuditEntry.objects.filter(pizzeria=None, act=act, subject=subject).select_related("actor")
    return [
        Change(entry.at, str(entry.actor or "—"), tuple(_differences(entry)), is_first=not entry.before)
        for entry in entries.order_by("-pk")[:HISTORY]
    ]


def _differences(entry: AuditEntry) -> Iterable[Difference]:
    labels = _labels()
    for name in sorted(entry.before.keys() | entry.after.keys()):
        if name == "order" and sorted(entry.before.get(name, [])) != sorted(entry.after.get(name, [])):
            continue  # its lines say what came and what left
        kind, *parts = name.split("|")
        label = " · ".join([labels.get(kind, kind), *(part for part in parts if part)])
        yield Difference(label, _written(kind, entry.before.get(name)), _written(kind, entry.after.get(name)))


def _labels() -> dict[str, str]:
    return {
        "name": _("Name"),
        "description": _("Description"),
        "category": _("Category"),
        "base": _("Sauce"),
        "vat_class": _("VAT class"),
        "vegetarian": _("Vegetarian"),
        "published": _("On sale"),
        "position": _("Place on the card"),
        "steps": _("Steps"),
        "price": _("Price"),
        "recipe": _("Recipe"),
        "order": _("Order of the recipe"),
        "removable": _("May be left out"),
        "allergens": _("Allergens"),
        "allergens_declared": _("Allergens checked"),
        "species": _("Meat"),
        "origin": _("Origin"),
        "drawing": _("Drawing"),
        "par_quantity": _("Full stock"),
        "unit": _("Unit"),
        "is_dough": _("Dough"),
        "extra": _("Extra, quantity"),
        "extra_price": _("Extra, price"),
    }


def _written(kind: str, value: object) -> str:
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if kind in ("price", "extra_price") and isinstance(value, int):
        return euros(value)
    if isinstance(value, list):
        return ", ".join(str(Allergen(code).label) if kind == "allergens" else str(code) for code in value)
    choices = {
        "category": Product.Category,
        "vat_class": VatClass,
        "species": Ingredient.Species,
        "unit": Ingredient.Unit,
    }
    return str(choices[kind](value).label) if kind in choices else str(value)
