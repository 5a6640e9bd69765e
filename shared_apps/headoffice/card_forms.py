"""The form of a product: its fields, its price in each size, and its recipe as a table of ingredients by size."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.catalogue import queries
from shared_apps.catalogue.models import Ingredient, Product, RecipeLine, Size, VatClass
from shared_apps.catalogue.recipes import ALLERGEN_ORDER
from shared_apps.catalogue.services.products import Line, Values
from shared_apps.core import quantities
from shared_apps.core.fields import EurosField

SAUCES = [
    ("", gettext_lazy("no sauce")),
    ("tomate", gettext_lazy("tomato")),
    ("creme", gettext_lazy("cream")),
    ("barbecue", gettext_lazy("barbecue")),
    ("burger", gettext_lazy("burger")),
]
BLANK_ROWS = 3
Sizes = Mapping[int | None, str]  # size id (None: no size) → what its column is called


def sizes_of(is_pizza: bool) -> Sizes:
    return {size.pk: size.name for size in Size.objects.all()} if is_pizza else {None: _("Quantity")}


def _key(size_id: int | None) -> str:
    return str(size_id or "one")


class ProductForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What the menu says under its name; without one, its ingredients."),
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"))
    base = forms.ChoiceField(label=gettext_lazy("Sauce"), choices=SAUCES, required=False)
    vat_class = forms.ChoiceField(label=gettext_lazy("VAT class"), choices=VatClass.choices)
    position = forms.IntegerField(label=gettext_lazy("Place on the card"), min_value=0, max_value=9999)
    steps = forms.CharField(
        label=gettext_lazy("Steps"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("The memory aid of the kitchen, a step a line."),
    )
    vegetarian = forms.BooleanField(label=gettext_lazy("Vegetarian"), required=False)
    published = forms.BooleanField(label=gettext_lazy("On sale in every pizzeria"), required=False)

    def __init__(
        self, data: Mapping[str, str] | None, *, is_pizza: bool, sizes: Sizes, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial=initial)
        self.sizes, self.is_pizza = sizes, is_pizza
        pizza = Product.Category.PIZZA
        choices = [choice for choice in Product.Category.choices if (choice[0] == pizza) == is_pizza]
        self.fields["category"].choices = choices  # type: ignore[attr-defined]
        if is_pizza:
            self.fields["category"].widget = forms.HiddenInput()
        else:
            del self.fields["base"]
        for size_id, name in sizes.items():
            label = _("Price, %(size)s (€)") % {"size": name} if is_pizza else _("Price (€)")
            self.fields[f"price_{_key(size_id)}"] = EurosField(
                label=label,
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    @property
    def prices(self) -> list[forms.BoundField]:
        return [self[f"price_{_key(size_id)}"] for size_id in self.sizes]

    def clean_steps(self) -> tuple[str, ...]:
        steps = tuple(line.strip() for line in self.cleaned_data["steps"].splitlines() if line.strip())
        if any(len(step) > 200 for step in steps):
            raise forms.ValidationError(_("A step has at most 200 characters: cut it in two."))
        return steps

    def values(self, lines: list[Line]) -> Values:
        sent = self.cleaned_data
        own = ("name", "description", "category", "vat_class", "vegetarian", "published", "position", "steps")
        prices = {size_id: sent[f"price_{_key(size_id)}"] or 0 for size_id in self.sizes}
        return Values(
            **{name: sent[name] for name in own}, base=sent.get("base", ""), prices=prices, recipe=tuple(lines)
        )

    @staticmethod
    def of(product: Product) -> dict[str, Any]:
        names = ("name", "description", "category", "base", "vat_class", "position", "vegetarian", "published")
        prices = {f"price_{_key(row.size_id)}": row.price_cents or None for row in product.variants.all()}
        return {name: getattr(product, name) for name in names} | {"steps": "\n".join(product.steps)} | prices

    @staticmethod
    def of_new(is_pizza: bool) -> dict[str, Any]:
        last = Product.objects.aggregate(last=Max("position"))["last"]
        category = Product.Category.PIZZA if is_pizza else Product.Category.SIDE
        position = 0 if last is None else last + 1
        return {"category": category, "vat_class": VatClass.MEAL, "position": position, "base": "tomate"}


@dataclass(slots=True)
class Row:
    """A line of the recipe as it is written in the form."""

    ingredient: str = ""
    written: dict[str, str] = field(default_factory=dict)  # by size
    removable: bool = True
    error: str = ""
    moved: str = ""  # the button that moved it, which keeps the keyboard

    @property
    def is_blank(self) -> bool:
        return not self.ingredient and not any(self.written.values())


@dataclass(slots=True)
class Recipe:
    sizes: Sizes
    ingredients: dict[int, Ingredient]
    rows: list[Row]
    lines: list[Line] = field(default_factory=list)

    @classmethod
    def of(cls, product: Product | None, sizes: Sizes) -> "Recipe":
        """As it is kept; a new pizza begins with the dough of each size."""
        rows: dict[int, Row] = {}
        kept = RecipeLine.objects.filter(variant__product=product) if product else RecipeLine.objects.none()
        for line in kept.order_by("position", "variant__size__position").select_related("variant"):
            row = rows.setdefault(line.ingredient_id, Row(str(line.ingredient_id), removable=line.removable))
            row.written[_key(line.variant.size_id)] = quantities.written(line.quantity)
        if product is None and None not in sizes:
            for size_id, dough_id in queries.usual_doughs().items():
                rows.setdefault(dough_id, Row(str(dough_id), removable=False)).written[_key(size_id)] = "1"
        return cls(sizes, Ingredient.objects.in_bulk(), [*rows.values(), *_blanks()])

    @classmethod
    def sent(cls, data: Mapping[str, str], sizes: Sizes) -> "Recipe":
        found = cls(sizes, Ingredient.objects.in_bulk(), [])
        index = 0
        while f"line-{index}-ingredient" in data:
            written = {_key(size): data.get(f"line-{index}-{_key(size)}", "").strip() for size in sizes}
            row = Row(data[f"line-{index}-ingredient"], written, f"line-{index}-removable" in data)
            if data.get("drop") != str(index):
                found.rows.append(row)
            index += 1
        found._move(data)
        if "more" in data:
            found.rows += _blanks()
        found._read()
        return found

    def _move(self, data: Mapping[str, str]) -> None:
        """One line up or down: the kitchen reads them in this order."""
        for way, step in (("up", -1), ("down", 1)):
            pressed = data.get(way, "")
            if not pressed.isdecimal() or int(pressed) >= len(self.rows):
                continue
            at, to = int(pressed), int(pressed) + step
            if 0 <= to < len(self.rows):
                self.rows[at], self.rows[to] = self.rows[to], self.rows[at]
                at_an_end = to == (0 if way == "up" else len(self.rows) - 1)
                self.rows[to].moved = {"up": "down", "down": "up"}[way] if at_an_end else way

    @property
    def wrong(self) -> bool:
        return any(row.error for row in self.rows)

    @property
    def first_wrong(self) -> int:
        return next(index for index, row in enumerate(self.rows) if row.error)

    @property
    def choices(self) -> list[tuple[str, str]]:
        named = sorted(self.ingredients.values(), key=lambda one: one.name.lower())
        return [(str(one.pk), f"{one.name} ({one.get_unit_display()})") for one in named]

    @property
    def allergens(self) -> list[tuple[str, str]]:
        """Those that result, each with the ingredients that bring it."""
        brought: dict[str, list[str]] = {}
        for row in self.rows:
            one = self._ingredient(row)
            for code in one.allergens if one else ():
                brought.setdefault(code, []).append(one.name if one else "")
        ordered = sorted(brought, key=lambda code: ALLERGEN_ORDER[code])
        return [(code, ", ".join(brought[code])) for code in ordered]

    def _ingredient(self, row: Row) -> Ingredient | None:
        return self.ingredients.get(int(row.ingredient)) if row.ingredient.isdecimal() else None

    def _read(self) -> None:
        chosen = [row.ingredient for row in self.rows if row.ingredient]
        for row in self.rows:
            one = self._ingredient(row)
            if row.is_blank:
                continue
            if one is None:
                row.error = _("Choose the ingredient.")
            elif chosen.count(row.ingredient) > 1:
                row.error = _("This ingredient is twice in the recipe.")
            else:
                self._read_quantities(row, one)

    def _read_quantities(self, row: Row, ingredient: Ingredient) -> None:
        try:
            read = {size: quantities.read(row.written[_key(size)] or "0") for size in self.sizes}
        except ValueError:
            row.error = _("Write a quantity such as 1250 or 12,5.")
            return
        given: dict[int | None, Decimal] = {size: quantity for size, quantity in read.items() if quantity}
        if not given:
            row.error = _("Give a quantity above 0, or take the line out.")
        self.lines.append(Line(ingredient.pk, given, row.removable))

    @property
    def table(self) -> list[dict[str, Any]]:
        """Each row with its fields, for the page."""
        return [
            {
                "index": index,
                "row": row,
                "name": getattr(self._ingredient(row), "name", ""),
                "cells": [
                    {"name": f"line-{index}-{_key(size)}", "label": label, "value": row.written.get(_key(size), "")}
                    for size, label in self.sizes.items()
                ],
            }
            for index, row in enumerate(self.rows)
        ]


def _blanks() -> list[Row]:
    return [Row() for _row in range(BLANK_ROWS)]
