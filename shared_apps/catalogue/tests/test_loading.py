import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from shared_apps.catalogue import loading, queries
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

pytestmark = pytest.mark.django_db
TABLES = (ExtraOffer, Ingredient, Product, RecipeLine, Size, Variant, VatRate)
DAY = dt.date(2026, 11, 23)
MEATS = {
    "jambon": "pork",
    "jambon-cru": "pork",
    "chorizo": "pork",
    "spianata": "pork",
    "lardons": "pork",
    "merguez": "sheep",
    "boeuf-hache": "beef",
    "poulet": "poultry",
    "magret": "poultry",
}


def stored() -> dict[str, list[tuple[object, ...]]]:
    return {model.__name__: sorted(model.objects.values_list()) for model in TABLES}


@pytest.fixture
def edited(tmp_path) -> Callable[[str, str, str], Path]:
    """The files of the card in another folder, with one thing written differently."""
    folder = tmp_path / "card"
    shutil.copytree(loading.DATA, folder)

    def edit(name: str, before: str, after: str) -> Path:
        path = folder / name
        content = path.read_text(encoding="utf-8")
        assert before in content, f"{name} has no longer {before!r}"
        path.write_text(content.replace(before, after, 1), encoding="utf-8")
        return folder

    return edit


def test_the_card_has_at_least_20_pizzas_on_sale():
    pizzas = Product.objects.filter(category=Product.Category.PIZZA, published=True)
    assert pizzas.count() >= 20
    assert len({pizza.name for pizza in pizzas}) == pizzas.count()


def test_the_card_has_something_to_eat_and_drink_besides():
    for category in (Product.Category.SIDE, Product.Category.DESSERT, Product.Category.DRINK):
        assert Product.objects.filter(category=category, published=True).exists()


def test_every_pizza_comes_in_two_sizes_and_the_large_one_costs_more():
    small, large = Size.objects.all()
    assert small.diameter_cm < large.diameter_cm
    for pizza in Product.objects.filter(category=Product.Category.PIZZA):
        prices = {variant.size_id: variant.price_cents for variant in pizza.variants.all()}
        assert prices.keys() == {small.pk, large.pk}
        assert 0 < prices[small.pk] < prices[large.pk]


def test_a_large_pizza_is_more_work_and_a_drink_is_none():
    work = {variant.size.code: variant.work for variant in Variant.objects.exclude(size=None).select_related("size")}
    assert work["classique"] == 100
    assert work["grande"] > 100
    assert not Variant.objects.filter(product__category=Product.Category.DRINK, work__gt=0).exists()


def test_every_recipe_of_a_pizza_has_one_dough_that_cannot_be_left_out():
    pizzas = Variant.objects.filter(product__category=Product.Category.PIZZA)
    assert pizzas.exists()
    for variant in pizzas.prefetch_related("recipe__ingredient"):
        doughs = [line for line in variant.recipe.all() if line.ingredient.is_dough]
        assert [(line.quantity, line.removable) for line in doughs] == [(1, False)], str(variant)


def test_the_two_sizes_use_different_doughs():
    pairs = set(
        RecipeLine.objects.filter(ingredient__is_dough=True).values_list("variant__size__code", "ingredient__code")
    )
    assert pairs == {("classique", "paton-classique"), ("grande", "paton-grande")}


def test_everything_sold_has_a_recipe_and_the_steps_of_a_pizza_are_told():
    assert not Variant.objects.filter(recipe=None).exists()
    assert not Product.objects.filter(category=Product.Category.PIZZA, steps=[]).exists()


def test_allergens_of_every_ingredient_are_checked_and_among_the_14():
    assert len(Allergen.values) == 14
    assert not Ingredient.objects.filter(allergens_declared=False).exists()
    assert {code for codes in Ingredient.objects.values_list("allergens", flat=True) for code in codes} <= set(
        Allergen.values
    )


@pytest.mark.parametrize(
    ("code", "allergens"),
    [
        ("paton-classique", {"gluten"}),
        ("mozzarella", {"milk"}),
        ("anchois", {"fish"}),
        ("thon", {"fish"}),
        ("crevettes", {"crustaceans"}),
        ("moules", {"molluscs"}),
        ("oeuf", {"eggs"}),
        ("noix", {"nuts"}),
    ],
)
def test_what_everybody_knows_to_hold_an_allergen_declares_it(code, allergens):
    assert allergens <= set(Ingredient.objects.get(code=code).allergens)


def test_every_meat_has_its_species_and_its_origin():
    meats = Ingredient.objects.exclude(species="")
    assert dict(meats.values_list("code", "species")).items() >= MEATS.items()
    assert not meats.filter(origin="").exists()


def test_the_menu_shows_the_origin_of_every_meat_on_sale():
    shown = dict(queries.meat_origins())
    assert shown["Jambon blanc"] == "France"
    used = Ingredient.objects.exclude(species="").filter(
        pk__in=RecipeLine.objects.filter(variant__product__published=True).values("ingredient")
    )
    assert set(shown) == {ingredient.name for ingredient in used}
    assert all(shown.values())


def test_the_menu_shows_the_origin_of_a_meat_that_is_only_an_extra():
    Product.objects.filter(variants__recipe__ingredient__code="merguez").update(published=False)
    merguez = Ingredient.objects.get(code="merguez")
    assert merguez.extras.exists()
    assert (merguez.name, merguez.origin) in queries.meat_origins()
    merguez.extras.all().delete()
    assert merguez.name not in dict(queries.meat_origins())


def test_no_meat_nor_fish_is_in_what_is_called_vegetarian():
    vegetarian = RecipeLine.objects.filter(variant__product__vegetarian=True)
    assert vegetarian.exists()
    assert not vegetarian.exclude(ingredient__species="").exists()
    for allergen in (Allergen.FISH, Allergen.CRUSTACEANS, Allergen.MOLLUSCS):
        assert not vegetarian.filter(ingredient__allergens__contains=[allergen]).exists()


@pytest.mark.parametrize(
    ("vat_class", "mode", "basis_points"),
    [
        (VatClass.MEAL, ServiceMode.DELIVERY, 1000),
        (VatClass.MEAL, ServiceMode.COLLECTION, 1000),
        (VatClass.MEAL, ServiceMode.EAT_IN, 1000),
        (VatClass.CLOSED_SOFT_DRINK, ServiceMode.EAT_IN, 1000),
        (VatClass.CLOSED_SOFT_DRINK, ServiceMode.DELIVERY, 550),
        (VatClass.CLOSED_SOFT_DRINK, ServiceMode.COLLECTION, 550),
        (VatClass.HOT_DRINK, ServiceMode.COLLECTION, 1000),
        (VatClass.ALCOHOL, ServiceMode.DELIVERY, 2000),
        (VatClass.ALCOHOL, ServiceMode.COLLECTION, 2000),
        (VatClass.ALCOHOL, ServiceMode.EAT_IN, 2000),
    ],
)
def test_the_rate_of_vat_follows_the_class_and_the_service_mode(vat_class, mode, basis_points):
    assert queries.vat_basis_points(vat_class=vat_class, mode=mode, day=DAY) == basis_points


@pytest.mark.parametrize(
    ("code", "mode", "basis_points"),
    [
        ("margherita", ServiceMode.DELIVERY, 1000),
        ("margherita", ServiceMode.COLLECTION, 1000),
        ("cola-33cl", ServiceMode.EAT_IN, 1000),
        ("cola-33cl", ServiceMode.DELIVERY, 550),
        ("cola-33cl", ServiceMode.COLLECTION, 550),
        ("biere-blonde-33cl", ServiceMode.DELIVERY, 2000),
        ("biere-blonde-33cl", ServiceMode.EAT_IN, 2000),
    ],
)
def test_products_of_the_card_have_the_rate_of_the_law(code, mode, basis_points):
    vat_class = Product.objects.get(code=code).vat_class
    assert queries.vat_basis_points(vat_class=vat_class, mode=mode, day=DAY) == basis_points


def test_every_class_has_a_rate_in_every_mode():
    for vat_class in VatClass:
        for mode in ServiceMode:
            assert queries.vat_basis_points(vat_class=vat_class, mode=mode, day=DAY) in (550, 1000, 2000)


def test_a_change_of_the_law_is_a_new_row_that_counts_from_its_day():
    VatRate.objects.create(
        vat_class=VatClass.MEAL, mode=ServiceMode.DELIVERY, valid_from=dt.date(2027, 1, 1), basis_points=1200
    )

    def rate(day: dt.date) -> int:
        return queries.vat_basis_points(vat_class=VatClass.MEAL, mode=ServiceMode.DELIVERY, day=day)

    assert rate(dt.date(2026, 12, 31)) == 1000
    assert rate(dt.date(2027, 1, 1)) == 1200


def test_loading_again_changes_nothing():
    before = stored()
    assert all(before.values())
    loading.load(loading.read())
    assert stored() == before


def test_a_rate_already_known_is_never_edited(edited):
    folder = edited("vat.toml", "meal = { delivery = 1000", "meal = { delivery = 700")
    before = sorted(VatRate.objects.values_list())
    loading.load(loading.read(folder=folder))
    assert sorted(VatRate.objects.values_list()) == before


@pytest.mark.parametrize(
    "statement", ["UPDATE catalogue_vatrate SET basis_points = 0", "DELETE FROM catalogue_vatrate"]
)
def test_the_database_edits_no_rate_for_the_application(statement):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_product_that_left_the_files_is_no_longer_published_but_stays(edited):
    folder = edited("others.toml", 'code = "cookie"', 'code = "cookie-nouveau"')
    before = Product.objects.get(code="cookie")
    loading.load(loading.read(folder=folder))
    assert not Product.objects.get(pk=before.pk).published
    assert Product.objects.get(code="cookie-nouveau").published
    assert Variant.objects.filter(product=before).exists()


def test_a_changed_recipe_replaces_the_former_one(edited):
    folder = edited("pizzas.toml", "basilic = [4, 7]\n", "roquette = [10, 18]\n")
    loading.load(loading.read(folder=folder))
    recipe = RecipeLine.objects.filter(variant__product__code="margherita", variant__size__code="classique")
    assert dict(recipe.values_list("ingredient__code", "quantity")) == {
        "paton-classique": 1,
        "sauce-tomate": 80,
        "mozzarella": 110,
        "roquette": 10,
        "huile-olive": 8,
    }


def test_an_extra_that_left_the_files_is_no_longer_offered(edited):
    folder = edited("ingredients.toml", "extra = { classique = [90, 150], grande = [170, 230] }\n", "")
    loading.load(loading.read(folder=folder))
    assert not ExtraOffer.objects.filter(ingredient__code="mozzarella").exists()
    assert ExtraOffer.objects.filter(ingredient__code="emmental").count() == 2


def test_an_extra_that_left_the_files_in_one_size_is_no_longer_offered_in_it(edited):
    folder = edited(
        "ingredients.toml",
        "extra = { classique = [90, 150], grande = [170, 230] }",
        "extra = { classique = [90, 150] }",
    )
    loading.load(loading.read(folder=folder))
    offered = ExtraOffer.objects.filter(ingredient__code="mozzarella")
    assert [offer.size.code for offer in offered] == ["classique"]


@pytest.mark.parametrize(
    ("name", "before", "after", "words"),
    [
        ("ingredients.toml", 'unit = "piece"', 'unit = "tasse"', "paton-classique"),
        ("ingredients.toml", 'allergens = ["gluten"]', 'allergens = ["pollen"]', "pollen"),
        ("ingredients.toml", 'allergens = ["gluten"]\n', "", "paton-classique"),
        ("ingredients.toml", 'species = "pork"\norigin = "France"', 'species = "pork"', "origine"),
        ("ingredients.toml", "extra = { classique", "extra = { moyenne", "taille inconnue"),
        ("pizzas.toml", "prices = [990, 1490]", "prices = [990]", "margherita"),
        ("pizzas.toml", "mozzarella = [110, 205]", "licorne = [110, 205]", "licorne"),
        ("pizzas.toml", 'code = "napolitaine"', 'code = "margherita"', "deux fois"),
        ("sizes.toml", 'dough = "paton-grande"', 'dough = "brique"', "Grande"),
        ("others.toml", 'vat_class = "meal"', 'vat_class = "luxury"', "pain-ail"),
        ("others.toml", "tiramisu = 1\n", "", "tiramisu"),
        ("vat.toml", "valid_from", "valid from", "vat.toml"),
    ],
)
def test_files_that_contradict_the_rules_are_refused_whole_and_say_where(edited, name, before, after, words):
    folder, unchanged = edited(name, before, after), stored()
    with pytest.raises(loading.InvalidCard) as refusal:
        loading.read(folder=folder)
    assert any(words in problem for problem in refusal.value.problems)
    with pytest.raises(CommandError, match=words):
        call_command("load_catalogue", folder=folder)
    assert stored() == unchanged


def test_all_the_problems_of_the_files_are_told_at_once(edited):
    edited("ingredients.toml", 'unit = "piece"', 'unit = "tasse"')
    edited("pizzas.toml", "prices = [990, 1490]", "prices = [990]")
    folder = edited("others.toml", 'vat_class = "meal"', 'vat_class = "luxury"')
    with pytest.raises(loading.InvalidCard) as refusal:
        loading.read(folder=folder)
    assert len(refusal.value.problems) == 3


def test_the_command_says_what_it_loaded(capsys):
    call_command("load_catalogue")
    assert f"{Product.objects.filter(category='pizza').count()} pizzas" in capsys.readouterr().out
