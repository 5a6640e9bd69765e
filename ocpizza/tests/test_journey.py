"""The whole path, as people take it: the nearest shop, an order, the kitchen, the door, head office."""

import datetime as dt
import re
import time

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context
from playwright.sync_api import expect

from conftest import DESK, PHONE, ask, check_invariants, place
from ocpizza.tests.browsing import open_page, sign_in
from shared_apps.accounts.models import Role
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import escalation
from tenant_apps.stock.models import StockLevel

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def fill_contact(page) -> None:
    page.get_by_label("Nom", exact=True).fill("Camille Martin")
    page.get_by_label("Téléphone").fill("06 12 34 56 78")


def test_a_half_and_half_goes_from_the_nearest_shop_to_the_door(browser, site, own_shop, team):
    kitchen = open_page(browser)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    expect(kitchen.get_by_text("Aucun bon")).to_be_visible()
    expect(kitchen.locator("[data-live-status]")).to_have_text("En direct")
    office = open_page(browser)
    sign_in(office, site, None, team[Role.HEAD_OFFICE])
    row = office.locator("tr", has_text=own_shop.name)
    expect(office.locator("[data-live-status]")).to_have_text("En direct")

    customer = open_page(browser, PHONE)
    customer.goto(site.url())
    customer.get_by_label("Votre adresse").fill("10 rue Nationale, 59000 Lille")
    customer.get_by_role("button", name="Trouver ma pizzeria").click()
    customer.locator("li", has_text=own_shop.name).get_by_role("link", name="Commander ici").click()
    customer.get_by_role("link", name="Choisir Reine").click()
    customer.get_by_label("L’autre moitié").select_option("quatre-fromages")
    expect(customer.locator("#price")).to_have_text(re.compile("12,90"))
    customer.get_by_role("button", name="Ajouter au panier").click()
    customer.locator(".dish", has_text="Margherita").get_by_role("button", name="Ajouter").click()
    customer.get_by_role("link", name=re.compile("Voir le panier.*2 articles")).click()
    customer.get_by_role("link", name="Me faire livrer").click()
    fill_contact(customer)
    customer.get_by_role("button", name="Commander avec obligation de paiement").click()
    expect(customer.locator("li.now")).to_contain_text("Commande reçue")

    ticket = kitchen.locator("[data-ticket]")
    expect(ticket).to_contain_text("◐ Reine")
    expect(ticket).to_contain_text("◑ Quatre fromages")
    expect(row.locator("td").first).to_have_text("1")
    dough = StockLevel.objects.get(ingredient__code="paton-classique")
    assert dough.reserved == 2
    kitchen.get_by_role("link", name="Recette").first.click()
    expect(kitchen.locator("dialog")).to_contain_text("Gorgonzola")
    kitchen.get_by_role("button", name="Fermer").click()
    kitchen.get_by_role("button", name="Prendre").click()
    expect(customer.locator("li.now")).to_contain_text("En préparation", timeout=1000)
    expect(customer.get_by_role("button", name="Annuler ma commande")).to_have_count(0)
    before = dough.on_hand
    dough.refresh_from_db()
    assert (before - dough.on_hand, dough.reserved) == (2, 0)
    expect(kitchen.get_by_role("button", name="Prêt")).to_be_visible()
    kitchen.wait_for_timeout(800)  # a second tap at once would be no tap
    kitchen.get_by_role("button", name="Prêt").click()
    expect(customer.locator("li.now")).to_contain_text("Prête")

    driver = open_page(browser, PHONE)
    sign_in(driver, site, own_shop, team[Role.DRIVER])
    driver.get_by_role("button", name="Commencer mon service").click()
    driver.get_by_role("button", name="Prendre").click()
    driver.get_by_role("button", name="Parti").click()
    expect(customer.locator("li.now")).to_contain_text("En route")
    driver.get_by_role("button", name="Arrivé").click()
    driver.get_by_label("Moyen de paiement").select_option("card_terminal")
    driver.get_by_role("button", name=re.compile("Livrée, 25,70")).click()
    expect(driver.get_by_text("Aucune livraison")).to_be_visible()
    expect(customer.locator("li.done", has_text="Livrée")).to_be_visible()
    expect(row).to_contain_text("25,70")
    expect(row.locator("td").first).to_have_text("0")

    check_invariants()


def test_an_order_is_changed_then_cancelled_until_the_kitchen_has_it(browser, site, own_shop, team):
    customer = open_page(browser, PHONE)
    customer.goto(site.url(own_shop))
    customer.locator(".dish", has_text="Margherita").get_by_role("button", name="Ajouter").click()
    customer.get_by_role("link", name=re.compile("Voir le panier")).click()
    customer.get_by_role("link", name="Retirer à la pizzeria").click()
    fill_contact(customer)
    customer.get_by_role("button", name="Commander avec obligation de paiement").click()
    customer.get_by_role("button", name="Modifier ma commande").click()
    customer.get_by_label(re.compile("Quantité")).fill("3")
    customer.get_by_role("button", name="Mettre à jour").click()
    customer.get_by_role("button", name="Commander avec obligation de paiement").click()
    expect(customer.get_by_text("Votre commande est modifiée")).to_be_visible()
    dough = StockLevel.objects.get(ingredient__code="paton-classique")
    assert dough.reserved == 3
    customer.on("dialog", lambda dialog: dialog.accept())
    customer.get_by_role("button", name="Annuler ma commande").click()
    expect(customer.get_by_text("Votre commande est annulée")).to_be_visible()
    dough.refresh_from_db()
    assert dough.reserved == 0

    check_invariants()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_customer_without_javascript_orders_all_the_same(browser, site, own_shop, size):
    customer = open_page(browser, size, java_script_enabled=False)
    customer.goto(site.url(own_shop, "/carte/reine/"))
    customer.get_by_label("L’autre moitié").select_option("orientale")
    customer.get_by_role("button", name="Voir le prix et les allergènes").click()
    expect(customer.get_by_text("Moitié Reine, moitié Orientale").first).to_be_visible()
    customer.get_by_role("button", name="Ajouter au panier").click()
    customer.get_by_role("link", name=re.compile("Voir le panier")).click()
    customer.get_by_role("link", name="Retirer à la pizzeria").click()
    customer.get_by_role("button", name="Commander avec obligation de paiement").click()
    assert customer.title().startswith("Erreur")
    expect(customer.get_by_text("Indiquez un nom.").first).to_be_visible()
    fill_contact(customer)
    customer.get_by_role("button", name="Commander avec obligation de paiement").click()
    expect(customer.locator("li.now")).to_contain_text("Commande reçue")
    assert Order.objects.get().lines.get().label == "Moitié Reine, moitié Orientale · Classique"

    check_invariants()


def test_a_page_says_that_it_is_cut_off_polls_and_catches_up(browser, site, own_shop, team):
    kitchen = open_page(browser)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    status = kitchen.locator("[data-live-status]")
    expect(status).to_have_text("En direct")
    site.live.stop()
    try:
        expect(status).to_have_text(re.compile("Coupé"), timeout=8000)
        customer = open_page(browser, PHONE)
        customer.goto(site.url(own_shop, "/carte/margherita/"))
        customer.get_by_role("button", name="Ajouter au panier").click()
        customer.goto(site.url(own_shop, "/commander/a-emporter/"))
        fill_contact(customer)
        customer.get_by_role("button", name="Commander avec obligation de paiement").click()
        expect(customer.locator("li.now")).to_contain_text("Commande reçue")
        expect(kitchen.locator("[data-ticket]")).to_have_count(1, timeout=15_000)  # by its own poll
    finally:
        site.live.start()
    expect(status).to_have_text("En direct", timeout=15_000)
    check_invariants()


def test_a_new_ticket_rings_until_the_board_is_touched(browser, site, own_shop, team):
    kitchen = open_page(browser)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    kitchen.get_by_role("button", name="Activer le son").click()
    customer = open_page(browser, PHONE)
    customer.goto(site.url(own_shop, "/carte/margherita/"))
    customer.get_by_role("button", name="Ajouter au panier").click()
    customer.goto(site.url(own_shop, "/commander/a-emporter/"))
    fill_contact(customer)
    customer.get_by_role("button", name="Commander avec obligation de paiement").click()
    rings = kitchen.locator("html[data-rings]")
    expect(rings).to_have_attribute("data-rings", "2", timeout=10_000)  # at once, then again
    kitchen.locator("h2.name").click()
    heard = rings.get_attribute("data-rings")
    kitchen.get_by_role("button", name="Prendre").click()
    expect(kitchen.get_by_role("button", name="Prêt")).to_be_visible()
    assert rings.get_attribute("data-rings") == heard
    check_invariants()


def test_a_quantity_typed_just_before_adding_is_added(browser, site, own_shop):
    """Leaving the field for the button must not replace the button under the finger."""
    customer = open_page(browser, PHONE)
    customer.goto(site.url(own_shop, "/carte/reine/"))
    customer.get_by_label("L’autre moitié").select_option("orientale")
    expect(customer.locator("#price")).to_have_text(re.compile("13,50"))
    customer.get_by_label("Quantité").fill("3")
    button = customer.get_by_role("button", name="Ajouter au panier")
    button.hover()
    customer.mouse.down()  # the field loses its focus here
    customer.wait_for_timeout(300)  # a slow finger
    customer.mouse.up()
    expect(customer.get_by_role("link", name=re.compile("3 articles"))).to_be_visible()


def test_a_ticket_without_a_kitchen_screen_rings_at_the_counter_until_one_shows_it(browser, site, own_shop, team):
    now = timezone.now()
    kitchen = open_page(browser)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    expect(kitchen.locator("[data-live-status]")).to_have_text("En direct")
    seen = place(own_shop, ask("margherita"), now=now)
    expect(kitchen.locator("[data-ticket]")).to_have_count(1)
    wait_until(lambda: Order.objects.get(pk=seen.pk).received_at)  # the screen said so by itself
    kitchen.context.close()  # unplugged
    counter = open_page(browser)
    sign_in(counter, site, own_shop, team[Role.COUNTER])
    expect(counter.locator("[data-live-status]")).to_have_text("En direct")
    order = place(own_shop, ask("reine"), now=now - dt.timedelta(minutes=2))
    with schema_context(own_shop.schema_name):
        assert escalation.escalate(shop=own_shop, now=timezone.now()) == [order.pk]
    expect(counter.get_by_text(f"Aucun écran de cuisine ne montre la commande n° {order.pk}")).to_be_visible()
    expect(counter.locator("html[data-rings]")).to_have_attribute("data-rings", re.compile("[2-9]"), timeout=10_000)
    again = open_page(browser)
    sign_in(again, site, own_shop, team[Role.COOK])
    expect(again.locator("[data-ticket]")).to_have_count(2)
    expect(counter.locator("[data-escalated]")).to_have_count(0)
    check_invariants()


def test_a_tablet_whose_clock_is_wrong_shows_the_servers_time(browser, site, own_shop, team):
    place(own_shop, ask("margherita"))
    kitchen = open_page(browser)
    kitchen.add_init_script("const right = Date.now; Date.now = () => right() + 5400000;")
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    expect(kitchen.locator(".ticket .timer")).to_have_text(re.compile("^0:"))


def wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
