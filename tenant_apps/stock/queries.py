import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from shared_apps.catalogue.models import Ingredient, RecipeLine
from tenant_apps.stock.models import (
    Movement,
    Reception,
    ReceptionLine,
    Reservation,
    StockCount,
    StockLevel,
    Substitution,
    Supplier,
)
from tenant_apps.stock.timeline import Outlook

# The balance of each ingredient from each moment when it changes, from `at` on: what is on hand, what comes, what open
# orders take. What may still be promised at a moment is the lowest balance from it on (ADR 0027).
MOMENTS = """
    event AS (
        SELECT ingredient_id, %(at)s::timestamptz AS at, on_hand AS delta FROM stock_stocklevel
        UNION ALL
        SELECT ingredient_id, greatest(needed_at, %(at)s), -quantity FROM stock_reservation
        WHERE order_id IS DISTINCT FROM %(without_order)s
        UNION ALL
        SELECT line.ingredient_id, greatest(reception.expected_at, %(at)s), line.expected
        FROM stock_reception AS reception JOIN stock_receptionline AS line ON line.reception_id = reception.id
        WHERE reception.state = 'expected' AND reception.missed_at IS NULL AND reception.expected_at > %(now)s
    ), moment AS (
        SELECT ingredient_id, at, sum(sum(delta)) OVER (PARTITION BY ingredient_id ORDER BY at) AS balance
        FROM event GROUP BY ingredient_id, at
    )
"""
FREE = f"{MOMENTS}, free AS (SELECT ingredient_id, greatest(min(balance), 0) AS quantity FROM moment GROUP BY ingredient_id)"


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


def feasible(*, at: dt.datetime, now: dt.datetime) -> dict[int, int]:
    """How many of each variant may be promised for a moment, by variant id, in one statement.

    For display: what is shown may be sold a moment later, and only acceptance decides.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH recipe AS ({MADE_OF}), {FREE}"
            " SELECT recipe.variant_id, min(floor(coalesce(free.quantity, 0) / recipe.quantity))::int"
            " FROM recipe LEFT JOIN free ON free.ingredient_id = recipe.ingredient_id GROUP BY recipe.variant_id",
            {"at": at, "now": now, "without_order": None},
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
    WITH recipe AS ({MADE_OF}), {FREE}
    SELECT DISTINCT ON (product.position, product.name, size.position)
        product.name, coalesce(size.name, ''),
        floor(coalesce(free.quantity, 0) / recipe.quantity)::int AS count, ingredient.name
    FROM recipe
    JOIN catalogue_variant AS variant ON variant.id = recipe.variant_id
    JOIN catalogue_product AS product ON product.id = variant.product_id AND product.published
    LEFT JOIN catalogue_size AS size ON size.id = variant.size_id
    JOIN catalogue_ingredient AS ingredient ON ingredient.id = recipe.ingredient_id
    LEFT JOIN free ON free.ingredient_id = recipe.ingredient_id
    ORDER BY product.position, product.name, size.position, count, ingredient.name
"""


def feasible_products(*, now: dt.datetime) -> list[Feasible]:
    """Every product of the card with what blocks it now, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(FEASIBLE, {"at": now, "now": now, "without_order": None})
        return [Feasible(*row) for row in cursor.fetchall()]


def counts() -> QuerySet[StockCount]:
    return StockCount.objects.select_related("actor").annotate(lines=Count("levels"))


def suppliers() -> QuerySet[Supplier]:
    return Supplier.objects.annotate(sold=Count("items")).order_by("-is_active", "name")


def receptions() -> QuerySet[Reception]:
    found = Reception.objects.select_related("supplier", "made_by", "received_by")
    return found.annotate(ingredients=Count("lines")).order_by("expected_at", "pk")


@dataclass(frozen=True, slots=True)
class Packed:
    """A line of an order to a supplier, in its packs."""

    ingredient: Ingredient
    quantity: Decimal
    pack: Decimal | None  # None for what it does not usually sell

    @property
    def packs(self) -> Decimal:
        return self.quantity / self.pack if self.pack else self.quantity


def packed(reception: Reception) -> list[Packed]:
    packs = dict(reception.supplier.items.values_list("ingredient_id", "pack"))
    lines = reception.lines.select_related("ingredient")
    return [Packed(line.ingredient, line.expected, packs.get(line.ingredient_id)) for line in lines]


SOON_DAYS = 3  # a lot whose date is so near is to be used first, or thrown


@dataclass(frozen=True, slots=True)
class Lot:
    """What came with a use-by date and may still be on the shelf."""

    line: ReceptionLine
    left: Decimal  # at the most, if what came with the nearest date was used first


def lots() -> list[Lot]:
    """Of each ingredient, what is on hand is what came with the latest dates; the nearest date first."""
    on_hand = dict(StockLevel.objects.values_list("pk", "on_hand"))
    lines = ReceptionLine.objects.filter(received__gt=0, use_by__isnull=False, ingredient_id__in=on_hand)
    found = []
    for line in lines.select_related("ingredient", "reception__supplier").order_by("-use_by", "-id"):
        left = min(on_hand[line.ingredient_id], line.received or Decimal(0))
        if left > 0:
            on_hand[line.ingredient_id] -= left
            found.append(Lot(line, left))
    return sorted(found, key=lambda lot: (lot.line.use_by or dt.date.max, lot.line.ingredient.name))


def outlook(ingredient_ids: Iterable[int], *, now: dt.datetime, without_order: int | None = None) -> Outlook:
    """What may be promised of these ingredients from now on; an order that changes gives back what it holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {MOMENTS} SELECT ingredient_id, at, balance FROM moment WHERE ingredient_id = ANY(%(keys)s) ORDER BY at",
            {"at": now, "now": now, "without_order": without_order, "keys": list(ingredient_ids)},
        )
        left: dict[int, list[tuple[dt.datetime, Decimal]]] = {}
        for key, at, balance in cursor.fetchall():
            left.setdefault(key, []).append((at, balance))
    return Outlook(left)


def substitutions() -> QuerySet[Substitution]:
    """Those under way, then the others, the newest first."""
    found = Substitution.objects.select_related("replaced", "replacement", "started_by", "ended_by")
    return found.order_by(F("ended_at").desc(nulls_first=True), "-pk")


@dataclass(frozen=True, slots=True)
class Effect:
    """What replacing an ingredient by another would change, as it is now."""

    more: list[str]  # allergens
    less: list[str]
    products: list[str]
    orders: int
    held: Decimal
    available: Decimal


def effect(*, replaced: Ingredient, replacement: Ingredient, now: dt.datetime) -> Effect:
    held = Reservation.objects.filter(ingredient=replaced)
    in_recipes = RecipeLine.objects.filter(ingredient=replaced, variant__product__published=True)
    names = in_recipes.order_by("variant__product__name").values_list("variant__product__name", flat=True).distinct()
    return Effect(
        more=[code for code in replacement.allergens if code not in replaced.allergens],
        less=[code for code in replaced.allergens if code not in replacement.allergens],
        products=list(names),
        orders=held.count(),
        held=held.aggregate(sum=Sum("quantity"))["sum"] or Decimal(0),
        available=outlook([replacement.pk], now=now).free(replacement.pk, now),
    )
