import uuid

from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import ask, place
from shared_apps.accounts.models import Role
from tenant_apps.counter.tests.test_counter import text_of
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services import settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.tests.test_refunding import line_of, refund, sold
from tenant_apps.payments.models import Payment, ReversalLine


def test_the_manager_reads_what_came_in_and_went_back_by_means(shop, make_staff, visit):
    alix = make_staff(Role.COUNTER, shop)
    with schema_context(shop.schema_name):
        order = sold(shop, ask("margherita", 2), means=[(Payment.Means.CARD_TERMINAL, None)])
        refund(shop, order, lines={line_of(order): (1, ReversalLine.Fate.WASTED)}, reason="Renversée")
        tip = Tender(Payment.Means.CASH, uuid.uuid4(), tendered_cents=1200, tip_cents=210)
        settlement.take_payment(
            shop=shop, order_id=place(shop, ask("margherita")).pk, tender=tip, by=By(Actor.COUNTER, alix.pk),
            now=timezone.now(),
        )  # fmt: skip
    page = text_of(visit(shop, make_staff(Role.MANAGER, shop)).get("/gestion/encaissements/"))
    for words in ("19,80 €", "Renversée", "Alix, Espèces", "2,10 €", "9,90 € d’espèces", "29,70 €"):
        assert words in page


def test_a_day_without_money_says_so_and_a_wrong_day_is_refused(shop, make_staff, visit):
    manager = visit(shop, make_staff(Role.MANAGER, shop))
    assert "Rien n’a été encaissé ni rendu" in text_of(manager.get("/gestion/encaissements/?jour=2020-01-01"))
    assert manager.get("/gestion/encaissements/?jour=demain").status_code == 422
