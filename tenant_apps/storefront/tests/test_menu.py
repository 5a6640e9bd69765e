import random
import re

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import ask, place, proof_size, variant
from shared_apps.catalogue.models import Ingredient
from shared_apps.core.calendar import business_day
from tenant_apps.orders.services import stocktaking
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import Closure, LocalOffer, ShopSettings
from tenant_apps.stock.models import Movement


def empty_stock_of(shop, code: str) -> None:
    with schema_context(shop.schema_name):
        ingredient = Ingredient.objects.get(code=code)
        stocktaking.record(
            shop=shop, reason=Movement.Reason.COUNT, ingredient_id=ingredient.pk, quantity=0, actor_id=None,
            now=timezone.now(),
        )  # fmt: skip


def dish(page: str, name: str) -> str:
    return next(card for card in page.split('<li class="card dish') if f">{name}</a>" in card)


def test_the_menu_shows_prices_allergens_and_the_origin_of_meat(shop, visit):
    page = visit(shop).get("/").content.decode()
    assert "9,90\u00a0€" in dish(page, "Margherita")
    assert "gluten, lait" in dish(page, "Margherita")
    assert "Origine de nos viandes" in page
    assert "Livraison dans un rayon de 5,0\u00a0km" in page  # zone, fee and minimum before the first add


def test_a_product_says_the_terms_of_delivery_and_payment_before_it_is_added(shop, visit):
    """Somebody may come to it by a link, without the menu."""
    page = visit(shop).get("/carte/reine/").content.decode()
    for words in ("Livraison dans un rayon de 5,0\u00a0km", "de commande", "titre-restaurant"):
        assert words in page


def test_what_the_stock_cannot_make_is_sold_out_at_once(shop, visit):
    empty_stock_of(shop, "burrata")
    page = visit(shop).get("/").content.decode()
    assert "Épuisé aujourd’hui" in dish(page, "Burrata")
    assert "Épuisé" not in dish(page, "Margherita")


def test_a_withdrawn_product_is_not_on_the_menu_and_a_local_price_is(shop, visit):
    LocalOffer.objects.create(variant_id=variant("reine").pk, withdrawn=True)
    LocalOffer.objects.create(variant_id=variant("reine", "grande").pk, withdrawn=True)
    LocalOffer.objects.create(variant_id=variant("margherita").pk, price_cents=1050)
    page = visit(shop).get("/").content.decode()
    assert ">Reine</a>" not in page
    assert "10,50\u00a0€" in dish(page, "Margherita")


def test_the_pictures_are_one_file_that_never_changes_under_its_name(shop, visit):
    client = visit(shop)
    address = re.search(r"/images/pizzas-[0-9a-f]{16}\.svg", client.get("/").content.decode())[0]
    picture = client.get(address)
    assert picture["Content-Encoding"] == "gzip"
    assert "immutable" in picture["Cache-Control"]
    assert client.get("/images/pizzas-0123456789abcdef.svg")["Cache-Control"] == "no-cache"


def test_the_menu_asks_twelve_questions_whatever_was_sold(shop, visit, django_assert_max_num_queries):
    client = visit(shop)
    client.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    client.get("/")
    for _ in range(3):
        place(shop, ask("margherita"))
    with django_assert_max_num_queries(12):
        client.get("/")


@pytest.fixture(scope="module")
def seeded() -> random.Random:
    return random.Random(20261123)


def some_configuration(card, seeded: random.Random) -> dict[str, object]:
    """Anything that the customiser could send: sizes, halves, removals and extras that do or do not go together."""
    pizzas = [offer for offer in card.offers.values() if offer.is_pizza]
    left, right = seeded.choice(pizzas), seeded.choice(pizzas)
    parts = [part.ingredient_id for part in (*left.recipe, *right.recipe)]
    extras = list(card.extras[left.size_id])
    return {
        "variant": left.variant_id,
        "code": left.code,
        "other_half": right.code if seeded.random() < 0.5 else "",
        "removed": seeded.sample(parts, k=seeded.randint(0, 3)),
        "extras": seeded.sample(extras, k=seeded.randint(0, 4)),
        "quantity": seeded.randint(1, 3),
    }


def cents(text: str) -> int:
    return int(re.sub(r"[^\d]", "", text))


@pytest.mark.proof
def test_customiser_basket_and_order_agree_on_a_hundred_prices(shop, visit, seeded):
    """Only the server computes a price; the page that shows it, the basket and the order must be one."""
    card = shop_queries.whole_card()
    for _ in range(proof_size(100, 3000)):
        wanted = some_configuration(card, seeded)
        client = visit(shop)
        shown = client.get(f"/carte/{wanted['code']}/", wanted).content.decode()
        price = cents(re.search(r'id="price">([^<]+)<', shown)[1])
        client.post(f"/carte/{wanted['code']}/", wanted)
        basket = client.get("/panier/").content.decode()
        line = cents(re.search(r'<span class="price">([^<]+)</span>', basket)[1])
        assert line == price * wanted["quantity"]


def test_a_closed_shop_offers_its_next_opening_rather_than_an_error(shop, visit):
    Closure.objects.create(day=business_day(timezone.now()))
    client = visit(shop)
    assert "Fermé : ouvre" in client.get("/").content.decode().replace("\u00a0", " ")
    client.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    page = client.get("/commander/a-emporter/").content.decode()
    assert "Fermé en ce moment" in page
    contact = {"name": "Camille", "phone": "0612345678", "when": ""}
    assert client.post("/commander/a-emporter/", contact).status_code == 302


def test_a_shop_that_takes_no_orders_says_so_and_refuses(shop, visit):
    ShopSettings.objects.update(takes_orders=False)
    client = visit(shop)
    assert "Ne prend pas de commande" in client.get("/").content.decode()
    client.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    answer = client.post("/commander/a-emporter/", {"name": "Camille", "phone": "0612345678"})
    assert answer.status_code == 422
    assert "ne prend pas de commande" in answer.content.decode()
