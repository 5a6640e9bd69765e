from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.catalogue import queries, recipes
from shared_apps.catalogue.models import Allergen, Product
from shared_apps.catalogue.recipes import (
    Card,
    Component,
    Composition,
    Configuration,
    Extra,
    ImpossibleConfiguration,
    NotOnTheCard,
    Offer,
)
from shared_apps.core.errors import RuleError

CLASSIC, LARGE = 1, 2
INGREDIENTS = range(1, 9)
DOUGH = 1  # of every pizza, never left out
ALLERGENS = {
    1: ("gluten",),
    2: ("milk",),
    3: (),
    4: ("milk", "sulphites"),
    5: ("fish",),
    6: (),
    7: ("eggs", "milk"),
    8: ("molluscs",),
}
PIZZAS, LARGE_PIZZA, DRINK = (10, 11, 12), 20, 30
QUANTITIES = st.decimals(min_value="0.01", max_value="500", places=2)


def component(ingredient: int, quantity: Decimal | str, *, removable: bool = True) -> Component:
    return Component(
        ingredient_id=ingredient,
        name=f"ingrédient {ingredient}",
        unit="g",
        quantity=Decimal(quantity),
        removable=removable and ingredient != DOUGH,
        allergens=ALLERGENS[ingredient],
        drawing="",
    )


def offer(variant: int, recipe: Iterable[Component], price: int = 1000, **changes: object) -> Offer:
    values: dict[str, object] = {
        "variant_id": variant,
        "product_id": variant * 100,
        "code": f"produit-{variant}",
        "name": f"Produit {variant}",
        "description": "",
        "category": Product.Category.PIZZA,
        "base": "tomate",
        "vegetarian": False,
        "size_id": CLASSIC,
        "size_name": "Classique",
        "diameter_cm": 29,
        "price_cents": price,
        "work": 100,
        "recipe": tuple(recipe),
    }
    return Offer(**(values | changes))  # type: ignore[arg-type]


def card(*offers: Offer, extras: Iterable[Extra] = ()) -> Card:
    return Card(
        {each.variant_id: each for each in offers},
        {CLASSIC: {extra.component.ingredient_id: extra for extra in extras}},
    )


@st.composite
def recipes_of_a_pizza(draw: st.DrawFn) -> tuple[Component, ...]:
    others = draw(st.sets(st.sampled_from(INGREDIENTS[1:]), min_size=1))
    return (component(DOUGH, "1"), *(component(key, draw(QUANTITIES)) for key in sorted(others)))


@st.composite
def cards(draw: st.DrawFn) -> Card:
    offers = [
        offer(variant, draw(recipes_of_a_pizza()), draw(st.integers(0, 3000)), work=draw(st.integers(0, 300)))
        for variant in PIZZAS
    ]
    offered = draw(st.sets(st.sampled_from(INGREDIENTS[1:])))
    return card(
        *offers,
        extras=[Extra(component(key, draw(QUANTITIES)), draw(st.integers(0, 400))) for key in sorted(offered)],
    )


@st.composite
def composed(draw: st.DrawFn, *, halves: bool = False) -> tuple[Card, Configuration, Composition]:
    """A card, something possible asked of it, and what comes of it."""
    drawn = draw(cards())
    left = draw(st.sampled_from(PIZZAS))
    right = draw(st.sampled_from([variant for variant in PIZZAS if variant != left])) if halves else None
    sides = [drawn.offers[key] for key in (left, right) if key is not None]
    removable = {item.ingredient_id for side in sides for item in side.recipe if item.removable}
    removed = frozenset(draw(st.sets(st.sampled_from(sorted(removable)))))
    addable = sorted(drawn.extras[CLASSIC].keys() - removed)
    extras = frozenset(draw(st.sets(st.sampled_from(addable)))) if addable else frozenset()
    configuration = Configuration(variant_id=left, other_half_id=right, removed=removed, extras=extras)
    return drawn, configuration, drawn.compose(configuration)


ANY_COMPOSITION = st.one_of(composed(), composed(halves=True))


def amount(offer: Offer, ingredient: int) -> Decimal:
    return sum((item.quantity for item in offer.recipe if item.ingredient_id == ingredient), Decimal(0))


def really_in_it(drawn: Card, configuration: Configuration) -> set[int]:
    halves = [drawn.offers[key] for key in (configuration.variant_id, configuration.other_half_id) if key is not None]
    made_of = {item.ingredient_id for half in halves for item in half.recipe}
    return (made_of - configuration.removed) | configuration.extras


@given(composed(halves=True))
def test_two_halves_take_half_of_each_recipe_and_what_both_have_adds_up(case):
    drawn, configuration, composition = case
    left, right = composition.halves
    for key in INGREDIENTS:
        expected = Decimal(0) if key in configuration.removed else (amount(left, key) + amount(right, key)) / 2
        if key in configuration.extras:
            expected += drawn.extras[CLASSIC][key].component.quantity
        assert composition.needs.get(key, 0) == expected


@given(composed())
def test_a_whole_pizza_takes_its_recipe_less_what_is_left_out_plus_what_is_added(case):
    drawn, configuration, composition = case
    (whole,) = composition.halves
    for key in INGREDIENTS:
        expected = Decimal(0) if key in configuration.removed else amount(whole, key)
        if key in configuration.extras:
            expected += drawn.extras[CLASSIC][key].component.quantity
        assert composition.needs.get(key, 0) == expected


@given(cards())
def test_half_of_one_and_half_of_the_other_are_the_same_either_way_round(drawn):
    one, other = drawn.compose(Configuration(10, 11)), drawn.compose(Configuration(11, 10))
    assert one.needs == other.needs
    assert one.price_cents == other.price_cents
    assert one.allergens == other.allergens


@given(cards())
def test_two_halves_of_one_pizza_are_that_pizza(drawn):
    assert drawn.compose(Configuration(10, 10)).needs == drawn.compose(Configuration(10)).needs
    assert drawn.compose(Configuration(10, 10)).price_cents == drawn.compose(Configuration(10)).price_cents
    assert len(drawn.compose(Configuration(10, 10)).halves) == 1


@given(ANY_COMPOSITION)
def test_the_price_is_that_of_the_dearer_half_plus_the_extras(case):
    drawn, configuration, composition = case
    extras = sum(drawn.extras[CLASSIC][key].price_cents for key in configuration.extras)
    prices = [drawn.offers[configuration.variant_id].price_cents]
    if configuration.other_half_id is not None:
        prices.append(drawn.offers[configuration.other_half_id].price_cents)
    assert composition.price_cents == max(prices) + extras


@given(ANY_COMPOSITION)
def test_the_kitchen_s_work_is_that_of_the_harder_half(case):
    _drawn, _configuration, composition = case
    assert composition.work == max(half.work for half in composition.halves)


@given(ANY_COMPOSITION)
def test_allergens_are_the_union_of_what_is_really_in_it(case):
    drawn, configuration, composition = case
    expected = set(chain.from_iterable(ALLERGENS[key] for key in really_in_it(drawn, configuration)))
    assert set(composition.allergens) == expected
    assert set(composition.needs) == really_in_it(drawn, configuration)


@given(ANY_COMPOSITION)
def test_allergens_come_once_and_in_the_order_of_the_regulation(case):
    _drawn, _configuration, composition = case
    positions = [Allergen.values.index(code) for code in composition.allergens]
    assert positions == sorted(set(positions))


@given(ANY_COMPOSITION)
def test_nothing_is_needed_in_a_quantity_of_zero_or_less(case):
    _drawn, _configuration, composition = case
    assert all(quantity > 0 for quantity in composition.needs.values())


@given(ANY_COMPOSITION)
def test_a_piece_is_a_hundred_hundredths_of_products(case):
    _drawn, _configuration, composition = case
    assert sum(composition.products.values()) == 100
    assert len(composition.products) == len(composition.halves)


def test_leaving_an_ingredient_out_leaves_its_allergens_out():
    pizza = offer(10, [component(DOUGH, "1"), component(2, "100"), component(5, "40")])
    drawn = card(pizza)
    assert drawn.compose(Configuration(10)).allergens == (Allergen.GLUTEN, Allergen.FISH, Allergen.MILK)
    without = drawn.compose(Configuration(10, removed=frozenset({5})))
    assert without.allergens == (Allergen.GLUTEN, Allergen.MILK)
    assert [item.ingredient_id for item in without.removed] == [5]


def test_leaving_an_ingredient_out_keeps_the_allergens_that_another_has_too():
    pizza = offer(10, [component(DOUGH, "1"), component(2, "100"), component(4, "40")])
    without = card(pizza).compose(Configuration(10, removed=frozenset({4})))
    assert without.allergens == (Allergen.GLUTEN, Allergen.MILK)


def test_an_extra_brings_its_allergens():
    drawn = card(offer(10, [component(DOUGH, "1")]), extras=[Extra(component(8, "60"), 250)])
    assert Allergen.MOLLUSCS not in drawn.compose(Configuration(10)).allergens
    assert Allergen.MOLLUSCS in drawn.compose(Configuration(10, extras=frozenset({8}))).allergens


def test_an_ingredient_left_out_of_two_halves_is_in_neither():
    drawn = card(
        offer(10, [component(DOUGH, "1"), component(2, "100")]),
        offer(11, [component(DOUGH, "1"), component(2, "60"), component(5, "40")]),
    )
    without = drawn.compose(Configuration(10, 11, removed=frozenset({2})))
    assert without.needs == {DOUGH: Decimal(1), 5: Decimal(20)}


def test_more_of_an_ingredient_adds_up_with_what_the_recipe_has():
    drawn = card(
        offer(10, [component(DOUGH, "1"), component(2, "100")], price=990), extras=[Extra(component(2, "90"), 150)]
    )
    more = drawn.compose(Configuration(10, extras=frozenset({2})))
    assert more.needs[2] == Decimal(190)
    assert more.price_cents == 1140


def refusable() -> Card:
    dough = component(DOUGH, "1")
    sauce = component(3, "80", removable=False)
    return card(
        offer(10, [dough, sauce, component(2, "100")]),
        offer(11, [dough, sauce, component(5, "40")]),
        offer(LARGE_PIZZA, [dough, component(2, "190")], size_id=LARGE, size_name="Grande"),
        offer(DRINK, [component(6, "1")], category=Product.Category.DRINK, size_id=None, size_name=""),
        extras=[Extra(component(8, "60"), 250)],
    )


@pytest.mark.parametrize(
    "configuration",
    [
        pytest.param(Configuration(10, LARGE_PIZZA), id="halves of two sizes"),
        pytest.param(Configuration(LARGE_PIZZA, 10), id="halves of two sizes, the other way round"),
        pytest.param(Configuration(10, DRINK), id="half a drink"),
        pytest.param(Configuration(DRINK, 10), id="a drink and half a pizza"),
        pytest.param(Configuration(10, removed=frozenset({DOUGH})), id="without its dough"),
        pytest.param(Configuration(10, removed=frozenset({3})), id="without its sauce"),
        pytest.param(Configuration(10, 11, removed=frozenset({3})), id="two halves without their sauce"),
        pytest.param(Configuration(10, removed=frozenset({5})), id="without what it has not"),
        pytest.param(Configuration(10, removed=frozenset({999})), id="without what nobody knows"),
        pytest.param(Configuration(10, extras=frozenset({7})), id="with what is not offered"),
        pytest.param(Configuration(10, extras=frozenset({8, 7})), id="with what is offered and what is not"),
        pytest.param(Configuration(LARGE_PIZZA, extras=frozenset({8})), id="with an extra of another size"),
        pytest.param(Configuration(DRINK, extras=frozenset({8})), id="a drink with mussels"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(configuration):
    with pytest.raises(ImpossibleConfiguration) as refusal:
        refusable().compose(configuration)
    assert isinstance(refusal.value, RuleError)
    assert str(refusal.value)


@pytest.mark.parametrize("configuration", [Configuration(999), Configuration(10, 999)])
def test_what_is_not_on_the_card_is_refused(configuration):
    with pytest.raises(NotOnTheCard):
        refusable().compose(configuration)


def test_a_composition_is_named_after_its_halves_and_its_size():
    drawn = refusable()
    assert drawn.compose(Configuration(10)).label == "Produit 10 · Classique"
    assert drawn.compose(Configuration(DRINK)).label == "Produit 30"
    halves = drawn.compose(Configuration(10, 11)).label
    assert "Produit 10" in halves
    assert "Produit 11" in halves
    assert halves.endswith("· Classique")


def test_composing_changes_nothing_on_the_card():
    drawn = refusable()
    drawn.compose(Configuration(10, 11, removed=frozenset({2}), extras=frozenset({8})))
    assert drawn == refusable()


def test_an_allergen_outside_the_regulation_is_never_passed_over():
    with pytest.raises(KeyError):
        recipes.allergens([replace(component(2, "1"), allergens=("pollen",))])


def test_every_pair_of_pizzas_of_the_card_makes_halves_with_a_whole_dough(db):
    drawn = queries.whole_card()
    by_size: dict[int | None, list[Offer]] = {}
    for each in drawn.offers.values():
        if each.is_pizza:
            by_size.setdefault(each.size_id, []).append(each)
    assert len(by_size) == 2
    for offers in by_size.values():
        for left, right in pairwise(offers):
            composition = drawn.compose(Configuration(left.variant_id, right.variant_id))
            assert [item.quantity for item in composition.components if item.is_dough] == [Decimal(1)]
            assert composition.price_cents == max(left.price_cents, right.price_cents)


def test_every_removable_ingredient_of_the_card_can_be_left_out_and_its_allergens_go_with_it(db):
    drawn = queries.whole_card()
    tried = 0
    for each in drawn.offers.values():
        for item in each.recipe:
            if item.removable:
                without = drawn.compose(Configuration(each.variant_id, removed=frozenset({item.ingredient_id})))
                others = [other for other in each.recipe if other.ingredient_id != item.ingredient_id]
                assert without.allergens == recipes.allergens(others)
                tried += 1
    assert tried > 100
