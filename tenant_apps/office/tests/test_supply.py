"""The manager's pages of suppliers, deliveries, dates and what to order."""

import datetime as dt
import re
import uuid
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import check_invariants
from shared_apps.accounts.models import AuditEntry, Role
from shared_apps.catalogue.models import Ingredient
from tenant_apps.stock import tasks
from tenant_apps.stock.models import Movement, Reception, StockLevel, Supplier
from tenant_apps.stock.services import receptions

DAY = dt.timedelta(days=1)
STOCK = "/gestion/stock/"


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


def key(code: str) -> int:
    return Ingredient.objects.get(code=code).pk


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def supplier_data(**changes: object) -> dict[str, object]:
    cheese = key("mozzarella")
    return {
        "name": "Crèmerie du Nord", "phone": "03 20 11 22 33", "email": "commandes@cremerie.example",
        "weekdays": ["0", "1", "2", "3", "4", "5", "6"], "delivers_by": "10:00", "lead_days": "1", "is_active": "on",
        f"pack-{cheese}": "2500", f"packs-{cheese}": "2",
    } | changes  # fmt: skip


@pytest.fixture
def supplier(shop, manager) -> Supplier:
    assert manager.post(f"{STOCK}fournisseurs/nouveau/", supplier_data()).status_code == 302
    with schema_context(shop.schema_name):
        return Supplier.objects.get()


def drafted(shop, manager, supplier, packs="3") -> Reception:
    tomorrow = timezone.localdate() + DAY
    sent = {"day": tomorrow.isoformat(), "time": "09:30", f"packs-{key('mozzarella')}": packs}
    answer = manager.post(f"{STOCK}fournisseurs/{supplier.pk}/attendre/", sent)
    assert answer.status_code == 302
    with schema_context(shop.schema_name):
        return Reception.objects.get(pk=int(re.search(r"/(\d+)/$", answer["Location"])[1]))


def expected(shop) -> Decimal:
    with schema_context(shop.schema_name):
        return StockLevel.objects.get(pk=key("mozzarella")).expected


def test_a_supplier_with_its_days_makes_deliveries_that_orders_count_on(shop, manager, supplier):
    page = text_of(manager.get(f"{STOCK}livraisons/"))
    assert page.count("Habituelle") >= 4
    assert "tous les jours" in text_of(manager.get(f"{STOCK}fournisseurs/"))
    assert expected(shop) >= 4 * 5000
    with schema_context(shop.schema_name):
        assert supplier.phone == "+33320112233"
        assert AuditEntry.objects.filter(act="supplier", subject="Crèmerie du Nord").exists()
    check_invariants()


def test_what_is_wrong_of_a_supplier_is_said_where_it_is(shop, manager, supplier):
    cheese = key("mozzarella")
    for changes, words in (
        ({"name": ""}, "Ce champ est obligatoire"),
        ({"name": "Crèmerie du Nord"}, "Un fournisseur porte déjà ce nom"),
        ({"name": "Autre", "phone": "12"}, "Indiquez un numéro"),
        ({"name": "Autre", f"pack-{cheese}": "beaucoup"}, "un nombre entier de colis"),
        ({"name": "Autre", f"pack-{cheese}": "0"}, "Un colis contient quelque chose"),
    ):
        answer = manager.post(f"{STOCK}fournisseurs/nouveau/", supplier_data(**changes))
        assert answer.status_code == 422
        assert words in text_of(answer), changes
    with schema_context(shop.schema_name):
        assert Supplier.objects.count() == 1


def test_an_order_is_a_draft_then_written_to_the_supplier_once_and_takes_the_place_of_the_usual_one(
    shop, manager, supplier, monkeypatch
):
    monkeypatch.setattr(receptions, "async_task", lambda _path, *arguments: tasks.write_to_supplier(*arguments))
    usual = expected(shop)
    draft = drafted(shop, manager, supplier)
    assert expected(shop) == usual
    for _ in range(2):
        manager.post(f"{STOCK}livraisons/{draft.pk}/commander/", {"letter": "on"})
    assert expected(shop) == usual - 5000 + 7500
    (letter,) = mail.outbox
    assert letter.to == ["commandes@cremerie.example"]
    assert "3 × 2,5" in letter.body.replace("\u00a0", " ")
    assert shop.address in letter.body
    tasks.write_to_supplier(shop.id, draft.pk)
    assert len(mail.outbox) == 1
    assert "3 × 2,5 kg" in text_of(manager.get(f"{STOCK}livraisons/{draft.pk}/bon/"))
    check_invariants()


def test_a_delivery_is_received_as_it_came_and_sent_twice_it_is_received_once(shop, manager, supplier):
    draft = drafted(shop, manager, supplier)
    manager.post(f"{STOCK}livraisons/{draft.pk}/commander/")
    receive, cheese = f"{STOCK}livraisons/{draft.pk}/recevoir/", key("mozzarella")
    assert 'value="7500"' in manager.get(receive).content.decode()
    short = {f"received-{cheese}": "5000", f"price-{cheese}": "8,90", f"lot-{cheese}": "L42",
             f"use_by-{cheese}": (timezone.localdate() + 2 * DAY).isoformat()}  # fmt: skip
    refused = manager.post(receive, short)
    assert refused.status_code == 422
    assert "Dites pourquoi il en est venu moins" in text_of(refused)
    assert 'value="L42"' in refused.content.decode()
    for _ in range(2):
        assert manager.post(receive, short | {f"fault-{cheese}": "damaged"}).status_code == 302
    with schema_context(shop.schema_name):
        level = StockLevel.objects.get(pk=cheese)
        assert (level.on_hand, level.average_cost) == (31000, 890)
        assert Movement.objects.filter(ingredient_id=cheese, reason="reception").count() == 1
    page = text_of(manager.get(f"{STOCK}livraisons/{draft.pk}/"))
    for words in ("Abîmé à l’arrivée", "L42", "8,90 € le kg", "Alix"):
        assert words in page
    dates = text_of(manager.get(f"{STOCK}dates/"))
    assert "Bientôt" in dates
    assert "L42" in dates
    assert "8,90 € le kg" in text_of(manager.get(f"{STOCK}{cheese}/"))
    check_invariants()


def test_what_nobody_expected_is_received_all_the_same_once(shop, manager, supplier):
    assert f"fournisseurs/{supplier.pk}/recevoir/" in manager.get(f"{STOCK}livraisons/").content.decode()
    receive, cheese, basil = f"{STOCK}fournisseurs/{supplier.pk}/recevoir/", key("mozzarella"), key("basilic")
    page = manager.get(receive).content.decode()
    submission = re.search(r'name="submission" value="([^"]+)"', page)[1]
    assert 'name="fault-' not in page  # less than nothing cannot come
    with schema_context(shop.schema_name):
        before = dict(StockLevel.objects.filter(pk__in=(cheese, basil)).values_list("pk", "on_hand"))
    sent = {f"received-{cheese}": "2 500", f"price-{cheese}": "8,90", f"lot-{cheese}": "L7", f"received-{basil}": "30"}
    for _ in range(2):
        answer = manager.post(receive, sent | {"submission": submission})
        assert answer.status_code == 302
    with schema_context(shop.schema_name):
        after = dict(StockLevel.objects.filter(pk__in=(cheese, basil)).values_list("pk", "on_hand"))
        assert after == {cheese: before[cheese] + 2500, basil: before[basil] + 30}
        came = Movement.objects.filter(ingredient_id=cheese, reason="reception").get()
        assert came.actor_id is not None
        assert Reception.objects.filter(state="received").count() == 1
    page = text_of(manager.get(answer["Location"]))
    assert "L7" in page
    check_invariants()


def test_nothing_that_came_is_no_delivery(shop, manager, supplier):
    receive = f"{STOCK}fournisseurs/{supplier.pk}/recevoir/"
    sent = {"submission": str(uuid.uuid4())}
    for values, words in (({}, "d’un ingrédient au moins"), ({f"received-{key('basilic')}": "x"}, "à corriger")):
        answer = manager.post(receive, sent | values)
        assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert manager.post(receive, {f"received-{key('basilic')}": "1", "submission": "x"}).status_code == 404
    with schema_context(shop.schema_name):
        assert not Reception.objects.filter(state="received").exists()


def test_something_else_comes_with_what_was_expected(shop, manager, supplier):
    draft = drafted(shop, manager, supplier)
    manager.post(f"{STOCK}livraisons/{draft.pk}/commander/")
    sent = {f"received-{key('mozzarella')}": "7500", f"received-{key('basilic')}": "30"}
    assert manager.post(f"{STOCK}livraisons/{draft.pk}/recevoir/", sent).status_code == 302
    with schema_context(shop.schema_name):
        lines = draft.lines.order_by("ingredient_id").values_list("ingredient_id", "expected", "received")
        assert set(lines) == {(key("mozzarella"), 7500, 7500), (key("basilic"), 0, 30)}
    check_invariants()


def test_a_wrong_price_date_or_quantity_receives_nothing(shop, manager, supplier):
    draft = drafted(shop, manager, supplier)
    cheese = key("mozzarella")
    for sent in ({"received": "x"}, {"received": "7500", "price": "cher"}, {"received": "7500", "use_by": "demain"}):
        answer = manager.post(
            f"{STOCK}livraisons/{draft.pk}/recevoir/", {f"{name}-{cheese}": value for name, value in sent.items()}
        )
        assert answer.status_code == 422
    with schema_context(shop.schema_name):
        assert Reception.objects.get(pk=draft.pk).state == "draft"


def test_a_delivery_changes_and_is_cancelled_until_it_came(shop, manager, supplier):
    draft = drafted(shop, manager, supplier)
    manager.post(f"{STOCK}livraisons/{draft.pk}/commander/")
    before = expected(shop)
    later = (timezone.localdate() + 2 * DAY).isoformat()
    page = f"{STOCK}livraisons/{draft.pk}/"
    manager.post(page, {"day": later, "time": "11:00", f"packs-{key('mozzarella')}": "1,5"})
    assert expected(shop) == before - 7500 + 3750
    yesterday = (timezone.localdate() - DAY).isoformat()
    refused = manager.post(page, {"day": yesterday, "time": "11:00", f"packs-{key('mozzarella')}": "1"})
    assert (refused.status_code, "Indiquez un moment à venir" in text_of(refused)) == (422, True)
    manager.post(f"{page}annuler/")
    assert expected(shop) == before - 7500
    assert manager.get(f"{page}recevoir/").status_code == 302
    check_invariants()


def test_nothing_is_guessed_from_nothing_and_the_stock_is_filled_up_meanwhile(shop, manager, supplier):
    manager.post(f"{STOCK}{key('mozzarella')}/", {"reason": "count", "quantity": "1000"})
    page = text_of(manager.get(f"{STOCK}suggestion/"))
    assert "Trop peu d’historique" in page
    assert "0 jour" in page
    answer = manager.post(f"{STOCK}suggestion/{supplier.pk}/")
    with schema_context(shop.schema_name):
        made = Reception.objects.get(pk=int(re.search(r"/(\d+)/$", answer["Location"])[1]))
        level = StockLevel.objects.get(pk=key("mozzarella"))
        assert made.state == "draft"
        # Up to the usual level, less what is there and the usual deliveries that come before the one after.
        assert made.lines.get().expected >= level.par - 1000 - level.expected
    assert manager.post(f"{STOCK}suggestion/999999/").status_code == 404
