"""A tablet and a till that several people share, in a real browser: paired, opened by PINs, locked."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context
from playwright.sync_api import expect

from conftest import DESK, PHONE, ask, check_invariants, place
from ocpizza.tests.browsing import faults, open_page, sign_in
from shared_apps.accounts.models import Role
from tenant_apps.devices.models import Device
from tenant_apps.devices.services import pins
from tenant_apps.orders.models import OrderEvent

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def codes(own_shop, team) -> dict[Role, str]:
    """Everybody's PIN."""
    given = {Role.COOK: "2580", Role.COUNTER: "1357", Role.MANAGER: "864209", Role.DRIVER: "9630"}
    with schema_context(own_shop.schema_name):
        for role, pin in given.items():
            pins.set_pin(shop=own_shop, user_id=team[role].pk, pin=pin, by_id=None, now=timezone.now())
    return given


def pair(browser, site, own_shop, team, name: str, purpose: str, size=DESK, *, timed=False):
    """The manager gives a code in the office, and it is typed on the device."""
    manager = open_page(browser)
    sign_in(manager, site, own_shop, team[Role.MANAGER])
    manager.goto(site.url(own_shop, "/gestion/reglages/appareils/"))
    manager.get_by_label("Nom", exact=True).last.fill(name)
    manager.get_by_label("Usage").select_option(purpose)
    manager.get_by_role("button", name="Lui donner un code").click()
    code = manager.locator(".code strong").inner_text()
    device = open_page(browser, size)
    if timed:
        device.clock.install()
    device.goto(site.url(own_shop, "/appareil/"))
    device.get_by_label("Code de l’appareil").fill(code)
    device.get_by_role("button", name="Associer cet appareil").click()
    return manager, device


def actors(shop) -> list[str]:
    with schema_context(shop.schema_name):
        return [event.actor.name for event in OrderEvent.objects.exclude(from_state="").select_related("actor")]


def test_a_kitchen_tablet_is_paired_and_asks_who_takes_the_ticket(browser, site, own_shop, team, codes):
    place(own_shop, ask("margherita"))
    manager, tablet = pair(browser, site, own_shop, team, "Tablette du four", "kitchen")
    expect(tablet.locator("[data-ticket]")).to_have_count(1)
    expect(tablet.locator("#operator")).to_have_text("Verrouillé")
    expect(tablet.locator("[data-live-status]")).to_have_text("En direct", timeout=15_000)  # its scripts are there
    tablet.get_by_role("button", name="Prendre").click()
    dialog = tablet.locator("#operator-dialog")
    expect(dialog.get_by_label("Votre code PIN")).to_be_focused()
    assert faults(tablet) == []
    for digit in "2589":
        dialog.get_by_role("button", name=digit, exact=True).click()
    dialog.get_by_role("button", name="Valider").click()
    expect(dialog.get_by_role("alert")).to_contain_text("n’est celui de personne")
    tablet.keyboard.type("2580")
    tablet.keyboard.press("Enter")
    expect(tablet.get_by_role("button", name="Prêt")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(tablet.locator("#operator")).to_have_text(team[Role.COOK].name)
    assert actors(own_shop) == [team[Role.COOK].name]
    # somebody else, by the keyboard alone
    tablet.keyboard.press("F1")
    expect(dialog.get_by_label("Votre code PIN")).to_be_focused()
    tablet.keyboard.type("864209")
    tablet.keyboard.press("Enter")
    expect(tablet.locator("#operator")).to_have_text(team[Role.MANAGER].name)
    tablet.get_by_role("button", name="Prêt").click()
    expect(tablet.locator("[data-ticket]")).to_have_count(0)
    assert actors(own_shop) == [team[Role.COOK].name, team[Role.MANAGER].name]
    manager.on("dialog", lambda dialog: dialog.accept())
    manager.goto(site.url(own_shop, "/gestion/reglages/appareils/"))
    manager.get_by_role("button", name="Révoquer").click()
    expect(tablet.get_by_role("heading", name="Cet appareil n’est pas associé")).to_be_visible()  # by itself
    check_invariants()


def test_a_locked_kitchen_keeps_its_tickets_and_a_locked_till_shows_nothing(browser, site, own_shop, team, codes):
    order = place(own_shop, ask("margherita"))
    for name, purpose, role in (("Four", "kitchen", Role.COOK), ("Caisse", "counter", Role.COUNTER)):
        _manager, device = pair(browser, site, own_shop, team, name, purpose, timed=True)
        if purpose == "kitchen":
            expect(device.locator("[data-live-status]")).to_have_text("En direct", timeout=15_000)
            device.wait_for_load_state()
            device.keyboard.press("F1")
        expect(device.get_by_label("Votre code PIN")).to_be_focused(timeout=15_000)
        device.keyboard.type(codes[role])
        device.keyboard.press("Enter")
        expect(device.locator("#operator")).to_have_text(team[role].name)
        if purpose == "counter":
            expect(device.get_by_text(order.contact_name)).to_be_visible()
        with schema_context(own_shop.schema_name):  # nobody has touched it for its ten minutes
            seen_at = timezone.now() - dt.timedelta(minutes=10, seconds=1)
            Device.objects.filter(name=name).update(operator_seen_at=seen_at)
        device.clock.fast_forward("10:02")
        if purpose == "kitchen":
            expect(device.locator("#operator")).to_have_text("Verrouillé", timeout=15_000)
            expect(device.locator("[data-ticket]")).to_have_count(1)
        else:
            expect(device.get_by_label("Votre code PIN")).to_be_visible(timeout=15_000)
            expect(device.get_by_text(order.contact_name)).to_have_count(0)


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone-light", "desk-dark"])
def test_the_pages_of_a_device(browser, site, own_shop, team, codes, size, scheme):
    manager, device = pair(browser, site, own_shop, team, "Caisse", "counter", size)
    office, found = open_page(browser, size, color_scheme=scheme), []
    sign_in(office, site, own_shop, team[Role.MANAGER])
    for path in ("/gestion/reglages/appareils/", "/gestion/reglages/equipe/", "/appareil/mon-code/", "/appareil/"):
        office.goto(site.url(own_shop, path))
        found += faults(office)
    office.get_by_role("button", name="Associer cet appareil").click()
    found += faults(office)
    found += faults(manager)  # with its code
    device.emulate_media(color_scheme=scheme)
    found += faults(device)
    device.keyboard.type("9999")
    device.keyboard.press("Enter")
    expect(device.get_by_role("alert")).to_be_visible()
    found += faults(device)
    device.get_by_role("link", name="Avec mon mot de passe").click()
    device.get_by_role("button", name="Ouvrir cet appareil").click()
    expect(device).to_have_title(re.compile("^Erreur"))
    found += faults(device)
    device.goto(site.url(own_shop, "/comptoir/"))
    device.keyboard.type("1357")
    device.keyboard.press("Enter")
    expect(device.locator("#operator")).to_have_text(team[Role.COUNTER].name)
    found += faults(device)
    assert found == []
