"""Paying online as a customer does it, up to Stripe's page and back."""

import re

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, variant
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import StockLevel
from tenant_apps.storefront.tests.test_checkout import COLLECTION, CONTACT, DELIVERY, LILLE

ONLINE = {"payment": "online"}


@pytest.fixture
def client(shop, visit, stand_in):
    visitor = visit(shop)
    for _ in range(2):
        visitor.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    return visitor


def order_of(shop) -> Order:
    with schema_context(shop.schema_name):
        return Order.objects.get()


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode().replace("\u00a0", " "))


def test_the_order_button_leads_to_stripes_page_and_back_to_an_accepted_order(shop, client, stand_in):
    page = client.post(COLLECTION, CONTACT | ONLINE)["Location"]
    assert page.startswith(stand_in.url)
    back = stand_in.pay(page, card="challenged").headers["Location"]
    order = order_of(shop)
    assert back.endswith(f"/commande/{order.reference}/paye/")
    assert client.get(f"/commande/{order.reference}/paye/")["Location"] == f"/commande/{order.reference}/"
    shown = text_of(client.get(f"/commande/{order.reference}/"))
    assert "19,80 € sont réservés sur votre carte" in shown
    assert order_of(shop).state == "accepted"


def test_an_order_that_waits_says_so_and_offers_what_can_be_done(shop, client):
    client.post(COLLECTION, CONTACT | ONLINE)
    order = order_of(shop)
    shown = text_of(client.get(f"/commande/{order.reference}/"))
    assert "Votre commande attend son paiement de 19,80 €" in shown
    assert "Payer 19,80 € en ligne" in shown
    assert "Payer au retrait" in shown
    assert "Modifier ma commande" not in shown


def test_it_is_not_on_the_kitchens_board(shop, client):
    client.post(COLLECTION, CONTACT | ONLINE)
    with schema_context(shop.schema_name):
        from tenant_apps.orders import queries

        assert queries.board(ShopSettings.objects.get(), timezone.now()) == []
        assert queries.later(timezone.now()) == 0


def test_sent_twice_or_sent_again_after_back_it_is_one_order_and_one_page(shop, client, stand_in):
    form = client.get(COLLECTION).content.decode()
    submission = form.partition('name="submission" value="')[2][:36]
    sent = CONTACT | ONLINE | {"submission": submission}
    first, again = client.post(COLLECTION, sent), client.post(COLLECTION, sent)
    assert first["Location"] == again["Location"]
    assert len(stand_in.objects("checkout.session")) == 1
    order_of(shop)


def test_back_after_it_is_paid_the_same_form_leads_to_the_order(shop, client, stand_in):
    form = client.get(COLLECTION).content.decode()
    sent = CONTACT | ONLINE | {"submission": form.partition('name="submission" value="')[2][:36]}
    stand_in.pay(client.post(COLLECTION, sent)["Location"])
    again = client.post(COLLECTION, sent)
    assert "/c/pay/" in again["Location"]  # the page itself leads back, since it is paid
    assert stand_in.pay(again["Location"]).headers["Location"].endswith("/paye/")
    client.get(f"/commande/{order_of(shop).reference}/paye/")
    assert client.post(COLLECTION, sent)["Location"] == f"/commande/{order_of(shop).reference}/"
    assert len(stand_in.objects("charge")) == 1


def test_stripe_down_the_order_its_time_and_its_stock_are_kept_and_it_may_be_paid_otherwise(shop, client, stand_in):
    stand_in.faults({"kind": "error"})
    answer = client.post(COLLECTION, CONTACT | ONLINE, follow=True)
    shown = text_of(answer)
    assert "Le paiement en ligne est momentanément indisponible." in shown
    assert "Payer au retrait" in shown
    with schema_context(shop.schema_name):
        assert StockLevel.objects.get(ingredient__code="paton-classique").reserved == 2
    order = order_of(shop)
    client.post(f"/commande/{order.reference}/payer-a-la-reception/")
    assert order_of(shop).state == "accepted"


def test_while_stripe_is_down_the_next_customers_are_offered_the_other_means_only(shop, client, stand_in):
    stand_in.faults({"kind": "error"})
    client.post(COLLECTION, CONTACT | ONLINE)
    client.post("/panier/ajouter/", {"variant": variant("margherita").pk})
    shown = text_of(client.get(COLLECTION))
    assert "momentanément indisponible" in shown
    assert 'value="online"' not in shown
    refused = client.post(COLLECTION, CONTACT | ONLINE)
    assert refused.status_code == 422


def test_a_delivery_above_the_shops_sum_is_ordered_when_it_is_paid_online(shop, client):
    with schema_context(shop.schema_name):
        ShopSettings.objects.update(prepaid_above_cents=1000)
    refused = client.post(DELIVERY, CONTACT | LILLE)
    assert "payez-la en ligne" in text_of(refused)
    client.post(DELIVERY, CONTACT | LILLE | ONLINE)
    order = order_of(shop)
    shown = text_of(client.get(f"/commande/{order.reference}/"))
    assert "Payer à la livraison" not in shown
    assert client.post(f"/commande/{order.reference}/payer-a-la-reception/").status_code == 409


def test_what_is_in_the_kitchen_is_no_longer_paid_online(shop, client, stand_in):
    stand_in.pay(client.post(COLLECTION, CONTACT | ONLINE)["Location"])
    order = order_of(shop)
    client.get(f"/commande/{order.reference}/paye/")
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert client.post(f"/commande/{order.reference}/payer/").status_code == 409


def test_the_page_of_the_checkout_may_lead_to_stripe(shop, client):
    policy = client.get(COLLECTION)["Content-Security-Policy"]
    actions = next(part for part in policy.split(";") if part.strip().startswith("form-action"))
    assert "https://checkout.stripe.com" in actions
