"""The manager replaces an ingredient, sees first what it changes, and ends it; the customer is shown it before ordering."""

import html
import re

import pytest
from django_tenants.utils import schema_context

from conftest import ask, check_invariants, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import Ingredient
from tenant_apps.orders.models import Order
from tenant_apps.stock.models import Substitution

URL = "/gestion/stock/remplacements/"


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


@pytest.fixture
def sent(shop):
    keys = dict(Ingredient.objects.filter(code__in=("basilic", "noix")).values_list("code", "pk"))
    return {
        "replaced": keys["basilic"],
        "replacement": keys["noix"],
        "ratio": "1,5",
        "reason": "Rupture",
        "until_at": "",
    }


def start(client, sent):
    return client.post(f"{URL}remplacer/", sent | {"confirmed": "1"})


def test_what_it_would_change_is_shown_and_changes_nothing(shop, manager, sent):
    place(shop, ask("margherita", 2))
    page = text_of(manager.post(f"{URL}remplacer/", sent))
    assert "Allergènes en plus : fruits à coque" in page
    assert "1 commande pas encore prise par la cuisine en contient (8 g)" in page
    assert "Margherita" in page
    with schema_context(shop.schema_name):
        assert not Substitution.objects.exists()


def test_it_begins_and_ends_with_who_and_why(shop, manager, sent):
    order = place(shop, ask("margherita"))
    assert start(manager, sent).status_code == 302
    page = text_of(manager.get(URL))
    assert f"la commande n° {order.pk} suit" in page
    assert "1,5 g pour 1 gramme" in page
    with schema_context(shop.schema_name):
        number = Substitution.objects.get().pk
    manager.post(f"{URL}{number}/finir/")
    page = text_of(manager.get(URL))
    assert "Rien n’est remplacé" in page
    assert "Alix / Alix" in page
    assert "Basilic frais" in text_of(manager.get("/gestion/reglages/historique/?acte=substitution"))
    manager.post(f"{URL}{number}/finir/")  # a second tap, another tab
    check_invariants()


def test_wrong_words_are_said_at_their_field_and_refusals_above(shop, manager, sent):
    answer = manager.post(f"{URL}remplacer/", sent | {"reason": "", "ratio": "-1"})
    assert answer.status_code == 422
    answer = start(manager, sent | {"replacement": sent["replaced"]})
    assert answer.status_code == 422
    assert "deux ingrédients différents" in text_of(answer)


@pytest.fixture
def customer(shop, visit):
    client = visit(shop)
    with schema_context(shop.schema_name):
        variant = ask("margherita").configuration.variant_id
    client.post("/panier/ajouter/", {"variant": variant})
    return client


def fields(page) -> dict[str, str]:
    found = re.findall(
        r'<input type="hidden" name="(shown|submission|fee_cents)" value="([^"]*)"', page.content.decode()
    )
    return dict(found) | {"name": "Camille", "phone": "06 12 34 56 78", "email": "camille@example.com"}


def test_every_page_of_the_customer_follows(shop, manager, customer, sent):
    start(manager, sent)
    for path in ("/", "/carte/margherita/", "/panier/", "/commander/a-emporter/"):
        page = text_of(customer.get(path))
        assert "Cerneaux de noix à la place de basilic frais" in page, path
        assert "fruits à coque" in page, path
    answer = customer.post("/commander/a-emporter/", fields(customer.get("/commander/a-emporter/")), follow=True)
    page = text_of(answer)
    assert "Basilic frais → Cerneaux de noix" in page
    assert "fruits à coque" in page


def test_what_changed_since_the_page_was_shown_is_shown_again_before_it_is_ordered(shop, manager, customer, sent):
    stale = fields(customer.get("/commander/a-emporter/"))
    start(manager, sent)
    answer = customer.post("/commander/a-emporter/", stale)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "Une recette vient de changer" in page
    assert "fruits à coque" in page
    with schema_context(shop.schema_name):
        assert not Order.objects.exists()
    assert customer.post("/commander/a-emporter/", fields(answer)).status_code == 302
    with schema_context(shop.schema_name):
        assert "nuts" in Order.objects.get().lines.get().allergens


def test_a_change_of_an_order_shows_it_too(shop, manager, visit, sent):
    client, order = visit(shop), place(shop, ask("margherita"))
    client.post(f"/commande/{order.reference}/modifier/")
    stale = fields(client.get("/panier/"))["shown"]
    start(manager, sent)
    assert client.post("/panier/enregistrer/", {"shown": stale}).status_code == 409
    page = client.get("/panier/")
    assert "fruits à coque" in text_of(page)
    assert client.post("/panier/enregistrer/", {"shown": fields(page)["shown"]}).status_code == 302
    check_invariants()


def test_kitchen_counter_and_label_follow(shop, manager, make_staff, visit, sent):
    order = place(shop, ask("margherita"))
    start(manager, sent)
    cook = visit(shop, make_staff(Role.COOK, shop))
    board = text_of(cook.get("/cuisine/"))
    assert "Basilic frais → Cerneaux de noix" in board
    assert "MODIFIÉ" in board.upper()
    with schema_context(shop.schema_name):
        line = order.lines.get().pk
    recipe = text_of(cook.get(f"/cuisine/recettes/{line}/"))
    assert "Cerneaux de noix 6 g" in recipe
    assert "Basilic frais 4 g" not in recipe
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    page = text_of(counter.get(f"/comptoir/{order.pk}/"))
    assert "fruits à coque" in page
    assert "Recette remplacée" in page


def test_the_counter_may_name_either_ingredient(shop, manager, make_staff, visit, sent):
    start(manager, sent)
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    draft = counter.post("/comptoir/prise/")["Location"]
    for said in ("margherita -basilic", "margherita -cerneaux"):
        page = text_of(counter.post(f"{draft}lignes/", {"line": said}, follow=True))
        assert "sans cerneaux de noix" in page, page
