"""Products and ingredients as head office's form would send them back, with something changed."""

from dataclasses import replace
from decimal import Decimal

from django.utils import timezone

from shared_apps.catalogue.models import Ingredient, Product, RecipeLine, Size
from shared_apps.catalogue.services import changes, ingredients, products
from shared_apps.catalogue.services.products import Line


def product_values(code: str, **other: object) -> products.Values:
    product = Product.objects.get(code=code)
    lines: dict[int, dict[int | None, Decimal]] = {}
    removable: dict[int, bool] = {}
    for line in RecipeLine.objects.filter(variant__product=product).select_related("variant").order_by("position"):
        lines.setdefault(line.ingredient_id, {})[line.variant.size_id] = line.quantity
        removable[line.ingredient_id] = line.removable
    own = {name: getattr(product, name) for name in products.OWN} | {"steps": tuple(product.steps)}
    recipe = tuple(Line(key, quantities, removable[key]) for key, quantities in lines.items())
    prices = {variant.size_id: variant.price_cents for variant in product.variants.all()}
    return replace(products.Values(**own, prices=prices, recipe=recipe), **other)  # type: ignore[arg-type]


def dearer(code: str, by: int = 100) -> products.Values:
    values = product_values(code)
    return replace(values, prices={key: price + by for key, price in values.prices.items()})


def without(values: products.Values, code: str) -> products.Values:
    gone = Ingredient.objects.get(code=code).pk
    return replace(values, recipe=tuple(line for line in values.recipe if line.ingredient_id != gone))


def seen(row: Product | Ingredient) -> str:
    return changes.fingerprint(products.facts(row) if isinstance(row, Product) else ingredients.facts(row))


def write(code: str, values: products.Values, user) -> Product:
    product = Product.objects.get(code=code)
    return products.save(product_id=product.pk, values=values, seen=seen(product), user_id=user.pk, now=timezone.now())


def new_pizza(user, *codes: str, **other: object) -> Product:
    """A pizza of these ingredients, 10 of each unit, in both sizes."""
    grams = [Line(Ingredient.objects.get(code=code).pk, dict.fromkeys(_sizes(), Decimal(10)), True) for code in codes]
    doughs = [line for line in product_values("margherita").recipe if not line.removable][:2]
    own = {
        "name": "Ardennaise",
        "description": "",
        "recipe": (*doughs, *grams),
        "prices": dict.fromkeys(_sizes(), 1200),
    }
    values = replace(product_values("margherita"), **(own | {"vegetarian": False} | other))  # type: ignore[arg-type]
    return products.save(product_id=None, values=values, seen="", user_id=user.pk, now=timezone.now())


def _sizes() -> list[int]:
    return list(Size.objects.values_list("pk", flat=True))


def ingredient_values(code: str, **other: object) -> ingredients.Values:
    row = Ingredient.objects.get(code=code)
    names = (*ingredients.OWN, *ingredients.FIXED)
    own = {name: getattr(row, name) for name in names} | {"allergens": tuple(row.allergens)}
    extras = {offer.size_id: (offer.quantity, offer.price_cents) for offer in row.extras.all()}
    return replace(ingredients.Values(**own, extras=extras), **other)  # type: ignore[arg-type]


def write_ingredient(code: str, values: ingredients.Values, user) -> Ingredient:
    row = Ingredient.objects.get(code=code)
    return ingredients.save(ingredient_id=row.pk, values=values, seen=seen(row), user_id=user.pk, now=timezone.now())


def new_ingredient(user, **other: object) -> Ingredient:
    values = ingredients.Values(
        name="Fourme d’Ambert", unit="g", is_dough=False, allergens=("milk",), allergens_declared=True, species="",
        origin="", drawing="gorgonzola", par_quantity=Decimal(4000), extras={},
    )  # fmt: skip
    values = replace(values, **other)  # type: ignore[arg-type]
    return ingredients.save(ingredient_id=None, values=values, seen="", user_id=user.pk, now=timezone.now())
