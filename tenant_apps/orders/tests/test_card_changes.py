"""Head office writes on the card while people order: what they saw is what they pay, what is placed stays as it is."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import CUSTOMER, ask, place, variant
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import Ingredient
from shared_apps.catalogue.services.products import Line
from shared_apps.catalogue.tests.written import (
    dearer,
    ingredient_values,
    product_values,
    without,
    write,
    write_ingredient,
)
from tenant_apps.orders import quoting
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.orders.queries import composition_of
from tenant_apps.orders.quoting import PricesChanged
from tenant_apps.orders.services import changing
from tenant_apps.shop import configuration
from tenant_apps.stock.services.stand_ins import RecipesChanged


@pytest.fixture
def head_office(make_staff):
    return make_staff(Role.HEAD_OFFICE)


def on_the_card(act, *args):
    with schema_context("public"):
        return act(*args)


def test_a_price_that_changed_since_it_was_shown_is_not_charged(shop, head_office):
    shown = quoting.quote(lines=[ask("reine")]).shown
    on_the_card(lambda: write("reine", dearer("reine"), head_office))
    with pytest.raises(PricesChanged):
        place(shop, ask("reine"), shown=shown)
    assert not Order.objects.exists()
    assert place(shop, ask("reine"), shown=quoting.quote(lines=[ask("reine")]).shown)


def test_a_price_of_the_manager_that_changed_since_it_was_shown_is_not_charged(shop):
    shown = quoting.quote(lines=[ask("reine")]).shown
    configuration.set_offers(shop=shop, offers={variant("reine").pk: (990, False)}, user_id=None)
    with pytest.raises(PricesChanged):
        place(shop, ask("reine"), shown=shown)


def test_an_allergen_that_head_office_added_since_is_shown_before_it_is_ordered(shop, head_office):
    shown = quoting.quote(lines=[ask("reine")]).shown
    mushrooms = ingredient_values("champignons", allergens=("sulphites",))
    on_the_card(lambda: write_ingredient("champignons", mushrooms, head_office))
    with pytest.raises(RecipesChanged):
        place(shop, ask("reine"), shown=shown)


def test_an_order_that_is_changed_is_charged_as_it_was_shown_too(shop, head_office):
    order, shown = place(shop, ask("reine")), quoting.quote(lines=[ask("margherita")]).shown
    on_the_card(lambda: write("margherita", dearer("margherita"), head_office))
    with pytest.raises(PricesChanged):
        changing.change(
            shop=shop, order_id=order.pk, lines=[ask("margherita")], by=CUSTOMER, now=timezone.now(), shown=shown
        )


def test_a_placed_order_keeps_its_words_and_its_prices(shop, head_office):
    order = place(shop, ask("reine"))
    before = OrderLine.objects.filter(order=order).values().get()
    on_the_card(lambda: write("reine", product_values("reine", name="Royale", published=False), head_office))
    on_the_card(lambda: write("reine", dearer("reine"), head_office))
    assert OrderLine.objects.filter(order=order).values().get() == before
    order.refresh_from_db()
    assert order.total_cents == before["unit_price_cents"]


def test_the_recipe_of_a_placed_order_opens_after_what_it_left_out_has_left_the_recipe(shop, head_office):
    keys = {code: Ingredient.objects.get(code=code).pk for code in ("champignons", "mozzarella")}
    asked = ask("reine", removed=frozenset({keys["champignons"]}), extras=frozenset({keys["mozzarella"]}))
    line = place(shop, asked).lines.get()
    on_the_card(lambda: write("reine", without(product_values("reine"), "champignons"), head_office))
    on_the_card(lambda: write_ingredient("mozzarella", ingredient_values("mozzarella", extras={}), head_office))
    composition = composition_of(line)
    assert "Champignons de Paris" not in [part.name for part in composition.components]
    assert (line.without_names, line.extra_names) == (["Champignons de Paris"], ["Mozzarella"])


def test_the_kitchen_is_told_of_an_allergen_that_came_into_the_recipe_after_the_order(
    shop, head_office, visit, make_staff
):
    line = place(shop, ask("reine")).lines.get()
    kitchen, warning = visit(shop, make_staff(Role.COOK, shop)), "Cette recette a changé depuis la commande"
    address = f"/cuisine/recettes/{line.pk}/"
    assert warning not in kitchen.get(address).text
    walnuts = Line(
        Ingredient.objects.get(code="noix").pk, dict.fromkeys(product_values("reine").prices, Decimal(20)), True
    )
    values = product_values("reine")
    on_the_card(lambda: write("reine", replace(values, recipe=(*values.recipe, walnuts)), head_office))
    assert f"{warning}\u00a0: fruits à coque" in kitchen.get(address).text
