import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from django_tenants.utils import schema_context

from conftest import COOK, ask, place, variant
from shared_apps.accounts.models import Role
from shared_apps.legal.tests import written as legal
from shared_apps.messages.models import Message
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import tasks
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen
from tenant_apps.orders.tests.test_discounting import code
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import StockLevel
from tenant_apps.storefront.tests.test_menu import empty_stock_of

CONTACT = {"name": "Camille Martin", "phone": "06 12 34 56 78", "email": "camille@example.com"}
LILLE = {"street": "3 rue Nationale", "postcode": "59000", "city": "Lille"}
COLLECTION, DELIVERY = "/commander/a-emporter/", "/commander/livraison/"


@pytest.fixture
def client(shop, visit):
    """A visitor with two margheritas in the basket."""
    visitor = visit(shop)
    for _ in range(2):
        visitor.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    return visitor


def orders(shop):
    with schema_context(shop.schema_name):
        return list(Order.objects.all())


def test_a_guest_orders_and_lands_on_the_tracking_page(shop, client):
    answer = client.post(COLLECTION, CONTACT)
    (order,) = orders(shop)
    assert answer["Location"] == f"/commande/{order.reference}/"
    assert (order.total_cents, order.contact_phone) == (1980, "+33612345678")
    assert "Votre panier est vide" in client.get("/panier/").content.decode()


def test_the_terms_are_accepted_where_an_order_is_placed_and_only_there(shop, client):
    page = client.get(COLLECTION).content.decode()
    assert "vous acceptez nos" in page
    client.post(COLLECTION, CONTACT)
    (order,) = orders(shop)
    assert order.terms_version == "2026-11"


def test_sent_twice_it_is_one_order(shop, client):
    page = client.get(COLLECTION).content.decode()
    submission = page.partition('name="submission" value="')[2][:36]
    first = client.post(COLLECTION, {**CONTACT, "submission": submission})
    again = client.post(COLLECTION, {**CONTACT, "submission": submission})
    assert len(orders(shop)) == 1
    assert first["Location"] == again["Location"]


def test_a_mistake_is_told_at_its_field_and_what_was_typed_is_kept(shop, client):
    answer = client.post(COLLECTION, {**CONTACT, "phone": "12"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Erreur" in page.replace("\n", "")
    assert 'value="Camille Martin"' in page
    assert 'aria-invalid="true"' in page
    assert orders(shop) == []


def test_a_delivery_has_its_fee_and_its_address(shop, client):
    client.post(DELIVERY, CONTACT | LILLE)
    (order,) = orders(shop)
    assert (order.delivery_fee_cents, order.total_cents, order.city) == (290, 2270, "Lille")


def test_out_of_zone_leads_to_the_shops_that_deliver_there_with_the_basket(shop, client):
    answer = client.post(DELIVERY, CONTACT | {"street": "1 rue de la République", "postcode": "69001", "city": "Lyon"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "ne livre pas à cette adresse" in page
    assert "/pizzerias/?adresse=1%20rue" in page
    assert "2 ×" in page


def test_an_unknown_place_is_told_in_words(shop, client):
    answer = client.post(DELIVERY, CONTACT | {"street": "1 rue", "postcode": "00000", "city": "Nulle-Part"})
    assert "Nous ne connaissons pas" in answer.content.decode()


def test_sold_out_between_basket_and_button_is_refused_and_nothing_is_lost(shop, client):
    client.get(COLLECTION)
    empty_stock_of(shop, "basilic")
    answer = client.post(COLLECTION, CONTACT)
    assert answer.status_code == 422
    assert "Il n’en reste pas assez" in answer.content.decode()
    assert "Margherita" in client.get("/panier/").content.decode()
    assert orders(shop) == []


def test_a_place_given_on_the_home_page_needs_not_be_typed_again(shop, visit, client):
    home = visit()
    home.cookies = client.cookies
    home.post("/trouver/", {"address": "10 rue Nationale, 59000 Lille"})
    client.cookies = home.cookies
    page = client.get(DELIVERY).content.decode()
    assert 'value="10 rue Nationale"' in page
    assert 'value="59000"' in page


def test_somebody_signed_in_finds_the_order_in_their_account(shop, visit, make_staff):
    user = make_staff(None)
    visitor = visit(shop, user)
    visitor.post("/panier/ajouter/", {"variant": variant("reine").pk})
    visitor.post(COLLECTION, CONTACT)
    account = visit(None, user).get("/mon-compte/").content.decode()
    assert shop.name in account
    assert "11,90\u00a0€" in account


def test_an_order_is_had_again(shop, visit, make_staff):
    order = place(shop, ask("reine", 2))
    visitor = visit(shop)
    assert visitor.post(f"/commande/{order.reference}/recommencer/")["Location"] == "/panier/"
    assert "23,80\u00a0€" in visitor.get("/panier/").content.decode()


def test_changing_an_order_leaves_the_visitors_own_basket_as_it_was(shop, client):
    order = place(shop, ask("reine"))
    client.post(f"/commande/{order.reference}/modifier/")
    assert "Modifier la commande" in client.get("/panier/").content.decode()
    client.post("/panier/ajouter/", {"variant": variant("orientale").pk})
    client.post("/panier/enregistrer/")
    with schema_context(shop.schema_name):
        order.refresh_from_db()
        assert sorted(order.lines.values_list("label", flat=True)) == ["Orientale · Classique", "Reine · Classique"]
    assert "19,80\u00a0€" in client.get("/panier/").content.decode()


def test_a_change_that_costs_more_is_ordered_with_an_obligation_to_pay_and_says_its_total(shop, visit):
    """The code of the order still takes its part off."""
    code(shop)
    order = place(shop, ask("reine", 2), voucher_code="BIENVENUE")
    assert order.total_cents == 2142
    client = visit(shop)
    client.post(f"/commande/{order.reference}/modifier/")
    page = client.get("/panier/").content.decode()
    assert "Enregistrer la modification · 21,42\u00a0€" in page
    client.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    page = client.get("/panier/").content.decode()
    assert "Commander avec obligation de paiement · 30,33\u00a0€" in page
    client.post("/panier/enregistrer/")
    (changed,) = orders(shop)
    assert changed.total_cents == 3033


def test_what_the_kitchen_took_can_no_longer_be_changed_or_cancelled(shop, client):
    order = place(shop, ask("reine"))
    client.post(f"/commande/{order.reference}/modifier/")
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    answer = client.post("/panier/enregistrer/")
    assert answer.status_code == 409
    assert "La cuisine a commencé" in answer.content.decode()
    assert client.post(f"/commande/{order.reference}/annuler/").status_code == 409


def test_the_order_of_a_change_may_use_what_it_already_holds(shop, client):
    """The last burrata is held by this very order: changing something else of it must stay possible."""
    empty_stock_of(shop, "burrata")
    with schema_context(shop.schema_name):
        StockLevel.objects.filter(ingredient__code="burrata").update(on_hand=1)
    order = place(shop, ask("burrata"))
    client.post(f"/commande/{order.reference}/modifier/")
    assert "Il n’en reste pas assez" not in client.get("/panier/").content.decode()
    client.post("/panier/ajouter/", {"variant": variant("cola-33cl", None).pk})
    assert client.post("/panier/enregistrer/").status_code == 302


def test_the_customer_is_written_to_once_with_what_the_law_asks(shop, settings):
    settings.GROUP_MEDIATOR = "Médiation Franchise-Conso, mcp.example"
    order = place(shop, ask("margherita"))
    assert OrmQ.objects.count() >= 1  # the task waits in the same database, in the same transaction
    for _ in range(2):  # delivered twice
        tasks.tell_customer(shop.id, order.pk, Message.Kind.CONFIRMATION, order.version)
    (letter,) = mail.outbox
    text = letter.body.replace("\u00a0", " ")
    for words in (
        "n° ",
        "Margherita",
        "9,90 €",
        "gluten",
        "SIRET",
        "rétractation",
        "médiateur",
        settings.GROUP_MEDIATOR,
        f"/commande/{order.reference}/",
        "/conditions-de-vente/2026-11/",
    ):
        assert words in text
    assert settings.GROUP_MEDIATOR in letter.alternatives[0].content
    assert "/conditions-de-vente/2026-11/" in str(letter.alternatives[0].content)


def shown_terms(page) -> str:
    return page.text.partition('name="terms" value="')[2].partition('"')[0]


def test_an_order_keeps_the_terms_that_were_accepted_and_leads_to_their_text(shop, client, visit, make_staff):
    author = make_staff(Role.HEAD_OFFICE)
    page = client.get(COLLECTION)
    former = shown_terms(page)
    assert f"/conditions-de-vente/{former}/" in page.text  # what is accepted is what the link shows
    new = legal.publish(author, added="Un mot de plus.")
    refused = client.post(COLLECTION, CONTACT | {"terms": former})
    assert (refused.status_code, orders(shop)) == (422, [])
    assert "Les conditions de vente viennent de changer" in refused.text
    assert shown_terms(refused) == new.name
    client.post(COLLECTION, CONTACT | {"terms": new.name})
    (order,) = orders(shop)
    assert order.terms_version == new.name
    legal.publish(author, added="Et encore un.")
    tracking = client.get(f"/commande/{order.reference}/").text
    assert f"/conditions-de-vente/{new.name}/" in tracking
    accepted = visit().get(f"/conditions-de-vente/{order.terms_version}/").text
    assert "Un mot de plus." in accepted
    assert "Et encore un." not in accepted


def test_terms_that_are_none_are_not_accepted(shop, client):
    assert client.post(COLLECTION, CONTACT | {"terms": "2019-01"}).status_code == 422
    assert orders(shop) == []


def test_head_office_knows_the_order_and_nothing_of_the_customer(shop, client):
    client.post(COLLECTION, CONTACT)
    row = OrderSummary.objects.values().get(pizzeria_id=shop.id)
    assert "Camille" not in str(row)
    assert "612345678" not in str(row)


def test_a_staff_member_of_the_shop_is_no_customer_by_that(shop, visit, make_staff):
    assert visit(shop, make_staff(Role.COOK, shop)).get("/").status_code == 200


def test_a_fee_that_the_address_changes_is_shown_before_it_is_owed(shop, client):
    with schema_context(shop.schema_name):
        ShopSettings.objects.update(delivery_bands=[[5000, 450, 1000]])
    shown = client.get(DELIVERY).content.decode().partition('name="fee_cents" value="')[2].partition('"')[0]
    answer = client.post(DELIVERY, CONTACT | LILLE | {"fee_cents": shown})
    assert (shown, answer.status_code, orders(shop)) == ("290", 422, [])
    assert 'name="fee_cents" value="450"' in answer.content.decode()
    client.post(DELIVERY, CONTACT | LILLE | {"fee_cents": "450"})
    assert [order.delivery_fee_cents for order in orders(shop)] == [450]


def test_an_order_emptied_while_it_is_changed_can_be_left_or_cancelled(shop, client):
    order = place(shop, ask("reine"))
    client.post(f"/commande/{order.reference}/modifier/")
    line = re.search(r"/panier/lignes/\d+/", client.get("/panier/").content.decode())[0]
    client.post(line, {"quantity": "0"})
    page = client.get("/panier/").content.decode()
    assert "/panier/abandonner/" in page
    client.post(f"/commande/{order.reference}/annuler/")
    assert "19,80\u00a0€" in client.get("/panier/").content.decode()  # the visitor's own basket is back


def test_a_change_that_came_too_late_leads_back_to_the_order(shop, client):
    order = place(shop, ask("reine"))
    client.post(f"/commande/{order.reference}/modifier/")
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    page = client.get("/panier/").content.decode()
    assert "ne peut plus être modifiée" in page
    assert "/panier/enregistrer/" not in page
    assert client.post("/panier/abandonner/")["Location"] == f"/commande/{order.reference}/"


def test_the_page_of_an_order_says_what_is_to_be_paid_and_where(shop, client):
    client.post(COLLECTION, CONTACT)
    page = client.get(f"/commande/{orders(shop)[0].reference}/").content.decode()
    assert "19,80\u00a0€ à payer à la pizzeria" in page


def test_what_is_missing_is_said_by_its_name(shop, client):
    page = client.post(DELIVERY, {"email": "camille@"}).content.decode()
    wanted = ("un nom", "un numéro de téléphone", "le numéro et la rue", "le code postal", "la commune")
    for words in (*wanted, "une adresse e-mail complète"):
        assert f"Indiquez {words}" in page


def test_the_phone_of_an_account_is_offered_as_one_writes_it(shop, visit, make_staff):
    user = make_staff(None)
    user.phone = "+33612345678"
    user.save()
    visitor = visit(shop, user)
    visitor.post("/panier/ajouter/", {"variant": variant("reine").pk})
    assert 'value="06\u00a012\u00a034\u00a056\u00a078"' in visitor.get(COLLECTION).content.decode()


def test_a_page_left_open_while_signing_in_elsewhere_says_so_in_words(shop):
    visitor = Client(HTTP_HOST=f"{shop.slug}.{settings.BASE_DOMAIN}", enforce_csrf_checks=True)
    answer = visitor.post("/panier/ajouter/", {"variant": "1"})
    assert answer.status_code == 403
    assert "Cette page n’est plus à jour" in answer.content.decode()
