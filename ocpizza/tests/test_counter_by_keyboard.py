"""An order taken on the phone without touching the mouse, and handed to the shop that delivers there."""

import re
import time
import uuid

import pytest
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context
from playwright.sync_api import expect

from conftest import COOK, DESK, PHONE, ask, check_invariants, drop_shop, open_shop, place
from ocpizza.tests.browsing import faults, open_page, sign_in
from shared_apps.accounts.models import Membership, Role
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen
from tenants.models import Pizzeria

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def far_shop(own_shop):
    """A committed shop near Lyon, which `own_shop` does not deliver to."""
    shop = open_shop(f"lyon-{uuid.uuid4().hex[:6]}", postcode="69001", city="Lyon", latitude=45.7676, longitude=4.8344)
    try:
        yield shop
    finally:
        with schema_context("public"):
            Membership.objects.filter(pizzeria_id=shop.id).delete()
            drop_shop(Pizzeria.objects.get(pk=shop.id))
        connection.set_schema(own_shop.schema_name)


def test_an_order_out_of_zone_is_handed_over_and_placed_by_keyboard_alone(browser, site, own_shop, far_shop, team):
    with schema_context("public"):
        Membership.objects.create(user=team[Role.MANAGER], role=Role.COUNTER, pizzeria_id=far_shop.id)
    there = open_page(browser)
    sign_in(there, site, far_shop, team[Role.MANAGER])
    there.goto(site.url(far_shop, "/comptoir/"))
    expect(there.locator("[data-live-status]")).to_have_text("En direct")

    here = open_page(browser)
    sign_in(here, site, own_shop, team[Role.COUNTER])
    keys = here.keyboard
    with here.expect_navigation():
        keys.press("F2")
    keys.press("F3")
    keys.type("2 reine")
    keys.press("Enter")
    expect(here.locator("#lines")).to_contain_text("2 × Reine")
    keys.press("F2")
    keys.type("06 12 34 56 78")
    keys.press("Tab")
    keys.type("Camille Martin")
    for _ in range(2):
        keys.press("Tab")
    keys.type("Livraison")
    for text in ("", "1 rue de la République", "69001", "Lyon"):
        keys.press("Tab")
        keys.type(text)
    expect(here.locator("#zone")).to_contain_text("Hors zone")
    keys.press("F6")
    expect(here.locator("#elsewhere")).to_contain_text(far_shop.name)
    assert faults(here) == []
    with here.expect_navigation():
        keys.press("F7")

    rung = there.get_by_role("link", name=re.compile("Camille Martin 06 12 34 56 78 · 2 articles · confiée par"))
    expect(rung).to_be_visible()
    rung.focus()
    with there.expect_navigation():
        there.keyboard.press("Enter")
    expect(there.locator("#zone")).to_contain_text("Livrable")
    assert faults(there) == []
    with there.expect_navigation():
        there.keyboard.press("F9")
    with schema_context(far_shop.schema_name):
        order = Order.objects.get()
        assert (order.mode, order.city, order.contact_phone) == ("delivery", "Lyon", "+33612345678")
    check_invariants()


BETWEEN_KEYS_MS = 250  # four keys a second, of somebody who listens to a caller meanwhile


def test_a_delivery_of_two_pizzas_is_taken_by_keyboard_within_a_minute(browser, site, own_shop, team):
    page = open_page(browser)
    sign_in(page, site, own_shop, team[Role.COUNTER])
    keys, began = page.keyboard, time.monotonic()

    def types(text: str) -> None:
        keys.type(text, delay=BETWEEN_KEYS_MS)

    with page.expect_navigation():
        keys.press("F2")
    keys.press("F3")
    for typed, written in (("reine", "1 × Reine"), ("margherita", "1 × Margherita")):
        types(typed)
        keys.press("Enter")
        expect(page.locator("#lines")).to_contain_text(written)
    keys.press("F2")
    types("0612345678")
    keys.press("Tab")
    types("Martin")
    for _ in range(2):
        keys.press("Tab")
    types("Liv")
    for text in ("", "3 rue Nationale", "59000", "Lille"):
        keys.press("Tab")
        types(text)
    expect(page.locator("#zone")).to_contain_text("Livrable")
    with page.expect_navigation():
        keys.press("F9")
    took = time.monotonic() - began
    with schema_context(own_shop.schema_name):
        order = Order.objects.get()
        assert (order.mode, order.lines.count()) == ("delivery", 2)
    assert took < 60, f"{took:.1f} s"
    check_invariants()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone-light", "desk-dark"])
def test_remakes_and_blocked_numbers_are_read_by_everybody(browser, site, own_shop, team, size, scheme):
    order = place(own_shop, ask("reine", 2))
    kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=timezone.now())
    page = open_page(browser, size, color_scheme=scheme)
    sign_in(page, site, own_shop, team[Role.MANAGER])
    page.goto(site.url(own_shop, f"/comptoir/{order.pk}/"))
    page.locator("#remake summary").click()
    page.locator("#remake").get_by_label("Pourquoi").select_option("burnt")
    assert faults(page) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Refaire").click()
    expect(page.get_by_text("REFAIT", exact=True)).to_be_visible()
    found = {"made again": faults(page)}
    for path in ("/comptoir/", "/comptoir/refaits/", "/comptoir/numeros-bloques/", "/cuisine/"):
        page.goto(site.url(own_shop, path))
        found[path] = faults(page)
    expect(page.locator(".ticket", has_text="REFAIT")).to_have_count(1)  # on the kitchen's board
    page.goto(site.url(own_shop, "/comptoir/numeros-bloques/"))
    with page.expect_navigation():
        page.get_by_role("button", name="Bloquer ce numéro").click()
    found["blocked, wrong"] = faults(page)
    page.get_by_label("Téléphone").fill("06 12 34 56 78")
    page.get_by_label("Motif").fill("Trois fausses commandes")
    with page.expect_navigation():
        page.get_by_role("button", name="Bloquer ce numéro").click()
    found["blocked"] = faults(page)
    page.goto(site.url(own_shop, f"/commande/{order.reference}/"))
    expect(page.get_by_text("Nous refaisons votre commande")).to_be_visible()
    found["tracking"] = faults(page)
    assert {name: problems for name, problems in found.items() if problems} == {}
    check_invariants()
