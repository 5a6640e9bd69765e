import pytest
from django.utils import timezone

from conftest import open_shop, variant
from shared_apps.accounts.models import User
from shared_apps.website import queries
from tenant_apps.storefront.tests.test_menu import empty_stock_of


@pytest.fixture
def roubaix(db):
    return open_shop("roubaix", postcode="59100", city="Roubaix", latitude=50.6917, longitude=3.1746, hours=())


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def cards(page: str) -> dict[str, str]:
    parts = page.split('<li class="card shop')[1:]
    return {part.partition("<h2>")[2].partition("</h2>")[0]: part for part in parts}


def test_the_nearest_shops_come_first_with_what_they_can_do(shop, roubaix, visit):
    visitor = visit()
    assert visitor.post("/trouver/", {"address": "59100 Roubaix"})["Location"] == "/pizzerias/"
    found = cards(text_of(visitor.get("/pizzerias/")))
    assert next(iter(found)) == roubaix.name
    assert "Livre chez vous" in found[roubaix.name]
    assert "Ouvert" not in found[roubaix.name].replace("Ouvrir", "")
    assert "trop loin pour livrer" in found[shop.name]
    assert "estimation" in found[shop.name]


def test_a_position_is_as_good_as_an_address(shop, roubaix, visit):
    visitor = visit()
    visitor.post("/trouver/", {"address": "", "latitude": "50.69", "longitude": "3.17"})
    assert next(iter(cards(text_of(visitor.get("/pizzerias/"))))) == roubaix.name


@pytest.mark.parametrize(
    ("address", "words"), [("", "Indiquez une adresse"), ("Xyzzy-les-Bains", "Nous ne connaissons pas")]
)
def test_what_is_no_place_is_told_at_the_field(db, visit, address, words):
    answer = visit().post("/trouver/", {"address": address})
    assert answer.status_code == 422
    assert words in text_of(answer)


def test_the_shops_able_to_make_the_whole_basket_come_first(shop, roubaix, visit):
    visitor = visit(roubaix)
    visitor.post("/panier/ajouter/", {"variant": variant("burrata").pk})
    empty_stock_of(roubaix, "burrata")
    group = visit()
    group.cookies = visitor.cookies
    found = cards(text_of(group.get("/pizzerias/", {"adresse": "59100 Roubaix"})))
    assert "Ne peut pas faire tout votre panier" in found[roubaix.name]
    assert "Peut faire tout votre panier" in found[shop.name]
    assert list(found).index(shop.name) < list(found).index(roubaix.name)


def test_the_number_of_questions_does_not_grow_with_the_group(
    db, visit, django_assert_max_num_queries, django_assert_num_queries
):
    for number in range(queries.SHOWN):
        open_shop(f"ville-{number}")
    visitor = visit()
    address = {"adresse": "59000 Lille"}
    visitor.get("/pizzerias/", address)
    with django_assert_max_num_queries(4 * queries.SHOWN) as few:
        visitor.get("/pizzerias/", address)
    for number in range(6):
        open_shop(f"bourg-{number}")
    with django_assert_num_queries(len(few)):
        visitor.get("/pizzerias/", address)


def test_legal_pages_name_the_seller(db, visit, settings):
    for path in ("/conditions-de-vente/", "/mentions-legales/", "/confidentialite/"):
        answer = visit().get(path)
        assert answer.status_code == 200
        assert "{" not in text_of(answer).partition("<article")[2].partition("</article>")[0]
        assert "Autres versions" not in text_of(answer)
    assert settings.GROUP_SIRET in text_of(visit().get("/mentions-legales/"))


def test_the_privacy_page_says_the_periods_that_are_set(db, visit, settings):
    settings.RETENTION_ALLERGY_DAYS, settings.BACKUP_DAYS = 45, 9
    page = text_of(visit().get("/confidentialite/"))
    assert "45 jours après la fin de la commande" in page
    assert "Les sauvegardes expirent après 9 jours" in page


def test_a_version_that_is_none_is_not_there(db, visit):
    assert visit().get("/conditions-de-vente/2026-11/").status_code == 200
    assert visit().get("/conditions-de-vente/2019-01/").status_code == 404
    assert visit().get("/autre-page/2026-11/").status_code == 404


def test_the_terms_name_the_mediator_and_the_means_of_payment(db, visit, settings):
    settings.GROUP_MEDIATOR = "Médiation Franchise-Conso, 29 boulevard de Courcelles, 75008 Paris, mcp.example"
    page = text_of(visit().get("/conditions-de-vente/"))
    assert settings.GROUP_MEDIATOR in page
    assert "par carte en ligne" in page


def test_the_terms_promise_no_mediator_s_address_while_none_is_known(db, visit, settings):
    settings.GROUP_MEDIATOR = ""
    assert "celui dont la pizzeria vous donne les coordonnées" in text_of(visit().get("/conditions-de-vente/"))


def test_an_account_begins_empty_and_says_what_to_do(db, visit, make_staff):
    page = text_of(visit(None, make_staff(None)).get("/mon-compte/"))
    assert "Aucune commande" in page
    assert User.objects.exists()


def test_the_time_is_the_visitors_now(shop):
    place = queries.places.locate(text="59000 Lille")
    (near, *_others) = queries.nearest(place=place, basket=None, now=timezone.now())
    assert near.is_open


def test_an_address_that_nobody_delivers_to_is_said_before_the_list(shop, visit):
    visitor = visit()
    visitor.post("/trouver/", {"address": "75001 Paris"})
    page = text_of(visitor.get("/pizzerias/"))
    assert "Aucune de nos pizzerias ne livre à cette adresse" in page
    assert " h " in cards(page)[shop.name].partition("km · à ")[2].partition("<")[0]  # hours, not 800 minutes
