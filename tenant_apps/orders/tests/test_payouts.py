"""The shop's payments online against what Stripe pays out to the bank."""

import csv
import datetime as dt
import io
import uuid

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import MANAGER
from shared_apps.accounts.models import Role
from shared_apps.gateway import services as gateway
from shared_apps.gateway import stripe_api
from shared_apps.onboarding import closing
from tenant_apps.orders import payouts
from tenant_apps.orders.services import refunding
from tenant_apps.orders.services.refunding import Returned
from tenant_apps.orders.tests.test_online import follow
from tenant_apps.orders.tests.test_reconciling import DAY, captured
from tenant_apps.payments.models import Payment
from tenants.hosts import Shop
from tenants.models import Pizzeria

YEAR = dt.timedelta(days=365)


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def journal(shop, days: int = 9) -> list[dict[str, str]]:
    today = timezone.localdate()
    text = payouts.journal(shop=shop, starts_on=today - dt.timedelta(days=1), ends_on=today + dt.timedelta(days=days),
                           now=timezone.now())  # fmt: skip
    return rows(text)


def cents(text: str) -> int:
    return int(text.replace(",", ""))


def refunded(shop, order, amount_cents: int) -> None:
    returned = Returned("froide", gesture_cents=amount_cents)
    refunding.refund(
        shop=shop, order_id=order.pk, returned=returned, submission=uuid.uuid4(), by=MANAGER, now=timezone.now()
    )
    follow(shop, order)


def test_each_line_of_a_payout_is_beside_what_the_till_has_and_the_sums_are_the_banks(shop, stand_in):
    order = captured(shop, stand_in)
    refunded(shop, order, 200)
    stand_in.pull("clock", advance=3 * DAY)
    taken, back, share, whole = journal(shop)
    assert (taken["nature"], back["nature"]) == ("encaissement", "remboursement")
    assert (taken["montant_stripe"], taken["montant_caisse"], taken["ecart"]) == ("9,90", "9,90", "0,00")
    assert (back["montant_stripe"], back["montant_caisse"], back["ecart"]) == ("-2,00", "-2,00", "0,00")
    assert taken["commande"] == back["commande"] == str(order.pk)
    fees = cents(taken["frais"]) + cents(back["frais"])
    assert fees > 0
    assert cents(share["net"]) == 990 - 200 - fees
    (paid,) = stand_in.objects("payout")
    assert (whole["virement"], cents(whole["net"])) == (paid["id"], paid["amount"])
    assert whole["net"] == share["net"]  # nobody else sold anything


def test_what_differs_from_the_till_is_a_sum_of_its_own(shop, stand_in):
    captured(shop, stand_in)
    stand_in.pull("clock", advance=3 * DAY)
    Payment.objects.update(amount_cents=890)
    assert journal(shop)[0]["ecart"] == "1,00"


def test_what_is_not_paid_out_yet_is_listed_last(shop, stand_in):
    order = captured(shop, stand_in)
    (only,) = journal(shop)
    assert (only["nature"], only["commande"], only["montant_caisse"]) == ("pas encore versé", str(order.pk), "9,90")


def test_another_shops_sales_are_in_the_whole_and_in_no_line(shop, neighbour, stand_in):
    captured(shop, stand_in)
    with schema_context(neighbour.schema_name):
        captured_there = captured(neighbour, stand_in)
        assert captured_there.pk
    stand_in.pull("clock", advance=3 * DAY)
    with schema_context(shop.schema_name):
        taken, share, whole = journal(shop)
    assert cents(share["net"]) == cents(taken["net"]) < cents(whole["net"])


def test_days_are_those_of_the_bank_both_included(shop, stand_in):
    captured(shop, stand_in)
    stand_in.pull("clock", advance=3 * DAY)
    (payout,) = stripe_api.paid_out_between(timezone.localdate(), timezone.localdate() + dt.timedelta(days=9))
    for days, found in ((0, 1), (1, 0), (-1, 0)):
        day = payout.arrives_on + dt.timedelta(days=days)
        assert len(stripe_api.paid_out_between(day, day)) == found


def test_the_manager_downloads_it_and_reads_why_when_stripe_is_away(shop, stand_in, make_staff, visit):
    captured(shop, stand_in)
    stand_in.pull("clock", advance=3 * DAY)
    manager = visit(shop, make_staff(Role.MANAGER, shop))
    days = {"du": timezone.localdate().isoformat(), "au": (timezone.localdate() + dt.timedelta(days=9)).isoformat()}
    answer = manager.get("/caisse/virements.csv", days)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "virement entier" in answer.content.decode()
    assert manager.get("/caisse/virements.csv", {"du": days["au"], "au": days["du"]}).status_code == 422
    stand_in.faults({"kind": "error", "times": 9})
    away = manager.get("/caisse/virements.csv", days)
    assert away.status_code == 409
    assert "momentanément indisponible" in away.content.decode()
    with pytest.raises(gateway.OnlinePaymentDown):
        gateway.payouts(starts_on=timezone.localdate(), ends_on=timezone.localdate(), now=timezone.now())
    assert visit(shop, make_staff(Role.COOK, shop)).get("/caisse/virements.csv", days).status_code == 403


def test_a_pizzeria_that_has_another_address_since_keeps_its_lines(shop, stand_in):
    order = captured(shop, stand_in)
    stand_in.pull("clock", advance=3 * DAY)
    with schema_context("public"):
        pizzeria = Pizzeria.objects.get(pk=shop.id)
        closing.rename(pizzeria=pizzeria, slug="republique")
    assert journal(Shop.of(pizzeria))[0]["commande"] == str(order.pk)
