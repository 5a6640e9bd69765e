from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from shared_apps.catalogue.models import Ingredient, RecipeLine
from tenant_apps.stock.models import Movement, Reservation, StockCount, StockLevel, Substitution


def levels() -> QuerySet[StockLevel]:
    return StockLevel.objects.select_related("ingredient").order_by("ingredient__name")


def low_levels() -> QuerySet[StockLevel]:
    """At or under the threshold, or short of what is promised."""
    return levels().filter(Q(shortage=True) | Q(on_hand__lte=F("reserved") + F("low_threshold")))


def movements(ingredient_id: int) -> QuerySet[Movement]:
    return Movement.objects.filter(ingredient_id=ingredient_id).select_related("actor", "order").order_by("-id")


# The recipes as the shop makes them now: what stands for another ingredient adds up with what it is itself.
MADE_OF = """
    SELECT recipe.variant_id, coalesce(substitution.replacement_id, recipe.ingredient_id) AS ingredient_id,
           sum(recipe.quantity * coalesce(substitution.ratio, 1)) AS quantity
    FROM catalogue_recipeline AS recipe
    LEFT JOIN stock_substitution AS substitution ON substitution.replaced_id = recipe.ingredient_id
         AND substitution.ended_at IS NULL AND (substitution.until_at IS NULL OR substitution.until_at > now())
    GROUP BY 1, 2
"""


def feasible() -> dict[int, int]:
    """How many of each variant the stock allows now, by variant id, in one statement.

    For display: what is shown may be sold a moment later, and only acceptance decides.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH recipe AS ({MADE_OF}) SELECT recipe.variant_id,"
            " min(floor(greatest(coalesce(level.on_hand - level.reserved, 0), 0) / recipe.quantity))::int"
            " FROM recipe"
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


FEASIBLE = f"""
    WITH recipe AS ({MADE_OF})
    SELECT DISTINCT ON (product.position, product.name, size.position)
        product.name, coalesce(size.name, ''),
        floor(greatest(coalesce(level.on_hand - level.reserved, 0), 0) / recipe.quantity)::int AS count, ingredient.name
    FROM recipe
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


def substitutions() -> QuerySet[Substitution]:
    """Those under way, then the others, the newest first."""
    found = Substitution.objects.select_related("replaced", "replacement", "started_by", "ended_by")
    return found.order_by(F("ended_at").desc(nulls_first=True), "-pk")


def cannot_follow() -> list[tuple[int, int]]:
    """(order, ingredient) of later days that hold what is replaced, for want of enough of what stands for it then."""
    replaced = Reservation.objects.filter(day__isnull=False, ingredient__in=Substitution.objects.filter(
        ended_at=None).values("replaced_id"))  # fmt: skip
    by_ingredient = {one.replaced_id: one for one in Substitution.objects.filter(ended_at=None)}
    return [
        (row.order_id, by_ingredient[row.ingredient_id].replacement_id)
        for row in replaced
        if (until_at := by_ingredient[row.ingredient_id].until_at) is None or row.needed_at < until_at
    ]


@dataclass(frozen=True, slots=True)
class Effect:
    """What replacing an ingredient by another would change, as it is now."""

    more: list[str]  # allergens
    less: list[str]
    products: list[str]
    orders: int
    held: Decimal
    available: Decimal


def effect(*, replaced: Ingredient, replacement: Ingredient) -> Effect:
    held = Reservation.objects.filter(ingredient=replaced)
    in_recipes = RecipeLine.objects.filter(ingredient=replaced, variant__product__published=True)
    names = in_recipes.order_by("variant__product__name").values_list("variant__product__name", flat=True).distinct()
    return Effect(
        more=[code for code in replacement.allergens if code not in replaced.allergens],
        less=[code for code in replaced.allergens if code not in replacement.allergens],
        products=list(names),
        orders=held.count(),
        held=held.aggregate(sum=Sum("quantity"))["sum"] or Decimal(0),
        available=available([replacement.pk]).get(replacement.pk, Decimal(0)),
    )
