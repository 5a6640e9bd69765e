from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from tenant_apps.stock.models import Movement, StockCount, StockLevel


def levels() -> QuerySet[StockLevel]:
    return StockLevel.objects.select_related("ingredient").order_by("ingredient__name")


def low_levels() -> QuerySet[StockLevel]:
    """At or under the threshold, or short of what is promised."""
    return levels().filter(Q(shortage=True) | Q(on_hand__lte=F("reserved") + F("low_threshold")))


def movements(ingredient_id: int) -> QuerySet[Movement]:
    return Movement.objects.filter(ingredient_id=ingredient_id).select_related("actor", "order").order_by("-id")


def feasible() -> dict[int, int]:
    """How many of each variant the stock allows now, by variant id, in one statement.

    For display: what is shown may be sold a moment later, and only acceptance decides.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recipe.variant_id,"
            " min(floor(greatest(coalesce(level.on_hand - level.reserved, 0), 0) / recipe.quantity))::int"
            " FROM catalogue_recipeline AS recipe"
            " LEFT JOIN stock_stocklevel AS level ON level.ingredient_id = recipe.ingredient_id"
            " GROUP BY recipe.variant_id"
        )
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Feasible:
    """How many of a product in a size the stock allows now, and the ingredient that stops at that number."""

    product: str
    size: str
    count: int
    blocking: str


FEASIBLE = """
    SELECT DISTINCT ON (product.position, product.name, size.position)
        product.name, coalesce(size.name, ''),
        floor(greatest(coalesce(level.on_hand - level.reserved, 0), 0) / recipe.quantity)::int AS count, ingredient.name
    FROM catalogue_recipeline AS recipe
    JOIN catalogue_variant AS variant ON variant.id = recipe.variant_id
    JOIN catalogue_product AS product ON product.id = variant.product_id AND product.published
    LEFT JOIN catalogue_size AS size ON size.id = variant.size_id
    JOIN catalogue_ingredient AS ingredient ON ingredient.id = recipe.ingredient_id
    LEFT JOIN stock_stocklevel AS level ON level.ingredient_id = recipe.ingredient_id
    ORDER BY product.position, product.name, size.position, count, ingredient.name
"""


def feasible_products() -> list[Feasible]:
    """Every product of the card with what blocks it, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(FEASIBLE)
        return [Feasible(*row) for row in cursor.fetchall()]


def counts() -> QuerySet[StockCount]:
    return StockCount.objects.select_related("actor").annotate(lines=Count("levels"))


def available(ingredient_ids: list[int]) -> dict[int, Decimal]:
    """What may still be promised today of these ingredients, in their units."""
    rows = StockLevel.objects.filter(pk__in=ingredient_ids).annotate(free=F("on_hand") - F("reserved"))
    return dict(rows.values_list("pk", "free"))
