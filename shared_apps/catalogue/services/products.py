"""A product of the group's card as head office writes it on screen: its sizes, its prices, its recipe."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from shared_apps.catalogue.models import Ingredient, Product, RecipeLine, Size, Variant
from shared_apps.catalogue.recipes import NOT_VEGETARIAN
from shared_apps.catalogue.services import changes
from shared_apps.catalogue.services.changes import Facts, Incomplete, NameTaken
from shared_apps.core import quantities
from shared_apps.core.errors import RuleError

ACT = "product"
MOST = Decimal(100_000)  # of an ingredient in one piece, in its unit
WORK_OF_A_PIZZA = 100  # hundredths, where no pizza says otherwise for its size
OWN = ("name", "description", "category", "base", "vat_class", "vegetarian", "published", "position", "steps")


class WrongRecipe(RuleError):
    """An ingredient twice or without a quantity, a size that the product does not have, another kind of product."""


@dataclass(frozen=True, slots=True)
class Line:
    """An ingredient of the recipe: its quantity by size (None where there is no size), in its unit."""

    ingredient_id: int
    quantities: Mapping[int | None, Decimal]
    removable: bool


@dataclass(frozen=True, slots=True)
class Values:
    """A product as it is to be; prices in cents, by size (None where there is no size), 0 when it has none yet."""

    name: str
    description: str
    category: str
    base: str
    vat_class: str
    vegetarian: bool
    published: bool
    position: int
    steps: tuple[str, ...]
    prices: Mapping[int | None, int]
    recipe: tuple[Line, ...]

    @property
    def is_pizza(self) -> bool:
        return self.category == Product.Category.PIZZA


def facts(product: Product) -> Facts:
    """All that head office writes of it."""
    found: Facts = {name: getattr(product, name) for name in OWN}
    places: list[tuple[int, str]] = []
    for variant in product.variants.select_related("size").prefetch_related("recipe__ingredient"):
        size = variant.size.name if variant.size else ""
        found[f"price|{size}"] = variant.price_cents
        for line in variant.recipe.all():
            found[f"recipe|{line.ingredient.name}|{size}"] = quantities.written(line.quantity)
            found[f"removable|{line.ingredient.name}"] = line.removable
            places.append((line.position, line.ingredient.name))
    found["order"] = list(dict.fromkeys(name for _place, name in sorted(places)))
    return found


def save(*, product_id: int | None, values: Values, seen: str, user_id: int, now: dt.datetime) -> Product:
    """Writes a product, a new one without an id. `seen` is the fingerprint of the facts that the form was filled with.

    Raises ChangedMeanwhile, NameTaken, WrongRecipe; Incomplete for what is published.
    """
    try:
        with transaction.atomic():
            return _save(product_id, values, seen, user_id, now)
    except IntegrityError as error:
        if "catalogue_product_code" not in str(error):
            raise
        raise NameTaken from None  # the same new product, sent twice at the same moment


def _save(product_id: int | None, values: Values, seen: str, user_id: int, now: dt.datetime) -> Product:
    locked = Product.objects.select_for_update(no_key=True)
    product = locked.get(pk=product_id) if product_id else Product(code=_code(values.name))
    before = facts(product) if product_id else {}
    if product_id:
        changes.check_seen(seen=seen, facts=before)
    _check(product, values)
    for name in OWN:
        setattr(product, name, list(values.steps) if name == "steps" else getattr(values, name))
    product.save()
    _write_variants(product, values)
    after = facts(product)
    if after != before:
        Product.objects.filter(pk=product.pk).update(edited_at=now)
        changes.keep(act=ACT, subject=product.code, before=before, after=after, user_id=user_id)
    return product


def _code(name: str) -> str:
    """What its addresses and its picture are named, for ever."""
    return slugify(name)[:40].strip("-") or ACT


def _check(product: Product, values: Values) -> None:
    if Product.objects.exclude(pk=product.pk).filter(name__iexact=values.name).exists():
        raise NameTaken
    was_pizza = product.category == Product.Category.PIZZA
    if product.pk and was_pizza != values.is_pizza:
        raise WrongRecipe(_("A pizza has sizes and the rest has none: make another product instead."))
    ingredients = _locked({line.ingredient_id for line in values.recipe})
    sizes = _sizes(values)
    _check_recipe(values, ingredients, sizes)
    problems = [*_missing(values, ingredients, sizes), *_not_vegetarian(values, ingredients)]
    if values.published and problems:
        raise Incomplete(problems)


def _locked(ingredient_ids: Iterable[int]) -> dict[int, Ingredient]:
    """Whoever changes one of them waits, and then finds what is on sale with it."""
    rows = Ingredient.objects.select_for_update(no_key=True).filter(pk__in=list(ingredient_ids)).order_by("pk")
    return {row.pk: row for row in rows}


def _sizes(values: Values) -> dict[int | None, str]:
    """By id, with their names; nothing but None for what has no size."""
    return {size.pk: size.name for size in Size.objects.all()} if values.is_pizza else {None: ""}


def _check_recipe(values: Values, ingredients: Mapping[int, Ingredient], sizes: Mapping[int | None, str]) -> None:
    if len({line.ingredient_id for line in values.recipe}) < len(values.recipe):
        raise WrongRecipe(_("An ingredient is twice in the recipe."))
    for line in values.recipe:
        unknown = line.ingredient_id not in ingredients or not line.quantities.keys() <= sizes.keys()
        if unknown or not line.quantities or not all(0 < quantity <= MOST for quantity in line.quantities.values()):
            raise WrongRecipe(_("Each ingredient of the recipe has a quantity above 0, of 100,000 at most."))


def _missing(values: Values, ingredients: Mapping[int, Ingredient], sizes: Mapping[int | None, str]) -> Iterable[str]:
    """What it still needs to be on sale."""
    for key, name in sizes.items():
        made_of = [ingredients[line.ingredient_id] for line in values.recipe if key in line.quantities]
        if not values.prices.get(key):
            yield _("%(size)s: give a price.") % {"size": name} if name else _("Give a price.")
        if not made_of:
            yield _("%(size)s: give a recipe.") % {"size": name} if name else _("Give a recipe.")
        if values.is_pizza and sum(one.is_dough for one in made_of) != 1:
            yield _("%(size)s: a pizza has one dough.") % {"size": name}
    if values.is_pizza and any(line.removable and ingredients[line.ingredient_id].is_dough for line in values.recipe):
        yield _("The dough of a pizza cannot be left out.")
    if values.is_pizza and not values.steps:
        yield _("Write the steps of the pizza: the kitchen follows them.")
    for one in ingredients.values():
        if not one.allergens_declared:
            yield _("%(name)s: its allergens are not checked yet.") % {"name": one.name}


def _not_vegetarian(values: Values, ingredients: Mapping[int, Ingredient]) -> Iterable[str]:
    if not values.vegetarian:
        return
    for one in ingredients.values():
        if is_meat_or_fish(one.species, one.allergens):
            yield _("%(name)s is not vegetarian.") % {"name": one.name}


def is_meat_or_fish(species: str, allergens: Iterable[str]) -> bool:
    return bool(species) or not NOT_VEGETARIAN.isdisjoint(allergens)


def _write_variants(product: Product, values: Values) -> None:
    """A variant for each size; its recipe is written anew, nothing refers to its lines."""
    variants = {variant.size_id: variant for variant in product.variants.all()}
    for size_id in _sizes(values):
        variant = variants.get(size_id) or Variant(product=product, size_id=size_id, work=_work(size_id))
        variant.price_cents = values.prices.get(size_id, 0)
        variant.save()
        variant.recipe.all().delete()
        RecipeLine.objects.bulk_create(
            RecipeLine(
                variant=variant,
                ingredient_id=line.ingredient_id,
                quantity=line.quantities[size_id],
                removable=line.removable,
                position=position,
            )
            for position, line in enumerate(values.recipe)
            if size_id in line.quantities
        )


def _work(size_id: int | None) -> int:
    """Of the kitchen, as of the other pizzas of this size; none for what has no size."""
    if size_id is None:
        return 0
    return Variant.objects.filter(size_id=size_id).aggregate(most=Max("work"))["most"] or WORK_OF_A_PIZZA
