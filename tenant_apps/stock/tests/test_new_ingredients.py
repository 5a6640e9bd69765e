"""An ingredient that head office makes after a shop opened: the shop has a level of it, once, and nothing breaks before."""

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_tenants.utils import schema_context

from conftest import ask, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue import tasks as catalogue_tasks
from shared_apps.catalogue.models import Ingredient
from shared_apps.catalogue.tests.written import new_ingredient, new_pizza
from shared_apps.sales.models import StockAlert
from tenant_apps.stock import tasks
from tenant_apps.stock.models import StockLevel
from tenant_apps.stock.services import movements
from tenant_apps.stock.services.movements import Where
from tenant_apps.stock.services.reservations import OutOfStock
from tenants.models import Pizzeria


@pytest.fixture
def ardennaise(shop, make_staff):
    """A pizza of an ingredient that the shop has never had."""
    user = make_staff(Role.HEAD_OFFICE)
    with schema_context("public"):
        new_ingredient(user)
        return new_pizza(user, "mozzarella", "fourme-dambert")


def test_its_task_goes_to_each_pizzeria_that_has_its_tables(db):
    OrmQ.objects.all().delete()
    catalogue_tasks.spread_ingredients()
    queued = [task.task for task in OrmQ.objects.all()]
    assert {task["func"] for task in queued} == {catalogue_tasks.STOCK}
    assert {task["args"][0] for task in queued} == set(Pizzeria.objects.with_schema().values_list("pk", flat=True))


def test_the_shop_has_an_empty_level_and_an_alert_once(shop, ardennaise):
    for _delivery in range(2):
        tasks.stock_new_ingredients(shop.id)
    made = Ingredient.objects.get(code="fourme-dambert")
    with schema_context(shop.schema_name):
        level = StockLevel.objects.get(pk=made.pk)
    assert (level.on_hand, level.par, level.low_threshold) == (0, 4000, 600)
    assert StockAlert.objects.filter(pizzeria_id=shop.id, ingredient=made).count() == 1


def test_it_is_sold_out_before_the_task_and_until_some_is_received(shop, ardennaise):
    with pytest.raises(OutOfStock, match="Fourme"):
        place(shop, ask("ardennaise"))
    tasks.stock_new_ingredients(shop.id)
    with pytest.raises(OutOfStock, match="Fourme"):
        place(shop, ask("ardennaise"))
    with schema_context(shop.schema_name):
        movements.count(
            where=Where(shop.id, shop.schema_name),
            ingredient_id=Ingredient.objects.get(code="fourme-dambert").pk,
            quantity=1000,
            actor_id=None,
            now=timezone.now(),
        )
    assert place(shop, ask("ardennaise")).items_cents == 1200


@pytest.mark.parametrize("stocked", [False, True])
def test_the_pages_of_the_shop_open_meanwhile(shop, ardennaise, visit, make_staff, stocked):
    if stocked:
        tasks.stock_new_ingredients(shop.id)
    made = Ingredient.objects.get(code="fourme-dambert").pk
    assert "Ardennaise" in visit(shop).get("/").content.decode()
    assert visit(shop).get("/carte/ardennaise/").status_code == 200
    manager = visit(shop, make_staff(Role.MANAGER, shop))
    for path in ("", "inventaire/", "realisable/", "remplacements/", "suggestion/", f"{made}/"):
        assert manager.get(f"/gestion/stock/{path}").status_code in (
            200,
            404 if path == f"{made}/" and not stocked else 200,
        )
    assert manager.get("/comptoir/").status_code == 200
