import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Count

from shared_apps.catalogue.models import RecipeLine, ServiceMode, Variant, VatClass, VatRate
from shared_apps.catalogue.recipes import Card, Component, Extra, Offer
from shared_apps.catalogue.vat import DatedRate, Rates

OFFERS = """
    SELECT variant.id, product.id, product.code, product.name, product.description, product.category, product.base,
           product.vegetarian, size.id, coalesce(size.name, ''), size.diameter_cm, variant.price_cents, variant.work,
           product.steps, product.published, product.vat_class = 'alcohol'
    FROM catalogue_variant AS variant
    JOIN catalogue_product AS product ON product.id = variant.product_id
    LEFT JOIN catalogue_size AS size ON size.id = variant.size_id
    WHERE (%(all)s AND product.published OR variant.id = ANY(%(ids)s))
    ORDER BY product.position, product.name, size.position
"""
COMPONENT = "ingredient.id, ingredient.name, ingredient.unit, {quantity}, {removable}, ingredient.allergens,"
COMPONENT += " ingredient.drawing, ingredient.origin, ingredient.is_dough"
RECIPES = f"""
    SELECT recipe.variant_id, {COMPONENT.format(quantity="recipe.quantity", removable="recipe.removable")}
    FROM catalogue_recipeline AS recipe JOIN catalogue_ingredient AS ingredient ON ingredient.id = recipe.ingredient_id
    WHERE recipe.variant_id = ANY(%s) ORDER BY recipe.variant_id, recipe.position
"""
EXTRAS = f"""
    SELECT extra.size_id, extra.price_cents, {COMPONENT.format(quantity="extra.quantity", removable="true")}
    FROM catalogue_extraoffer AS extra JOIN catalogue_ingredient AS ingredient ON ingredient.id = extra.ingredient_id
    WHERE (%(all)s OR ingredient.id = ANY(%(ids)s)) ORDER BY extra.price_cents, ingredient.name
"""


def whole_card() -> Card:
    """Everything the group publishes, in three statements."""
    return _card(variant_ids=None, extra_ids=None)


def part_of_card(*, variant_ids: Iterable[int], extra_ids: Iterable[int]) -> Card:
    """The offers and extras of a basket. What is no longer published is there too: a placed line must stay readable."""
    return _card(variant_ids=sorted(set(variant_ids)), extra_ids=sorted(set(extra_ids)))


def group_offers() -> list[Offer]:
    """Everything the group has, on sale or not, in the order of the card."""
    every = Variant.objects.order_by().values_list("pk", flat=True)
    return list(part_of_card(variant_ids=every, extra_ids=()).offers.values())


def usual_doughs() -> dict[int, int]:
    """Size id → id of the dough that its pizzas have: what a new pizza begins with."""
    found = RecipeLine.objects.filter(ingredient__is_dough=True, variant__size__isnull=False)
    counted = found.order_by().values("variant__size", "ingredient").annotate(times=Count("pk")).order_by("times")
    return {row["variant__size"]: row["ingredient"] for row in counted}


def _card(*, variant_ids: list[int] | None, extra_ids: list[int] | None) -> Card:
    with connection.cursor() as cursor:
        cursor.execute(OFFERS, {"all": variant_ids is None, "ids": variant_ids or []})
        rows = cursor.fetchall()
        recipes = _recipes(cursor, [row[0] for row in rows])
        extras = _extras(cursor, extra_ids) if extra_ids is None or extra_ids else {}
    offers = {row[0]: _offer(row, recipes[row[0]]) for row in rows}
    return Card(offers, extras)


def _offer(row: Sequence[Any], recipe: Iterable[Component]) -> Offer:
    *values, steps, published, is_alcohol = row
    return Offer(*values, tuple(recipe), tuple(steps), published, is_alcohol)  # type: ignore[call-arg]  # 13 columns, mypy cannot count


def _recipes(cursor: CursorWrapper, variant_ids: list[int]) -> dict[int, list[Component]]:
    cursor.execute(RECIPES, [variant_ids])
    recipes: dict[int, list[Component]] = defaultdict(list)
    for variant_id, *component in cursor.fetchall():
        recipes[variant_id].append(_component(component))
    return recipes


def _extras(cursor: CursorWrapper, extra_ids: list[int] | None) -> dict[int, dict[int, Extra]]:
    cursor.execute(EXTRAS, {"all": extra_ids is None, "ids": extra_ids or []})
    extras: dict[int, dict[int, Extra]] = defaultdict(dict)
    for size_id, price_cents, *component in cursor.fetchall():
        extras[size_id][component[0]] = Extra(_component(component), price_cents)
    return dict(extras)


def _component(row: list[Any]) -> Component:
    key, name, unit, quantity, removable, allergens, drawing, origin, is_dough = row
    return Component(key, name, unit, Decimal(quantity), removable, tuple(allergens), drawing, origin, is_dough)


def vat_rates() -> Rates:
    """Every dated rate, in one query."""
    rows = VatRate.objects.values_list("vat_class", "mode", "valid_from", "basis_points")
    return Rates(tuple(DatedRate(*row) for row in rows))


def vat_basis_points(*, vat_class: VatClass, mode: ServiceMode, day: dt.date) -> int:
    """The rate in force that day, in basis points (1000 is 10 %). Raises NoRate."""
    return vat_rates().of(vat_class, mode, day)


def meat_origins() -> list[tuple[str, str]]:
    """(ingredient, origin) of beef, pork, sheep and poultry that may be in a dish, as an extra too, for the menu (decrees
    2002-1465 and 2022-65)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ingredient.name, ingredient.origin FROM catalogue_ingredient AS ingredient"
            " WHERE ingredient.species <> '' AND (EXISTS (SELECT FROM catalogue_recipeline AS recipe"
            "  JOIN catalogue_variant AS variant ON variant.id = recipe.variant_id"
            "  JOIN catalogue_product AS product ON product.id = variant.product_id"
            "  WHERE recipe.ingredient_id = ingredient.id AND product.published)"
            " OR EXISTS (SELECT FROM catalogue_extraoffer AS extra WHERE extra.ingredient_id = ingredient.id))"
            " ORDER BY ingredient.name"
        )
        return cursor.fetchall()
