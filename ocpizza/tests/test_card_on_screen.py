"""Head office writes on the card in one browser while a customer looks at it, and orders from it, in another."""

import re

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from conftest import DESK, PHONE, check_invariants
from ocpizza.tests.browsing import open_page, sign_in
from ocpizza.tests.conftest import Site
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import Product, Variant
from tenant_apps.orders.models import Order
from tenants.hosts import Shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NAME, CODE = "Ardennaise d’essai", "ardennaise-dessai"


@pytest.fixture
def clean_card(django_db_setup, django_db_blocker):
    """Asked for before the shop, so that it is taken away after it: the shop's orders refer to the product."""
    yield
    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        for variant in Variant.objects.filter(product__code=CODE):
            variant.recipe.all().delete()
            variant.delete()
        Product.objects.filter(code=CODE).delete()
        connection.close()


def set_price(page: Page, euros: str) -> None:
    page.get_by_label("Prix, Classique").fill(euros)
    page.get_by_role("button", name="Enregistrer ce produit").click()
    page.get_by_text("Enregistré.").wait_for()


def test_a_new_pizza_is_ordered_at_the_price_that_was_seen(browser, site: Site, clean_card, own_shop: Shop, team):
    office, customer = open_page(browser, DESK), open_page(browser, PHONE)
    customer.goto(site.url(own_shop))
    sign_in(office, site, None, team[Role.HEAD_OFFICE])
    office.goto(site.url(path="/siege/carte/"))
    office.get_by_role("link", name="Nouvelle pizza").click()
    office.get_by_label("Nom", exact=True).fill(NAME)
    office.get_by_label("Prix, Classique").fill("11")
    office.get_by_label("Prix, Grande").fill("16")
    office.get_by_label("Étapes").fill("Étaler le pâton.\nCuire 4 minutes.")
    office.get_by_label("Ingrédient, ligne 3").select_option(label="Cerneaux de noix (gramme)")
    office.get_by_label("Classique, ligne 3").fill("30")
    office.get_by_label("Grande, ligne 3").fill("50")
    office.get_by_role("button", name="Ajouter des lignes").click()
    expect(office.locator(".allergens dt")).to_have_text(["Gluten", "Fruits à coque"])
    office.get_by_label("En vente dans toutes").check()
    set_price(office, "11,50")
    customer.reload()
    dish = customer.locator("li.dish", has_text=NAME)
    expect(dish).to_contain_text("11,50")
    expect(dish).to_contain_text("gluten, fruits à coque")
    dish.get_by_role("button", name="Ajouter").click()
    customer.get_by_role("link", name=re.compile("Voir le panier.*1 article")).click()
    customer.get_by_role("link", name="Retirer à la pizzeria").click()
    customer.get_by_label("Nom", exact=True).fill("Camille Martin")
    customer.get_by_label("Téléphone").fill("06 12 34 56 78")
    customer.get_by_label("E-mail").fill("camille@example.com")
    set_price(office, "13")
    order = customer.get_by_role("button", name="Commander avec obligation de paiement")
    order.click()
    expect(customer.get_by_text("Un prix vient de changer").first).to_be_visible()
    expect(order).to_contain_text("13,00")
    assert not Order.objects.exists()
    order.click()
    customer.get_by_text("Votre commande est enregistrée").or_(
        customer.get_by_role("heading", level=1)
    ).first.wait_for()
    customer.wait_for_url("**/commande/**")
    assert Order.objects.get().total_cents == 1300
    check_invariants()
