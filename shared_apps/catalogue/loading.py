"""The group's card from its data files to the database: checked whole, then written by code, in one transaction.

Loading again changes nothing that is the same. A product that left the files is no longer published, never deleted: old
orders refer to it. What head office wrote on screen is its own and stays as it is, unless `replace` (ADR 0042).
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Q

from shared_apps.catalogue.models import (
    Allergen,
    ExtraOffer,
    Ingredient,
    Product,
    RecipeLine,
    ServiceMode,
    Size,
    Variant,
    VatClass,
    VatRate,
)
from shared_apps.catalogue.services import changes
from tenants.models import Pizzeria

DATA = Path(__file__).parent / "data"
Row = TypeVar("Row", bound=models.Model)
SAUCES = ("sauce-", "creme-")


class InvalidCard(Exception):
    """The files contradict themselves or the rules; `problems` says where, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Files:
    ingredients: dict[str, dict[str, Any]]
    sizes: dict[str, dict[str, Any]]
    pizzas: list[dict[str, Any]]
    others: list[dict[str, Any]]
    rates: list[dict[str, Any]]


def read(*, folder: Path = DATA) -> Files:
    """Raises InvalidCard."""

    def parse(name: str) -> dict[str, Any]:
        try:
            return tomllib.loads((folder / name).read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise InvalidCard([f"{name} : {error}"]) from None

    files = Files(
        ingredients=parse("ingredients.toml"),
        sizes=parse("sizes.toml"),
        pizzas=parse("pizzas.toml")["pizza"],
        others=parse("others.toml")["product"],
        rates=parse("vat.toml")["rate"],
    )
    problems = [*_wrong_ingredients(files), *_wrong_products(files)]
    if problems:
        raise InvalidCard(problems)
    return files


def _wrong_ingredients(files: Files) -> Iterable[str]:
    for code, entry in files.ingredients.items():
        if entry.get("unit") not in Ingredient.Unit.values:
            yield f"{code} : l'unité est g, ml ou piece."
        if "allergens" not in entry:
            yield f"{code} : les allergènes ne sont pas déclarés (une liste vide veut dire aucun)."
        unknown = set(entry.get("allergens", ())) - set(Allergen.values)
        if unknown:
            yield f"{code} : allergènes hors des 14 : {', '.join(sorted(unknown))}."
        if entry.get("species") and not entry.get("origin"):
            yield f"{code} : l'origine de la viande manque."
        if set(entry.get("extra", ())) - set(files.sizes):
            yield f"{code} : un supplément nomme une taille inconnue."


def _wrong_products(files: Files) -> Iterable[str]:
    for size in files.sizes.values():
        if size["dough"] not in files.ingredients:
            yield f"{size['name']} : pâton inconnu."
    yield from _wrong_pizzas(files)
    codes = [entry["code"] for entry in (*files.pizzas, *files.others)]
    for code in {code for code in codes if codes.count(code) > 1}:
        yield f"{code} : ce code apparaît deux fois."
    for entry in (*files.pizzas, *files.others):
        for code in set(entry.get("recipe", ())) - set(files.ingredients):
            yield f"{entry['code']} : ingrédient inconnu « {code} »."
        if not entry.get("recipe"):
            yield f"{entry['code']} : la recette manque."
    for entry in files.others:
        if entry.get("vat_class") not in VatClass.values or entry.get("category") not in Product.Category.values:
            yield f"{entry['code']} : classe de TVA ou catégorie inconnue."


def _wrong_pizzas(files: Files) -> Iterable[str]:
    for pizza in files.pizzas:
        if len(pizza.get("prices", ())) != len(files.sizes):
            yield f"{pizza['code']} : un prix par taille."
        if any(len(pair) != len(files.sizes) for pair in pizza.get("recipe", {}).values()):
            yield f"{pizza['code']} : une quantité par taille."
        if not pizza.get("steps"):
            yield f"{pizza['code']} : les étapes manquent."


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files have, and the names of what head office wrote on screen and keeps as it is."""

    pizzas: int
    others: int
    ingredients: int
    kept: tuple[str, ...]


@transaction.atomic
def load(files: Files, *, replace: bool = False) -> Loaded:
    """Writes the card; with `replace`, over what head office wrote on screen too. Raises InvalidCard."""
    own_products, own_ingredients = (set(), set()) if replace else (_own(Product), _own(Ingredient))
    kept = [row.name for model in (Product, Ingredient) for row in _edited(model)] if not replace else []
    files = _without(files, own_products, own_ingredients)
    ingredients = _upsert(Ingredient, [_ingredient(code, entry) for code, entry in files.ingredients.items()], "code")
    sizes = _upsert(
        Size,
        [
            Size(code=code, name=entry["name"], diameter_cm=entry["diameter_cm"], position=position)
            for position, (code, entry) in enumerate(files.sizes.items())
        ],
        "code",
    )
    entries = [*files.pizzas, *files.others]
    products = _upsert(Product, [_product(entry) for entry in entries], "code")
    left = Product.objects.exclude(code__in={entry["code"] for entry in entries} | own_products)
    left.update(published=False, edited_at=None)
    _load_variants(files, products, sizes)
    _load_recipes(files, products, sizes, ingredients)
    _load_extras(files, sizes, ingredients)
    _load_rates(files)
    _check_declared()
    if Pizzeria.objects.exists():
        changes.stock_everywhere()
    return Loaded(len(files.pizzas), len(files.others), len(files.ingredients), tuple(kept))


def _edited(model: type[Product] | type[Ingredient]) -> models.QuerySet[Any]:
    return model._default_manager.exclude(edited_at=None).order_by("name")


def _own(model: type[Product] | type[Ingredient]) -> set[str]:
    return set(_edited(model).values_list("code", flat=True))


def _without(files: Files, products: set[str], ingredients: set[str]) -> Files:
    """The files without what is head office's own; the others keep their place on the card."""
    pizzas = [entry | {"position": position} for position, entry in enumerate(files.pizzas)]
    others = [entry | {"position": len(pizzas) + position} for position, entry in enumerate(files.others)]
    return Files(
        {code: entry for code, entry in files.ingredients.items() if code not in ingredients},
        files.sizes,
        [entry for entry in pizzas if entry["code"] not in products],
        [entry for entry in others if entry["code"] not in products],
        files.rates,
    )


def _check_declared() -> None:
    """The files may sell what is made of an ingredient that is head office's own."""
    unchecked = Q(published=True, variants__recipe__ingredient__allergens_declared=False)
    wrong = Product.objects.filter(unchecked).values_list("name", "variants__recipe__ingredient__name").distinct()
    if wrong:
        raise InvalidCard(
            [f"{product} : les allergènes de « {name} » ne sont pas vérifiés." for product, name in wrong]
        )


def _upsert(model: type[Row], rows: list[Row], key: str) -> dict[str, Row]:
    """By `key`, in one statement; returns the rows as stored."""
    fields = [field.name for field in model._meta.concrete_fields if field.name not in ("id", key)]
    model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=[key], update_fields=fields)
    return {getattr(row, key): row for row in model._default_manager.all()}


def _ingredient(code: str, entry: dict[str, Any]) -> Ingredient:
    return Ingredient(
        code=code,
        name=entry["name"],
        unit=entry["unit"],
        allergens=entry["allergens"],
        allergens_declared=True,
        species=entry.get("species", ""),
        origin=entry.get("origin", ""),
        drawing=entry.get("drawing", ""),
        is_dough=entry.get("is_dough", False),
        par_quantity=Decimal(entry["par_quantity"]),
    )


def _product(entry: dict[str, Any]) -> Product:
    return Product(
        code=entry["code"],
        name=entry["name"],
        description=entry["description"],
        category=entry.get("category", Product.Category.PIZZA),
        base=entry.get("base", ""),
        steps=entry.get("steps", []),
        vat_class=entry.get("vat_class", VatClass.MEAL),
        vegetarian=entry.get("vegetarian", False),
        published=entry.get("published", True),
        position=entry["position"],
    )


def _load_variants(files: Files, products: dict[str, Product], sizes: dict[str, Size]) -> None:
    rows = [
        Variant(product=products[pizza["code"]], size=sizes[code], price_cents=price, work=size["work"])
        for pizza in files.pizzas
        for (code, size), price in zip(files.sizes.items(), pizza["prices"], strict=True)
    ]
    rows += [Variant(product=products[entry["code"]], price_cents=entry["price"]) for entry in files.others]
    Variant.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["product", "size"],
        update_fields=["work", "price_cents"],
    )


def _load_recipes(
    files: Files, products: dict[str, Product], sizes: dict[str, Size], ingredients: dict[str, Ingredient]
) -> None:
    variants = {(row.product_id, row.size_id): row for row in Variant.objects.all()}
    rows: list[RecipeLine] = []
    for pizza in files.pizzas:
        for index, (code, size) in enumerate(files.sizes.items()):
            variant = variants[products[pizza["code"]].pk, sizes[code].pk]
            amounts = {size["dough"]: 1, **{name: pair[index] for name, pair in pizza["recipe"].items()}}
            rows += _recipe(variant, amounts, ingredients)
    for entry in files.others:
        rows += _recipe(variants[products[entry["code"]].pk, None], entry["recipe"], ingredients)
    RecipeLine.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["variant", "ingredient"],
        update_fields=["quantity", "removable", "position"],
    )
    kept = {(row.variant_id, row.ingredient_id) for row in rows}
    written = RecipeLine.objects.filter(variant__product__edited_at=None)
    gone = [row.pk for row in written if (row.variant_id, row.ingredient_id) not in kept]
    RecipeLine.objects.filter(pk__in=gone).delete()


def _recipe(variant: Variant, amounts: dict[str, float], ingredients: dict[str, Ingredient]) -> list[RecipeLine]:
    return [
        RecipeLine(
            variant=variant,
            ingredient=ingredients[code],
            quantity=Decimal(str(amount)),
            # The dough and the sauce make the pizza; a product that is one piece of itself is nothing without it.
            removable=len(amounts) > 1 and not ingredients[code].is_dough and not code.startswith(SAUCES),
            position=position,
        )
        for position, (code, amount) in enumerate(amounts.items())
    ]


def _load_extras(files: Files, sizes: dict[str, Size], ingredients: dict[str, Ingredient]) -> None:
    rows = [
        ExtraOffer(ingredient=ingredients[code], size=sizes[size], quantity=Decimal(quantity), price_cents=price)
        for code, entry in files.ingredients.items()
        for size, (quantity, price) in entry.get("extra", {}).items()
    ]
    kept = {(row.ingredient_id, row.size_id) for row in rows}
    written = ExtraOffer.objects.filter(ingredient__edited_at=None)
    gone = [row.pk for row in written if (row.ingredient_id, row.size_id) not in kept]
    ExtraOffer.objects.filter(pk__in=gone).delete()
    ExtraOffer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["ingredient", "size"],
        update_fields=["quantity", "price_cents"],
    )


def _load_rates(files: Files) -> None:
    """New dates are added; a rate already known is never edited."""
    VatRate.objects.bulk_create(
        [
            VatRate(vat_class=vat_class, mode=mode, valid_from=rate["valid_from"], basis_points=basis_points)
            for rate in files.rates
            for vat_class in VatClass.values
            for mode, basis_points in rate[vat_class].items()
            if mode in ServiceMode.values
        ],
        ignore_conflicts=True,
    )
