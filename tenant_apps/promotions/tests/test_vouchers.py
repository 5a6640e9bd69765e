import uuid

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import ask, place
from shared_apps.accounts.models import Role
from tenant_apps.counter.tests.test_counter import text_of
from tenant_apps.orders.models import Order
from tenant_apps.payments.models import Payment
from tenant_apps.promotions import services, tasks
from tenant_apps.promotions.models import Voucher


def sent(**changes) -> dict[str, str]:
    today = timezone.localdate()
    return {
        "code": "Bienvenue", "label": "Cinq euros de bienvenue", "percent": "", "amount_cents": "5", "minimum_cents": "9",
        "first_date": today.isoformat(), "last_date": today.isoformat(), "uses_limit": "2",
    } | changes  # fmt: skip


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


@pytest.fixture
def voucher(shop, manager) -> Voucher:
    manager.post("/gestion/reglages/codes/", sent())
    with schema_context(shop.schema_name):
        return Voucher.objects.get()


def test_a_manager_makes_a_code_and_withdraws_it(shop, manager, voucher):
    assert (voucher.code, voucher.amount_cents, voucher.minimum_cents, voucher.uses_limit) == ("BIENVENUE", 500, 900, 2)
    refused = manager.post("/gestion/reglages/codes/", sent())
    assert (refused.status_code, "a déjà un code de ce nom" in text_of(refused)) == (422, True)
    manager.post(f"/gestion/reglages/codes/{voucher.pk}/retirer/")
    assert "Retiré" in text_of(manager.get("/gestion/reglages/codes/"))
    assert "BIENVENUE" in text_of(manager.get("/gestion/reglages/historique/"))


@pytest.mark.parametrize(
    "changes",
    [{"percent": "10"}, {"amount_cents": ""}, {"code": "é"}, {"last_date": "2020-01-01"}, {"uses_limit": "0"}],
)
def test_a_code_that_means_nothing_is_refused_at_its_field(shop, manager, changes):
    assert manager.post("/gestion/reglages/codes/", sent(**changes)).status_code == 422


def test_a_customer_sees_what_the_code_takes_off_before_ordering(shop, visit, voucher):
    client = visit(shop)
    with schema_context(shop.schema_name):
        pizza = ask("margherita").configuration.variant_id
    client.post("/panier/ajouter/", {"variant": pizza})
    assert "n’a pas de code" in text_of(client.post("/panier/code/", {"code": "rien"}, follow=True))
    assert "−5,00 €" in text_of(client.post("/panier/code/", {"code": "bienvenue"}, follow=True))
    page = client.get("/commander/a-emporter/")
    assert "avec obligation de paiement · 4,90 €" in text_of(page)
    asked = {
        "name": "Camille", "phone": "06 12 34 56 78", "when": "", "email": "", "pay": "later",
        "submission": str(page.context["basket"].submission), "discount_cents": "500",
    }  # fmt: skip
    client.post("/commander/a-emporter/", asked)
    with schema_context(shop.schema_name):
        order = Order.objects.get()
        assert (order.total_cents, order.discounts.get().voucher_id) == (490, voucher.pk)
    assert "BIENVENUE" in text_of(client.get(f"/commande/{order.reference}/"))


def test_nobody_owes_a_total_that_a_code_no_longer_lowers(shop, visit, voucher):
    client = visit(shop)
    with schema_context(shop.schema_name):
        pizza = ask("margherita").configuration.variant_id
    client.post("/panier/ajouter/", {"variant": pizza})
    client.post("/panier/code/", {"code": "bienvenue"})
    page = client.get("/commander/a-emporter/")
    with schema_context(shop.schema_name):
        services.withdraw(pizzeria_id=shop.id, voucher_id=voucher.pk, user_id=None, now=timezone.now())
    asked = {
        "name": "Camille", "phone": "06 12 34 56 78", "when": "",
        "submission": str(page.context["basket"].submission), "discount_cents": "500",
    }  # fmt: skip
    answer = client.post("/commander/a-emporter/", asked)
    assert (answer.status_code, "n’a pas de code de ce nom" in text_of(answer)) == (422, True)
    with schema_context(shop.schema_name):
        assert not Order.objects.exists()


def test_the_counter_uses_a_code_and_takes_the_lower_sum(shop, make_staff, visit, voucher):
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    draft = counter.post("/comptoir/prise/")["Location"]
    counter.post(f"{draft}lignes/", {"line": "2 margherita"})
    counter.post(f"{draft}code/", {"code": "bienvenue"})
    assert "−5,00 €" in text_of(counter.get(draft))
    said = {
        "phone": "0612345678",
        "name": "Camille",
        "channel": "counter",
        "mode": "collection",
        "when": "",
        "paid_by": "cash",
    }
    counter.post(f"{draft}passer/", said)
    with schema_context(shop.schema_name):
        assert Payment.objects.get().amount_cents == 1480


def test_the_counter_agrees_to_a_discount_on_the_page_of_the_order(shop, make_staff, visit):
    order, counter = place(shop, ask("margherita", 2)), visit(shop, make_staff(Role.COUNTER, shop))
    asked = {"percent": "10", "reason": "Attente", "submission": str(uuid.uuid4())}
    page = text_of(counter.post(f"/comptoir/{order.pk}/remise/", asked, follow=True))
    assert "Attente (10 %)" in page
    assert "17,82 € à encaisser" in page
    assert (
        counter.post(
            f"/comptoir/{order.pk}/remise/", asked | {"percent": "90", "submission": str(uuid.uuid4())}
        ).status_code
        == 409
    )


def test_head_office_sends_a_code_to_the_pizzerias_it_chooses(shop, neighbour, make_staff, visit, monkeypatch):
    queued = []
    monkeypatch.setattr("shared_apps.headoffice.promotions.async_task", lambda *task: queued.append(task))
    boss = make_staff(Role.HEAD_OFFICE)
    office = visit(None, boss)
    assert office.post("/siege/codes/", sent()).status_code == 422  # no pizzeria chosen
    office.post("/siege/codes/", sent() | {"pizzerias": [neighbour.id]})
    (task,) = queued
    for _ in range(2):  # delivered at least once
        tasks.create_for_head_office(*task[1:])
    with schema_context(neighbour.schema_name):
        assert Voucher.objects.get().by_head_office
    with schema_context(shop.schema_name):
        assert not Voucher.objects.exists()
