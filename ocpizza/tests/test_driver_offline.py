"""Ten minutes without network on a driver's phone: nothing lost, nothing twice, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from conftest import DESK, PHONE, check_invariants
from ocpizza.tests.browsing import open_page, sign_in
from ocpizza.tests.test_double_tap_of_money import paid
from shared_apps.accounts.models import Role
from tenant_apps.delivery.models import Act, Stop
from tenant_apps.delivery.tests.doors import give, ready, send_out
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.payments.models import Payment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WAITING = re.compile("en attente d’envoi")


def phone_of(browser, site, shop, user) -> Page:
    page = open_page(browser, PHONE)
    sign_in(page, site, shop, user)
    expect(page.locator("html[data-kept=yes]")).to_have_count(1)  # what it needs without network is there
    return page


def primary(page: Page, name: str):
    return page.get_by_role("button", name=re.compile(name))


def press(page: Page, name: str) -> None:
    primary(page, name).click()
    page.wait_for_timeout(800)  # a second tap at once would be no tap


def test_a_round_driven_without_network_is_sent_once_when_it_is_back(browser, site, own_shop, team):
    first, second, third = (ready(own_shop, number) for number in range(3))
    give(own_shop, team[Role.DRIVER], first, second, third)
    phone = phone_of(browser, site, own_shop, team[Role.DRIVER])
    phone.context.set_offline(True)
    press(phone, "^Parti")
    press(phone, "^Arrivé")
    press(phone, "^Livrée, 22,70")
    press(phone, "^Arrivé")
    phone.get_by_text("Ça ne se passe pas comme prévu").locator("visible=true").click()
    phone.locator('select[name="reason"]').locator("visible=true").select_option("absent")
    phone.get_by_role("button", name="Échec").click()
    expect(phone.locator("#outbox li")).to_have_count(5)
    expect(phone.locator("#outbox li").first).to_have_text(WAITING)
    expect(phone.get_by_text("Pas de réseau")).to_be_visible()
    assert not Act.objects.exists()

    phone.reload()  # the phone was locked, the page comes back as it was, what was done is still kept
    expect(phone.locator("#outbox li")).to_have_count(5)
    expect(phone.locator(".stop.current")).to_have_attribute("data-number", str(third.pk))
    press(phone, "^Arrivé")
    expect(phone.locator("#outbox li")).to_have_count(6)

    phone.context.set_offline(False)
    expect(phone.locator("#outbox")).to_be_hidden(timeout=20_000)
    expect(phone.locator(".stop.current")).to_have_attribute("data-state", "arrived")
    kinds = ["left", "arrived", "delivered", "arrived", "failed", "arrived"]
    assert list(Act.objects.values_list("kind", flat=True)) == kinds
    made = list(Act.objects.values_list("made_at", flat=True))
    assert made == sorted(made)
    states = [Order.objects.get(pk=order.pk).state for order in (first, second, third)]
    assert states == [State.HANDED_OVER, State.FAILED, State.ON_THE_WAY]
    assert Payment.objects.get().order == first
    check_invariants()


def test_what_is_refused_when_it_comes_is_said_in_words_and_kept_until_read(browser, site, own_shop, team):
    order = ready(own_shop)
    send_out(own_shop, team[Role.DRIVER], order)
    phone = phone_of(browser, site, own_shop, team[Role.DRIVER])
    phone.context.set_offline(True)
    press(phone, "^Arrivé")
    press(phone, "^Livrée")
    manager = open_page(browser, DESK)
    sign_in(manager, site, own_shop, team[Role.MANAGER])
    manager.goto(site.url(own_shop, f"/comptoir/{order.pk}/"))
    manager.on("dialog", lambda dialog: dialog.accept())
    manager.locator("summary", has_text="Annuler cette commande").click()
    manager.get_by_role("button", name="Annuler cette commande").click()
    expect(manager.get_by_text("Commande annulée")).to_be_visible()
    phone.context.set_offline(False)
    refused = phone.locator("#outbox li.notice")
    expect(refused).to_have_count(2, timeout=20_000)
    expect(refused.last).to_contain_text("refusé")
    phone.reload()
    expect(refused).to_have_count(2)
    refused.first.get_by_role("button", name="Compris").click()
    expect(refused).to_have_count(1)
    manager.goto(site.url(own_shop, "/gestion/a-traiter/"))
    expect(manager.get_by_text("Acte du livreur refusé")).to_be_visible()
    assert not Payment.objects.exists()
    assert Stop.objects.get().state == Stop.State.RETURNED
    check_invariants()


def test_two_taps_of_an_impatient_thumb_are_one_act(browser, site, own_shop, team):
    order = ready(own_shop)
    send_out(own_shop, team[Role.DRIVER], order)
    phone = phone_of(browser, site, own_shop, team[Role.DRIVER])
    primary(phone, "^Arrivé").dblclick()
    expect(primary(phone, "^Livrée")).to_be_visible()
    phone.wait_for_timeout(800)  # a second tap at once would be no tap
    primary(phone, "^Livrée").click(click_count=2)
    expect(phone.get_by_text("Aucune livraison")).to_be_visible()
    assert Payment.objects.count() == 1
    assert Act.objects.filter(refusal="").count() == 3
    check_invariants()


def test_a_second_tap_on_arrived_delivers_nothing(browser, site, own_shop, team):
    """Of an order that is paid, « Livrée » stands where « Arrivé » stood."""
    order = paid(own_shop, ready(own_shop))
    send_out(own_shop, team[Role.DRIVER], order)
    phone = phone_of(browser, site, own_shop, team[Role.DRIVER])
    expect(phone.locator("[data-live-status]")).to_have_text("En direct")
    box = primary(phone, "^Arrivé").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    phone.mouse.click(x, y)
    phone.wait_for_timeout(250)  # a thumb that taps twice
    phone.mouse.click(x, y)
    phone.wait_for_timeout(800)  # nothing is waited for: nothing happens
    assert list(Act.objects.values_list("kind", flat=True).order_by("pk")) == ["left", "arrived"]
    phone.mouse.click(x, y)
    expect(phone.get_by_text("Aucune livraison")).to_be_visible()
    check_invariants()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_driver_without_javascript_delivers_all_the_same(browser, site, own_shop, team, size):
    order = ready(own_shop)
    give(own_shop, team[Role.DRIVER], order)
    phone = open_page(browser, size, java_script_enabled=False)
    sign_in(phone, site, own_shop, team[Role.DRIVER])
    for name in ("^Parti", "^Arrivé", "^Livrée"):
        expect(phone.locator("button.primary:visible")).to_have_count(1)
        primary(phone, name).click()
    expect(phone.get_by_text("Aucune livraison")).to_be_visible()
    assert Payment.objects.get().order == order
    check_invariants()


def test_the_customer_follows_the_driver_who_agrees(browser, site, own_shop, team):
    order = ready(own_shop, 3)
    give(own_shop, team[Role.DRIVER], order)
    context = browser.new_context(
        viewport=PHONE, permissions=["geolocation"], geolocation={"latitude": 50.645, "longitude": 3.0637}
    )
    phone = context.new_page()
    sign_in(phone, site, own_shop, team[Role.DRIVER])
    phone.get_by_role("button", name="Partager ma position").click()
    customer = open_page(browser, PHONE)
    customer.goto(site.url(own_shop, f"/commande/{order.reference}/"))
    expect(customer.locator("#driver svg")).to_have_count(0)
    with phone.expect_response(
        lambda answer: answer.url.endswith("/livraisons/position/") and answer.status == 204, timeout=25_000
    ):  # the first may come before « Parti » does
        primary(phone, "^Parti").click()
    expect(customer.get_by_text("Il vient chez vous")).to_be_visible()
    expect(customer.locator("#driver svg")).to_be_visible(timeout=25_000)  # by its own poll
    expect(customer.get_by_text("de chez vous, au sud")).to_be_visible()
