"""The kitchen's screens under real fingers: stations that follow one another live, second taps, sizes."""

import re

import pytest
from django_tenants.utils import schema_context
from playwright.sync_api import expect

from conftest import DESK, PHONE, ask, check_invariants, place
from ocpizza.tests.browsing import faults, open_page, sign_in
from shared_apps.accounts.models import Role
from tenant_apps.orders.models import Order, OrderEvent
from tenant_apps.shop.models import ShopSettings

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TABLET = {"width": 1024, "height": 768}
SMALL = """() => [...document.querySelectorAll("a, button, summary")]
    .filter((one) => one.checkVisibility() && !one.classList.contains("skip"))
    .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
    .filter(([_words, box]) => box.height < 72 || box.width < 72).map(([words]) => words)"""

# Found and measured at once: the board that says that its tickets were received has other elements than the one before.
MIDDLE = """() => {
    const take = [...document.querySelectorAll("[data-ticket] button")].find((one) => one.textContent.includes("Prendre"));
    const b = take.getBoundingClientRect();
    return [b.x + b.width / 2, b.y + b.height / 2];
}"""
AGAIN = """([x, y]) => {
    const again = () => {
        const click = new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1, clientX: x, clientY: y });
        document.documentElement.dataset.again = document.elementFromPoint(x, y).dispatchEvent(click);
        document.documentElement.dataset.came = performance.now();
    };
    for (const came of ["htmx:afterSettle", "live:updated"]) document.addEventListener(came, again);
}"""


def in_stations(shop) -> None:
    with schema_context(shop.schema_name):
        ShopSettings.objects.update(kitchen_stations=True)


def states(shop) -> list[str]:
    with schema_context(shop.schema_name):
        return list(Order.objects.order_by("pk").values_list("state", flat=True))


def test_a_ticket_goes_from_screen_to_screen_and_the_customer_reads_in_the_oven(browser, site, own_shop, team):
    in_stations(own_shop)
    order = place(own_shop, ask("reine"), ask("cola-33cl", size=None))
    screens = {}
    for slug in ("preparation", "four", "expedition"):
        screens[slug] = open_page(browser)
        sign_in(screens[slug], site, own_shop, team[Role.COOK])
        screens[slug].goto(site.url(own_shop, f"/cuisine/?poste={slug}"))
        expect(screens[slug].locator("[data-live-status]")).to_have_text("En direct")
    customer = open_page(browser, PHONE)
    customer.goto(site.url(own_shop, f"/commande/{order.reference}/"))
    making, oven, pass_ = screens.values()
    expect(oven.locator("[data-ticket]")).to_have_count(0)
    making.get_by_role("button", name="Prendre").click()
    expect(customer.locator("li.now")).to_contain_text("En préparation")
    expect(pass_.get_by_text("1 pizza n’est pas encore sortie")).to_be_visible()  # its drink is there
    making.wait_for_timeout(800)  # a second tap at once would be no tap
    making.get_by_role("button", name="Mettre au four").click()
    expect(making.locator("[data-ticket]")).to_have_count(0)
    expect(customer.locator("li.now")).to_contain_text("Au four")
    making.locator(".undo").get_by_role("button", name="Annuler").click()
    expect(making.locator("[data-ticket]")).to_have_count(1)
    making.wait_for_timeout(800)
    making.get_by_role("button", name="Mettre au four").click()
    oven.get_by_role("button", name="Sortir du four").click()
    expect(oven.locator("[data-ticket]")).to_have_count(0)
    pass_.get_by_role("button", name="Prêt").click()
    expect(customer.locator("li.now")).to_contain_text("Prête")
    check_invariants()


def test_a_second_tap_at_the_same_place_does_nothing_more(browser, site, own_shop, team):
    """Taken, the button that says « Prêt » stands where « Prendre » stood; bumped, the next ticket stands there."""
    for _order in range(2):
        place(own_shop, ask("margherita"))
    kitchen = open_page(browser)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    expect(kitchen.locator("[data-ticket]")).to_have_count(2)
    expect(kitchen.locator("[data-live-status]")).to_have_text("En direct")
    x, y = kitchen.evaluate(MIDDLE)
    kitchen.evaluate(AGAIN, [x, y])
    for expected in (["preparing", "accepted"], ["ready", "accepted"]):
        kitchen.mouse.dblclick(x, y)  # before the answer, then again as soon as it is there
        expect(kitchen.locator("html[data-again]")).to_have_count(1)
        kitchen.wait_for_timeout(1000)  # nothing is waited for: nothing happens
        assert states(own_shop) == expected
        while kitchen.evaluate("performance.now() - document.documentElement.dataset.came") < 1000:
            kitchen.wait_for_timeout(
                200
            )  # on a slow machine the hint of this tap comes late: a tap just after it is a second one
        kitchen.evaluate("delete document.documentElement.dataset.again")
    check_invariants()


def test_nothing_moves_under_a_finger_that_is_down(browser, site, own_shop, team):
    order = place(own_shop, ask("margherita"))
    kitchen = open_page(browser)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    expect(kitchen.locator("[data-live-status]")).to_have_text("En direct")
    button = kitchen.get_by_role("button", name="Prendre")
    button.hover()
    kitchen.mouse.down()
    place(own_shop, ask("reine"))
    kitchen.wait_for_timeout(500)  # the hint has come meanwhile
    kitchen.mouse.up()
    expect(kitchen.locator(f"#ticket-{order.pk}").get_by_role("button", name="Prêt")).to_be_visible()
    expect(kitchen.locator("[data-ticket]")).to_have_count(2)
    with schema_context(own_shop.schema_name):
        assert OrderEvent.objects.filter(order=order, to_state="preparing").exists()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_whatever_is_touched_in_a_kitchen_is_large(browser, site, own_shop, team, size):
    in_stations(own_shop)
    place(own_shop, ask("reine"), ask("orientale"))
    kitchen = open_page(browser, size)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    kitchen.goto(site.url(own_shop, "/cuisine/?poste=preparation"))
    kitchen.get_by_role("button", name="Prendre").click()
    expect(kitchen.get_by_role("button", name=re.compile("mettre au four", re.IGNORECASE))).to_have_count(3)
    kitchen.get_by_text("Rappeler").click()
    assert kitchen.evaluate(SMALL) == []
    assert faults(kitchen) == []
    kitchen.get_by_role("link", name=re.compile("Recette")).first.click()
    expect(kitchen.locator("dialog[open]")).to_be_visible()
    assert kitchen.evaluate(SMALL) == []


@pytest.mark.parametrize("size", [TABLET, DESK], ids=["tablet", "desk"])
def test_what_is_asked_of_the_whole_board_is_one_tap_away_however_long_it_is(browser, site, own_shop, team, size):
    for _order in range(9):
        place(own_shop, ask("reine"), ask("orientale"))
    kitchen = open_page(browser, size)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    for words, shown in (("À faire en tout", "9 × Orientale"), ("Rappeler", "Rien n’est encore prêt")):
        kitchen.locator("summary", has_text=words).click()
        expect(kitchen.get_by_text(shown)).to_be_in_viewport()
    kitchen.get_by_role("link", name=re.compile("Reine.*Recette")).first.click()
    recipe = kitchen.locator("dialog[open]")
    expect(recipe.get_by_role("heading", name="Reine")).to_be_in_viewport()
    expect(recipe.get_by_role("button", name="Fermer")).to_be_in_viewport()


def test_a_reload_keeps_the_board(browser, site, own_shop, team):
    place(own_shop, ask("margherita"))
    kitchen = open_page(browser)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    kitchen.get_by_role("button", name="Prendre").click()
    expect(kitchen.get_by_role("button", name="Prêt")).to_be_visible()
    kitchen.reload()
    expect(kitchen.get_by_role("button", name="Prêt")).to_be_visible()
    expect(kitchen.locator("[data-live-status]")).to_have_text("En direct")
