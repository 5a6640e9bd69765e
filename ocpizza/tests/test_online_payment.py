"""Paying online in a browser: 3-D Secure, a change upwards and one downwards before the claim, a cancellation."""

import re
import time

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from playwright.sync_api import expect

from conftest import COOK, DESK, PHONE, check_invariants
from ocpizza.tests.browsing import faults, open_page
from shared_apps.gateway import services as gateway
from tenant_apps.orders import tasks
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen
from tenant_apps.orders.tests.test_online import follow
from tenant_apps.payments.models import Payment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
VIEWS = pytest.mark.parametrize(
    ("size", "script"), [(PHONE, True), (DESK, True), (PHONE, False)], ids=["phone", "desk", "without script"]
)


def choose(page, site, shop, pizza: str = "reine", pieces: int = 1) -> None:
    page.goto(site.url(shop, f"/carte/{pizza}/"))
    page.get_by_label(re.compile("Quantité")).fill(str(pieces))
    page.get_by_role("button", name="Ajouter au panier").click()
    page.goto(site.url(shop, "/commander/a-emporter/"))
    page.get_by_label("Nom", exact=True).fill("Camille Martin")
    page.get_by_label("Téléphone").fill("06 12 34 56 78")
    page.get_by_label("En ligne, par carte").check()
    page.get_by_role("button", name="Commander avec obligation de paiement").click()
    page.wait_for_url("**/c/pay/**")


def change_to(page, quantity: int) -> None:
    page.get_by_role("button", name="Modifier ma commande").click()
    page.get_by_label(re.compile("Quantité")).fill(str(quantity))
    page.get_by_role("button", name="Mettre à jour").click()
    page.get_by_role("button", name=re.compile("obligation de paiement|Enregistrer la modification")).click()
    expect(page.get_by_text("Votre commande est modifiée")).to_be_visible()


@VIEWS
def test_an_order_is_paid_with_3d_secure_changed_both_ways_and_captured(
    browser, site, own_shop, stand_in, size, script
):
    page = open_page(browser, size, java_script_enabled=script)
    found = []
    choose(page, site, own_shop)
    found += faults(page) if script else []
    page.get_by_label("Carte refusée").check()
    page.get_by_role("button", name=re.compile("^Payer")).click()
    expect(page.get_by_role("alert")).to_contain_text("Votre carte a été refusée")
    found += faults(page) if script else []
    page.get_by_label("3-D Secure").check()
    page.get_by_role("button", name=re.compile("^Payer")).click()
    page.get_by_role("heading", name="Votre banque vous demande de confirmer").wait_for()
    found += faults(page) if script else []
    page.get_by_role("button", name="Confirmer le paiement").click()
    expect(page.locator("li.now")).to_contain_text("Commande reçue")
    expect(page.get_by_text(re.compile("11,90.*sont réservés sur votre carte"))).to_be_visible()
    change_to(page, 3)
    page.get_by_role("button", name=re.compile("Payer 23,80.*en ligne")).click()
    page.get_by_role("button", name=re.compile("^Payer")).click()
    expect(page.get_by_text(re.compile("35,70.*sont réservés"))).to_be_visible()
    change_to(page, 2)
    found += faults(page) if script else []
    order = Order.objects.get()
    kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=timezone.now())
    follow(own_shop, order)
    assert sum(payment.amount_cents for payment in Payment.objects.all()) == 2380
    expect(page.locator("li.now")).to_contain_text("En préparation") if script else page.reload()
    expect(page.get_by_text(re.compile("^Payé.: 23,80"))).to_be_visible()
    assert found == []
    check_invariants()


def test_giving_up_on_the_page_leads_back_to_the_order_and_what_can_be_done(browser, site, own_shop, stand_in):
    page = open_page(browser, PHONE)
    choose(page, site, own_shop)
    page.get_by_role("link", name="Abandonner et revenir à la pizzeria").click()
    expect(page.locator("li.now")).to_contain_text("En attente de paiement")
    assert faults(page) == []
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Annuler ma commande").click()
    expect(page.get_by_text("Votre commande est annulée")).to_be_visible()
    order = follow(own_shop, Order.objects.get())
    assert (order.state, stand_in.objects("checkout.session")[0]["status"]) == ("cancelled", "expired")
    check_invariants()


def test_back_from_the_order_to_the_pay_page_pays_nothing_twice(browser, site, own_shop, stand_in):
    page = open_page(browser, PHONE)
    choose(page, site, own_shop)
    page.get_by_role("button", name=re.compile("^Payer")).click()
    expect(page.locator("li.now")).to_contain_text("Commande reçue")
    page.go_back()
    page.goto(stand_in.objects("checkout.session")[0]["success_url"])
    expect(page.locator("li.now")).to_contain_text("Commande reçue")
    assert len(stand_in.objects("charge")) == 1
    assert Order.objects.count() == 1
    check_invariants()


def test_the_tracker_moves_by_itself_when_only_the_webhook_comes(browser, site, own_shop, stand_in):
    """The customer paid and closed the tab of the bank; the page that was left open learns it by the webhook."""
    page = open_page(browser, PHONE)
    choose(page, site, own_shop)
    paying = page.url
    page.get_by_role("link", name="Abandonner et revenir à la pizzeria").click()
    expect(page.locator("[data-live-status]")).to_have_text("En direct")
    stand_in.pull("webhooks", url=f"http://ocpizza.localhost:{site.port}/paiement/stripe/")
    stand_in.pay(paying)
    ours, deadline = (own_shop.id, Order.objects.get().pk), time.monotonic() + 20
    while ours not in [one.task["args"] for one in OrmQ.objects.all() if one.task["func"] == gateway.FOLLOW]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    tasks.follow_payment(*ours)
    expect(page.locator("li.now")).to_contain_text("Commande reçue")
    check_invariants()
