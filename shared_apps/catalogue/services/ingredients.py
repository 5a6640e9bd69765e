"""An ingredient of the group as head office writes it on screen: its allergens, its origin, what it costs as an extra."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from shared_apps.catalogue.models import ExtraOffer, Ingredient, Product
from shared_apps.catalogue.services import changes
from shared_apps.catalogue.services.changes import Facts, Incomplete, NameTaken
from shared_apps.catalogue.services.products import MOST, is_meat_or_fish
from shared_apps.core import quantities

ACT = "ingredient"
OWN = ("name", "allergens", "allergens_declared", "species", "origin", "drawing", "par_quantity")
FIXED = ("unit", "is_dough")  # what recipes and stocks are counted in


@dataclass(frozen=True, slots=True)
class Values:
    """An ingredient as it is to be. Its unit, and whether it is a dough, count when it is new; the unit of quantities."""

    name: str
    unit: str
    is_dough: bool
    allergens: tuple[str, ...]
    allergens_declared: bool
    species: str
    origin: str
    drawing: str
    par_quantity: Decimal
    extras: Mapping[int, tuple[Decimal, int]]  # by size: the quantity that goes on, the price in cents


def facts(ingredient: Ingredient) -> Facts:
    """All that head office writes of it."""
    found: Facts = {name: getattr(ingredient, name) for name in (*OWN, *FIXED)}
    found["par_quantity"] = quantities.written(ingredient.par_quantity)
    for offer in ingredient.extras.select_related("size"):
        found[f"extra|{offer.size.name}"] = quantities.written(offer.quantity)
        found[f"extra_price|{offer.size.name}"] = offer.price_cents
    return found


def save(*, ingredient_id: int | None, values: Values, seen: str, user_id: int, now: dt.datetime) -> Ingredient:
    """Writes an ingredient; a new one, without an id, is soon in every pizzeria's stock, where there is none of it yet.

    `seen` is the fingerprint of the facts that the form was filled with. Raises ChangedMeanwhile, NameTaken, Incomplete.
    """
    try:
        with transaction.atomic():
            return _save(ingredient_id, values, seen, user_id, now)
    except IntegrityError as error:
        if "catalogue_ingredient_code" not in str(error):
            raise
        raise NameTaken from None  # the same new ingredient, sent twice at the same moment


def _save(ingredient_id: int | None, values: Values, seen: str, user_id: int, now: dt.datetime) -> Ingredient:
    locked = Ingredient.objects.select_for_update(no_key=True)
    ingredient = locked.get(pk=ingredient_id) if ingredient_id else _new(values)
    before = facts(ingredient) if ingredient_id else {}
    if ingredient_id:
        changes.check_seen(seen=seen, facts=before)
    _check(ingredient, values)
    for name in OWN:
        value = getattr(values, name)
        setattr(ingredient, name, list(value) if name == "allergens" else value)
    ingredient.save()
    _write_extras(ingredient, values)
    after = facts(ingredient)
    if after != before:
        Ingredient.objects.filter(pk=ingredient.pk).update(edited_at=now)
        if not ingredient_id:
            changes.stock_everywhere()
        changes.keep(act=ACT, subject=ingredient.code, before=before, after=after, user_id=user_id)
    return ingredient


def _new(values: Values) -> Ingredient:
    code = slugify(values.name)[:40].strip("-") or ACT
    return Ingredient(code=code, unit=values.unit, is_dough=values.is_dough)


def _check(ingredient: Ingredient, values: Values) -> None:
    taken = Ingredient.objects.exclude(pk=ingredient.pk).filter(name__iexact=values.name)
    if taken.exists():
        raise NameTaken
    problems = [*_incomplete(ingredient, values), *_on_sale(ingredient, values)]
    if problems:
        raise Incomplete(problems)


def _incomplete(ingredient: Ingredient, values: Values) -> Iterable[str]:
    if values.species and not values.origin:
        yield _("Say where the meat comes from: every menu shows it.")
    if values.extras and not values.allergens_declared:
        yield _("What is offered as an extra has its allergens checked.")
    if values.extras and ingredient.is_dough:
        yield _("A dough is not an extra.")
    if ingredient.is_dough and ingredient.unit != Ingredient.Unit.PIECE:
        yield _("A dough is counted in pieces.")
    if not all(0 < quantity <= MOST for quantity, _price in values.extras.values()):
        yield _("What goes on as an extra is above 0, of 100,000 at most.")


def _on_sale(ingredient: Ingredient, values: Values) -> Iterable[str]:
    """Products on sale that would no longer be what they say."""
    sold = Product.objects.filter(published=True, variants__recipe__ingredient=ingredient.pk).distinct()
    if not ingredient.pk:
        return
    if not values.allergens_declared and sold:
        yield _("On sale with it: %(names)s. Its allergens stay checked, or take these off the card first.") % {
            "names": ", ".join(str(product) for product in sold)
        }
    vegetarian = [str(product) for product in sold if product.vegetarian]
    if vegetarian and is_meat_or_fish(values.species, values.allergens):
        yield _("These are sold as vegetarian with it: %(names)s.") % {"names": ", ".join(vegetarian)}


def _write_extras(ingredient: Ingredient, values: Values) -> None:
    ingredient.extras.exclude(size__in=values.extras).delete()
    for size_id, (quantity, price_cents) in values.extras.items():
        ExtraOffer.objects.update_or_create(
            ingredient=ingredient, size_id=size_id, defaults={"quantity": quantity, "price_cents": price_cents}
        )
