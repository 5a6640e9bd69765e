import datetime as dt

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, ask, check_invariants, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import Ingredient
from shared_apps.core.calendar import business_day
from shared_apps.core.templatetags.formats import dated
from shared_apps.sales import spans
from shared_apps.sales.models import HourlySales, StockAlert
from tenant_apps.orders.models import Case
from tenant_apps.orders.services import kitchen
from tenant_apps.stock.models import Movement, StockLevel

DAY = dt.timedelta(days=1)


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


@pytest.fixture
def basil(shop):
    return Ingredient.objects.get(code="basilic")


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def level(shop, ingredient) -> StockLevel:
    with schema_context(shop.schema_name):
        return StockLevel.objects.get(pk=ingredient.pk)


def test_a_reception_a_count_and_a_waste_are_movements_with_their_author(shop, manager, basil):
    before = level(shop, basil).on_hand
    record = f"/gestion/stock/{basil.pk}/"
    manager.post(record, {"reason": "reception", "quantity": "500", "note": "BL 4711"})
    manager.post(record, {"reason": "waste", "quantity": "20,5", "waste_reason": "spoilt", "note": "fané"})
    assert float(level(shop, basil).on_hand) == float(before) + 500 - 20.5
    manager.post(record, {"reason": "count", "quantity": "1000"})
    assert level(shop, basil).on_hand == 1000
    page = text_of(manager.get(record))
    for words in ("BL 4711", "fané", "+500 g", "-20,5 g", "Alix"):
        assert words in page
    check_invariants()


def test_a_wrong_quantity_is_told_and_nothing_is_recorded(shop, manager, basil):
    for reason, quantity in (("reception", "0"), ("waste", "999999"), ("count", "-1"), ("count", "beaucoup")):
        answer = manager.post(f"/gestion/stock/{basil.pk}/", {"reason": reason, "quantity": quantity})
        assert answer.status_code == 422
        assert "Erreur" in text_of(answer)
    with schema_context(shop.schema_name):
        assert set(Movement.objects.filter(ingredient=basil).values_list("reason", flat=True)) == {"opening"}


def test_low_stock_is_listed_and_head_office_is_alerted(shop, manager, basil):
    assert "Rien n’est bas" in text_of(manager.get("/gestion/stock/?voir=bas"))
    manager.post(f"/gestion/stock/{basil.pk}/", {"reason": "count", "quantity": "10"})
    assert basil.name in text_of(manager.get("/gestion/stock/?voir=bas"))
    assert StockAlert.objects.filter(pizzeria_id=shop.id, ingredient=basil).exists()
    manager.post(f"/gestion/stock/{basil.pk}/", {"reason": "reception", "quantity": "5000"})
    assert not StockAlert.objects.filter(pizzeria_id=shop.id, ingredient=basil).exists()


def test_reality_wins_and_the_latest_order_is_to_be_settled(shop, manager, basil):
    first, last = place(shop, ask("margherita")), place(shop, ask("margherita"))
    manager.post(f"/gestion/stock/{basil.pk}/", {"reason": "count", "quantity": "4"})
    assert level(shop, basil).shortage
    page = text_of(manager.get("/gestion/a-traiter/"))
    assert f"N° {last.pk}" in page
    assert f"N° {first.pk}" not in page
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=first.pk, by=COOK, now=timezone.now())
    manager.post(f"/gestion/stock/{basil.pk}/", {"reason": "reception", "quantity": "100"})
    assert "Rien à traiter" in text_of(manager.get("/gestion/a-traiter/"))
    check_invariants()


def test_a_case_is_settled_in_words(shop, manager, basil):
    place(shop, ask("margherita"))
    manager.post(f"/gestion/stock/{basil.pk}/", {"reason": "count", "quantity": "0"})
    with schema_context(shop.schema_name):
        case = Case.objects.get()
    manager.post(f"/gestion/a-traiter/{case.pk}/regler/", {"resolution": ""})
    manager.post(f"/gestion/a-traiter/{case.pk}/regler/", {"resolution": "Client appelé, sans basilic"})
    with schema_context(shop.schema_name):
        case.refresh_from_db()
    assert case.resolution == "Client appelé, sans basilic"


def test_the_day_opens_its_lists(shop, manager):
    place(shop, ask("margherita"))
    page = text_of(manager.get("/gestion/"))
    assert "En cours</span><b>1</b>" in page
    for link in ("/comptoir/", "/comptoir/?voir=retard", "/comptoir/?voir=terminees", "/gestion/stock/?voir=bas"):
        assert f'href="{link}"' in page


def test_the_day_so_far_is_compared_with_the_same_weekday(shop, manager, monkeypatch):
    monkeypatch.setattr(spans, "hours_over", lambda _now: 16)  # at 20:00, whatever the hour of the test
    today = business_day(timezone.now())
    assert "à la même heure" not in text_of(manager.get("/gestion/"))
    sold = [(today, 19, 12_000), (today, 20, 5_000), (today - 7 * DAY, 12, 10_000), (today - 7 * DAY, 20, 7_000),
            (today - DAY, 12, 9_900)]  # fmt: skip
    with schema_context("public"):
        for day, hour, cents in sold:
            HourlySales.objects.create(
                pizzeria_id=shop.id, day=day, hour=hour, channel="web", mode="delivery", bucket=0, turnover_cents=cents
            )
    page = text_of(manager.get("/gestion/"))
    assert f"À 20 h, un chiffre d’affaires de 120,00 €, contre 100,00 € le {dated(today - 7 * DAY)}" in page
    assert "+20 %" in page
    assert "À 20 h" in text_of(manager.get("/gestion/chiffres/", headers={"HX-Request": "true"}))
