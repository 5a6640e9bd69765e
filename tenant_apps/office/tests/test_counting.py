"""Counting the stock, warning of what runs low, and what can be made of it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import ask, place, variant
from shared_apps.accounts.models import AuditEntry, Role
from shared_apps.catalogue.models import Ingredient
from shared_apps.sales import tasks
from shared_apps.sales.models import StockAlert
from tenant_apps.orders.models import Case
from tenant_apps.stock import queries
from tenant_apps.stock.models import Movement, StockCount, StockLevel


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


def key(code: str) -> int:
    return Ingredient.objects.get(code=code).pk


def test_only_what_is_written_is_counted_and_the_differences_are_kept(shop, manager):
    dough, cheese = key("paton-classique"), key("mozzarella")
    answer = manager.post("/gestion/stock/inventaire/", {f"count-{dough}": "120", f"count-{cheese}": "25 500,5"})
    assert answer.status_code == 302
    page = manager.get(answer["Location"]).content.decode()
    assert "-20" in page
    with schema_context(shop.schema_name):
        results = {
            level.ingredient_id: (level.expected, level.counted) for level in StockCount.objects.get().levels.all()
        }
        assert results == {
            dough: (Decimal(140), Decimal(120)),
            cheese: (Decimal(26000), Decimal("25500.50")),
        }
        assert StockLevel.objects.get(pk=dough).on_hand == 120
        assert Movement.objects.filter(reason="count").count() == 2


def test_a_count_may_be_written_in_kilograms(shop, manager):
    cheese, oil = key("mozzarella"), key("huile-olive")
    manager.post("/gestion/stock/inventaire/", {f"count-{cheese}": "25,5 kg", f"count-{oil}": "75cl"})
    with schema_context(shop.schema_name):
        assert StockLevel.objects.get(pk=cheese).on_hand == 25500
        assert StockLevel.objects.get(pk=oil).on_hand == 750
    assert manager.post("/gestion/stock/inventaire/", {f"count-{cheese}": "2 l"}).status_code == 422


def test_an_ingredient_is_found_by_what_one_types_of_it(shop, manager):
    page = manager.get("/gestion/stock/?q=boeuf").content.decode()
    assert "Bœuf haché" in page
    assert "Mozzarella" not in page
    assert "Aucun ingrédient" in manager.get("/gestion/stock/?q=ananas+noir").content.decode()


def test_a_wrong_quantity_is_said_and_nothing_is_recorded(shop, manager):
    dough, cheese = key("paton-classique"), key("mozzarella")
    answer = manager.post("/gestion/stock/inventaire/", {f"count-{dough}": "beaucoup", f"count-{cheese}": "12"})
    assert answer.status_code == 422
    assert 'value="beaucoup"' in answer.content.decode()
    assert manager.post("/gestion/stock/inventaire/", {}).status_code == 422
    with schema_context(shop.schema_name):
        assert not StockCount.objects.exists()
        assert StockLevel.objects.get(pk=cheese).on_hand == 26000


def test_a_count_under_what_is_promised_makes_cases(shop, manager):
    place(shop, ask("margherita", 3))
    manager.post("/gestion/stock/inventaire/", {f"count-{key('paton-classique')}": "1"})
    with schema_context(shop.schema_name):
        assert Case.objects.filter(closed_at=None).count() == 1


def test_waste_says_why(shop, manager):
    dough = key("paton-classique")
    sent = {"reason": "waste", "quantity": "2", "waste_reason": ""}
    assert manager.post(f"/gestion/stock/{dough}/", sent).status_code == 422
    assert manager.post(f"/gestion/stock/{dough}/", sent | {"waste_reason": "dropped"}).status_code == 302


def test_what_can_be_made_names_the_ingredient_that_runs_out_first(shop, manager, django_assert_num_queries):
    manager.post("/gestion/stock/inventaire/", {f"count-{key('mozzarella')}": "300"})
    now = timezone.now()
    with schema_context(shop.schema_name):
        with django_assert_num_queries(1):
            found = {(row.product, row.size): row for row in queries.feasible_products(now=now)}
        row = found["Margherita", "Classique"]
        assert row.blocking == "Mozzarella"
        assert row.count == queries.feasible(at=now, now=now)[variant("margherita").pk]
    assert "Limité par" in manager.get("/gestion/stock/realisable/").content.decode()


def test_a_threshold_that_moves_raises_or_clears_the_alert_and_is_in_the_history(shop, manager):
    dough = key("paton-classique")
    manager.post(f"/gestion/stock/{dough}/seuils/", {"low_threshold": "200", "par": "300"})
    assert StockAlert.objects.filter(pizzeria_id=shop.id, ingredient_id=dough).exists()
    entry = AuditEntry.objects.get(act="threshold")
    assert (entry.before["par"], entry.after["par"]) == ("140.00", "300.00")
    manager.post(f"/gestion/stock/{dough}/seuils/", {"low_threshold": "5", "par": "300"})
    assert not StockAlert.objects.filter(pizzeria_id=shop.id).exists()


def test_the_managers_are_written_to_once_for_each_time_it_runs_low(shop, manager, monkeypatch):
    monkeypatch.setattr(tasks, "async_task", lambda _path, *arguments: tasks.tell_alerts_of(*arguments))
    dough = f"count-{key('paton-classique')}"
    manager.post("/gestion/stock/inventaire/", {dough: "3"})
    tasks.tell_alerts()
    assert mail.outbox == []  # what falls together is told together
    StockAlert.objects.update(since=timezone.now() - dt.timedelta(minutes=10))
    tasks.tell_alerts()
    tasks.tell_alerts()
    (letter,) = mail.outbox
    assert "Pâton" in letter.body
    manager.post("/gestion/stock/inventaire/", {dough: "140"})
    manager.post("/gestion/stock/inventaire/", {dough: "2"})
    StockAlert.objects.update(since=timezone.now() - dt.timedelta(minutes=10))
    tasks.tell_alerts()
    assert len(mail.outbox) == 2


def test_head_office_sees_what_runs_low_shop_by_shop(shop, manager, make_staff, visit):
    manager.post("/gestion/stock/inventaire/", {f"count-{key('mozzarella')}": "3"})
    page = visit(None, make_staff(Role.HEAD_OFFICE)).get("/siege/alertes/").content.decode()
    assert shop.name in page
    assert "Mozzarella" in page
