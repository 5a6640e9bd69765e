"""A customer's own account: what they change, have copied and erased, by its pages."""

import json
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import PASSWORD, ask, place
from shared_apps.accounts.models import Role, User
from shared_apps.customers import services as customers
from shared_apps.customers.models import Address, Customer
from shared_apps.privacy import tasks
from shared_apps.privacy.models import Erasure, Export
from shared_apps.privacy.services import exporting
from shared_apps.privacy.tests.test_erasing import EMAIL, HOME, NAME, STREET, WISHES, at_once, customer, sold  # noqa: F401
from tenant_apps.orders.models import Order

PAGE = "/mon-compte/"


@pytest.fixture(autouse=True)
def no_attempts_yet(db) -> None:
    with schema_context("public"):
        cache.clear()


@pytest.fixture
def own(shop, customer, visit):  # noqa: F811
    return visit(None, customer.user)


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def again(customer: Customer) -> Customer:  # noqa: F811
    with schema_context("public"):
        return Customer.objects.select_related("user").get(pk=customer.pk)


def test_name_phone_and_wishes_are_changed(own, customer):  # noqa: F811
    answer = own.post(f"{PAGE}coordonnees/", {"name": "Zoé", "phone": "06 11 22 33 44"})
    assert answer["Location"] == PAGE
    found = again(customer)
    assert (found.user.name, found.user.phone, found.wants_steps) == ("Zoé", "+33611223344", False)
    wrong = own.post(f"{PAGE}coordonnees/", {"name": "", "phone": "12"})
    assert wrong.status_code == 422
    assert again(customer).user.name == "Zoé"


def test_an_address_is_removed_by_its_own_customer_only(own, customer, make_staff, visit):  # noqa: F811
    with schema_context("public"):
        address = Address.objects.get(customer=customer)
    assert visit(None, make_staff(None)).post(f"{PAGE}adresses/{address.pk}/retirer/").status_code == 404
    assert STREET in text_of(own.get(PAGE))
    own.post(f"{PAGE}adresses/{address.pk}/retirer/")
    assert STREET not in text_of(own.get(PAGE))


def test_allergies_are_kept_with_consent_and_removed_at_will(own, customer):  # noqa: F811
    refused = own.post(f"{PAGE}allergies/", {"allergens": ["milk", "nuts"]})
    assert refused.status_code == 422
    assert "Cochez votre accord" in text_of(refused)
    own.post(f"{PAGE}allergies/", {"allergens": ["milk", "nuts"], "agreed": "on"})
    assert again(customer).allergens == ["milk", "nuts"]
    assert "Gardées avec votre accord" in text_of(own.get(PAGE))
    own.post(f"{PAGE}allergies/", {})
    found = again(customer)
    assert (found.allergens, found.allergens_agreed_at) == ([], None)


def test_the_card_warns_whoever_is_allergic(shop, own, customer, visit):  # noqa: F811
    own.post(f"{PAGE}allergies/", {"allergens": ["milk"], "agreed": "on"})
    mine, others = visit(shop, customer.user), visit(shop)
    assert "Contient : lait" in text_of(mine.get("/"))
    assert "Vous êtes allergique à : lait" in text_of(mine.get("/carte/reine/"))
    assert "Contient" not in text_of(others.get("/"))
    assert "Vous êtes allergique" not in text_of(others.get("/carte/reine/"))


def test_the_kitchen_is_told_only_when_the_customer_chooses_so(shop, own, customer, visit):  # noqa: F811
    own.post(f"{PAGE}allergies/", {"allergens": ["peanuts"], "agreed": "on"})
    visitor = visit(shop, customer.user)
    for told, note in ((False, ""), (True, "arachides")):
        with schema_context(shop.schema_name):
            variant = ask("reine").configuration.variant_id
        visitor.post("/panier/ajouter/", {"variant": variant})
        page = text_of(visitor.get("/commander/a-emporter/"))
        assert "Dire mes allergies à la cuisine : arachides" in page
        assert 'name="tell_allergens" id="id_tell_allergens">' in page  # not ticked
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        data = hidden | {"name": NAME, "phone": "0698765432", "email": EMAIL, "payment": "receipt", "when": ""}
        payment = re.search(r'name="payment" value="(\w+)"', page)[1]
        answer = visitor.post(
            "/commander/a-emporter/", data | {"payment": payment} | ({"tell_allergens": "on"} if told else {})
        )
        assert answer.status_code == 302, text_of(answer)
        with schema_context(shop.schema_name):
            assert Order.objects.latest("pk").allergy_note == note


def test_the_history_goes_beyond_its_first_page(shop, own, customer, django_assert_max_num_queries):  # noqa: F811
    orders = [place(shop, customer_id=customer.pk) for _index in range(8)]
    with django_assert_max_num_queries(14):
        first = text_of(own.get(PAGE))
    second = text_of(own.get(f"{PAGE}?page=2"))
    assert orders[-1].reference in first
    assert orders[0].reference not in first
    assert orders[0].reference in second
    assert "Page 2 sur 2" in second


def test_a_copy_is_prepared_by_a_task_and_downloaded(shop, neighbour, own, customer, monkeypatch):  # noqa: F811
    for here in (shop, neighbour):
        sold(here, customer)
    asked = []
    monkeypatch.setattr(exporting, "async_task", lambda path, *arguments: asked.append(arguments))
    with schema_context("public"):
        Export.objects.all().delete()
    mail.outbox.clear()
    assert own.get(f"{PAGE}donnees/fichier/").status_code == 404
    for _twice in range(2):
        assert own.post(f"{PAGE}donnees/copie/")["Location"] == f"{PAGE}donnees/"
    assert len(asked) == 1
    assert "Elle se prépare" in text_of(own.get(f"{PAGE}donnees/"))
    assert own.get(f"{PAGE}donnees/fichier/").status_code == 404
    with schema_context("public"):
        for _twice in range(2):
            tasks.export(*asked[0])
    assert [letter.to for letter in mail.outbox] == [[EMAIL]]
    assert "/mon-compte/donnees/" in mail.outbox[0].body
    answer = own.get(f"{PAGE}donnees/fichier/")
    assert "attachment" in answer["Content-Disposition"]
    copy = json.loads(answer.content)
    assert list(copy)[:4] == ["format", "made_at", "documentation", "identity"]
    assert copy["identity"]["email"] == EMAIL
    assert copy["addresses"][0]["street"] == STREET
    assert copy["allergies"]["allergens"] == ["peanuts"]
    assert {order["pizzeria"] for order in copy["orders"]} == {shop.name, neighbour.name}
    order = copy["orders"][0]
    assert order["lines"][0]["label"].startswith("Reine")
    assert sum(paid["amount_cents"] for paid in order["payments"]) == order["total_cents"]
    assert set(copy) - {"format", "made_at", "documentation"} <= set(copy["documentation"])


def test_nobody_downloads_the_copy_of_somebody_else(own, make_staff, visit):
    stranger = visit(None, make_staff(None))
    assert own.get(f"{PAGE}donnees/fichier/").status_code == 200
    assert stranger.get(f"{PAGE}donnees/fichier/").status_code == 404


def test_erasing_asks_for_the_password_and_closes_at_once(shop, own, customer):  # noqa: F811
    page = text_of(own.get(f"{PAGE}effacer/"))
    assert "Vous recevez un dernier e-mail" in page
    wrong = own.post(f"{PAGE}effacer/", {"password": "pas-celui-ci"})
    assert wrong.status_code == 422
    assert "pas votre mot de passe" in text_of(wrong)
    with schema_context("public"):
        assert not Erasure.objects.exists()
    answer = own.post(f"{PAGE}effacer/", {"password": PASSWORD})
    assert answer["Location"] == "/compte-efface/"
    assert own.get(PAGE)["Location"].startswith("/compte/connexion/")
    assert "Votre compte est fermé" in text_of(own.get("/compte-efface/"))


def test_passwords_are_not_guessed_there(own):
    answers = [own.post(f"{PAGE}effacer/", {"password": f"essai-{index}"}) for index in range(11)]
    assert "Trop d’essais" in text_of(answers[-1])
    assert own.post(f"{PAGE}effacer/", {"password": PASSWORD}).status_code == 422
    with schema_context("public"):
        assert not Erasure.objects.exists()


def test_an_order_under_way_and_the_team_are_refused_in_words(shop, own, customer, make_staff, visit):  # noqa: F811
    order = place(shop, ask("reine", 2), contact=HOME, wishes=WISHES, customer_id=customer.pk)
    page = own.get(f"{PAGE}effacer/")
    assert f"n° {order.number} chez {shop.name} est en cours" in text_of(page)
    assert "password" not in page.content.decode()
    assert own.post(f"{PAGE}effacer/", {"password": PASSWORD}).status_code == 422
    cook = visit(None, make_staff(Role.COOK, shop))
    assert "demandez d’abord à votre responsable" in text_of(cook.get(f"{PAGE}effacer/"))
    assert cook.post(f"{PAGE}effacer/", {"password": PASSWORD}).status_code == 422


def test_a_closed_account_changes_nothing_any_more(shop, customer):  # noqa: F811
    with schema_context("public"):
        Customer.objects.filter(pk=customer.pk).update(closed_at=timezone.now())
        user = User.objects.get(pk=customer.user_id)
        for act in (
            lambda: customers.change_details(user=user, name="x", phone="+33611223344", wants_steps=True),
            lambda: customers.keep_allergens(user=user, allergens=["milk"], agreed=True, now=timezone.now()),
            lambda: exporting.ask(user=user, now=timezone.now()),
            lambda: customers.remember_address(
                customer=customer, street="1 rue", postcode="59000", city="Lille", details="", latitude=1, longitude=1
            ),
        ):
            with pytest.raises(customers.AccountClosed):
                act()
