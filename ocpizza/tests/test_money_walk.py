"""The money of one evening, in a browser: paid online, changed, cancelled, refunded, mixed at the counter, closed, verified.

The steps are functions of a page and an address, so that the same walk is taken by hand on the demo.
"""

import re
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from playwright.sync_api import expect

from conftest import DESK, PHONE, check_invariants
from ocpizza.tests.browsing import faults, open_page, sign_in
from ocpizza.tests.test_online_payment import change_to, choose
from shared_apps.accounts.models import Role
from tenant_apps.orders.models import Order
from tenant_apps.orders.tests.test_online import follow
from tenant_apps.payments.models import Payment, Refund
from tenant_apps.till.models import Closing, Entry
from tenants.backend.base import OWNER
from tenants.roles import acting_as

PARTLY_CENTS = 1190  # what is left of two pizzas, one given back

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def pay(page, card: str = "Carte acceptée") -> None:
    page.get_by_label(card).check()
    page.get_by_role("button", name=re.compile("^Payer")).click()
    if "3-D Secure" in card:
        page.get_by_role("button", name="Confirmer le paiement").click()
    expect(page.locator("li.now")).to_contain_text("Commande reçue")


def cook(page, number: int) -> None:
    ticket = page.locator(f"#ticket-{number}")
    ticket.get_by_role("button", name="Prendre").click()
    expect(ticket.get_by_role("button", name="Prêt")).to_be_visible()
    page.wait_for_timeout(800)  # a second tap at once would be no tap
    ticket.get_by_role("button", name="Prêt").click()
    expect(ticket.get_by_role("button", name="Prêt")).to_have_count(0)


def hand_over(page, site, shop, number: int) -> None:
    page.goto(site.url(shop, f"/comptoir/{number}/"))
    page.get_by_role("button", name=re.compile("^Remettre")).click()
    page.wait_for_url("**/comptoir/")


def refund_one_piece(page, site, shop, number: int) -> None:
    page.goto(site.url(shop, f"/comptoir/{number}/"))
    refund = page.locator("#refund")
    refund.locator("summary").click()
    refund.get_by_label(re.compile("^Reine")).fill("1")
    refund.get_by_label("Pourquoi").fill("Arrivée froide")
    refund.get_by_role("button", name="Rembourser").click()


def take_at_the_counter(page, site, shop) -> int:
    """Two pizzas by keyboard; its number."""
    page.goto(site.url(shop, "/comptoir/"))
    with page.expect_navigation():
        page.keyboard.press("F2")
    page.keyboard.press("F3")
    page.keyboard.type("2 reine")
    page.keyboard.press("Enter")
    expect(page.locator("#lines")).to_contain_text("2 × Reine")
    page.get_by_label(re.compile("^Téléphone")).fill("06 98 76 54 32")
    page.get_by_label("Nom", exact=True).fill("Dominique")
    page.get_by_label("Prise", exact=True).select_option("counter")
    with page.expect_navigation():
        page.keyboard.press("F9")
    return int(re.search(r"/comptoir/(\d+)/", page.url)[1])


def pay_mixed(page) -> None:
    """Ten euros by card, the rest in cash out of a note of twenty."""
    page.get_by_label("Montant (€)").first.fill("10,00")
    with page.expect_navigation():
        page.keyboard.press("F6")
    page.get_by_label("Espèces reçues").fill("20")
    expect(page.get_by_text(re.compile("À rendre.: 6,20"))).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("F4")


def close_the_day(page, site, shop) -> None:
    page.goto(site.url(shop, "/caisse/"))
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=re.compile("^Clôturer")).click()


def verify(shop) -> str:
    """What the command says; raises CommandError where the journal is not whole."""
    said = StringIO()
    call_command("verify_till", shop=[shop.slug], stdout=said)
    return said.getvalue()


@contextmanager
def one_byte_flipped(number: int):
    """What only a superuser can do to a sealed entry; made good after."""
    change = "UPDATE till_entry SET content = replace(content::text, %s, %s)::jsonb WHERE number = %s"
    for words in (("Reine", "Reinf"), ("Reinf", "Reine")):
        with acting_as(OWNER), connection.cursor() as cursor:
            cursor.execute(change, [*words, number])
            assert cursor.rowcount == 1
        if words[1] == "Reinf":
            yield


def number_of(page) -> int:
    return int(re.search(r"n°\s*(\d+)", page.locator("h1").inner_text())[1])


def test_the_money_of_an_evening_from_3d_secure_to_the_verified_journal(browser, site, own_shop, team, stand_in):
    found = []
    customer = open_page(browser, PHONE)
    choose(customer, site, own_shop)
    pay(customer, "3-D Secure")
    one = number_of(customer)
    change_to(customer, 3)
    customer.get_by_role("button", name=re.compile("Payer 23,80.*en ligne")).click()
    pay(customer)
    change_to(customer, 2)
    expect(customer.get_by_text(re.compile("35,70.*sont réservés.*23,80.*seront débités"))).to_be_visible()
    found += faults(customer)

    another = open_page(browser, PHONE)
    another.on("dialog", lambda dialog: dialog.accept())
    choose(another, site, own_shop)
    pay(another)
    another.get_by_role("button", name="Annuler ma commande").click()
    expect(another.get_by_text("La somme réservée sur votre carte est libérée")).to_be_visible()
    follow(own_shop, Order.objects.get(pk=number_of(another)))
    found += faults(another)

    somebody = open_page(browser, PHONE)
    choose(somebody, site, own_shop, pieces=2)
    pay(somebody)
    third = number_of(somebody)

    kitchen = open_page(browser, DESK)
    sign_in(kitchen, site, own_shop, team[Role.COOK])
    counter = open_page(browser, DESK)
    sign_in(counter, site, own_shop, team[Role.COUNTER])
    for order in (one, third):
        cook(kitchen, order)
        follow(own_shop, Order.objects.get(pk=order))
        hand_over(counter, site, own_shop, order)
    refund_one_piece(counter, site, own_shop, third)
    expect(counter.get_by_text(re.compile("11,90.*repartent d’eux-mêmes"))).to_be_visible()
    found += faults(counter)
    follow(own_shop, Order.objects.get(pk=third))
    assert Refund.objects.get().state == Refund.State.DONE
    statuses = {intent["status"] for intent in stand_in.objects("payment_intent")}
    assert statuses == {"succeeded", "canceled"}
    theirs = sum(one["amount_captured"] - one["amount_refunded"] for one in stand_in.objects("charge"))
    assert theirs == 2380 + PARTLY_CENTS

    two = take_at_the_counter(counter, site, own_shop)
    pay_mixed(counter)
    expect(counter.get_by_text(re.compile("À rendre.: 6,20")).first).to_be_visible()
    found += faults(counter)
    taken = {payment.means: payment.amount_cents for payment in Payment.objects.filter(order=two)}
    assert taken == {Payment.Means.CARD_TERMINAL: 1000, Payment.Means.CASH: 1380}

    manager = open_page(browser, DESK)
    sign_in(manager, site, own_shop, team[Role.MANAGER])
    close_the_day(manager, site, own_shop)
    expect(manager.get_by_text("La journée est clôturée")).to_be_visible()
    found += faults(manager)
    closed = Closing.objects.get()
    assert closed.figures["turnover_cents"] == 2380 + PARTLY_CENTS + 2380
    assert {row["means"]: row["taken_cents"] - row["refunded_cents"] for row in closed.figures["means"]} == {
        "online_card": 2380 + PARTLY_CENTS, "card_terminal": 1000, "cash": 1380,
    }  # fmt: skip

    assert "le journal est intact" in verify(own_shop)
    sale = Entry.objects.filter(kind=Entry.Kind.SALE).latest("number").number
    manager.goto(site.url(own_shop, "/caisse/journal/"))
    with one_byte_flipped(sale):
        with pytest.raises(CommandError, match=rf"écriture {sale}\u00a0: modifiée"):
            verify(own_shop)
        manager.get_by_role("button", name="Vérifier le journal").click()
        expect(manager.get_by_text(re.compile(rf"écriture {sale}.: modifiée"))).to_be_visible()
        found += faults(manager)
    assert "le journal est intact" in verify(own_shop)
    assert found == []
    check_invariants()
