"""A shift from its float to the cash handed in; the slots know who is there."""

import datetime as dt

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import ask
from shared_apps.accounts.models import Role
from tenant_apps.delivery import queries
from tenant_apps.delivery.models import Shift
from tenant_apps.delivery.services import shifts
from tenant_apps.delivery.tests.doors import press, ready
from tenant_apps.shop.models import ShopSettings


@pytest.fixture
def driver(shop, make_staff):
    return make_staff(Role.DRIVER, shop)


def test_the_slots_count_the_drivers_on_shift(shop, driver, make_staff):
    now = timezone.now()
    shifts.start(shop=shop, driver_id=driver.pk, float_cents=3000, now=now)
    shifts.start(shop=shop, driver_id=driver.pk, float_cents=5000, now=now)  # a double tap
    shifts.start(shop=shop, driver_id=make_staff(Role.DRIVER, shop).pk, float_cents=0, now=now)
    assert ShopSettings.objects.get().drivers_on_shift == 2
    assert queries.open_shift(driver.pk).float_cents == 3000
    shifts.end(shop=shop, driver_id=driver.pk, counted_cents=3000, reason="", now=now)
    assert ShopSettings.objects.get().drivers_on_shift == 1
    with pytest.raises(shifts.NotOnShift):
        shifts.end(shop=shop, driver_id=driver.pk, counted_cents=3000, reason="", now=now)


def test_a_driver_begins_delivers_for_cash_and_hands_it_in(shop, driver, visit):
    phone = visit(shop, driver)
    assert phone.post("/livraisons/service/commencer/", {"float_cents": "30,00"}).status_code == 302
    order = ready(shop, 0, ask("reine", 2))
    for act in ("prendre", "parti", "arrive"):
        assert press(phone, f"/{act}/$").status_code == 302
    press(phone, "/livre/$", means="cash")
    page = phone.get("/livraisons/").content.decode()
    carried = 3000 + order.total_cents
    assert f"{carried // 100},{carried % 100:02d}" in page
    short = phone.post("/livraisons/service/terminer/", {"counted_cents": "50,00", "reason": ""})
    assert short.status_code == 422
    assert "dites pourquoi" in short.content.decode()
    kept = phone.post("/livraisons/service/terminer/", {"counted_cents": "50,00", "reason": "monnaie rendue de trop"})
    assert kept.status_code == 302
    with schema_context(shop.schema_name):
        shift = Shift.objects.get()
        assert (shift.expected_cents, shift.difference_cents) == (carried, 5000 - carried)


def test_the_manager_sees_the_shifts_and_their_differences(shop, driver, make_staff, visit):
    now = timezone.now()
    shifts.start(shop=shop, driver_id=driver.pk, float_cents=3000, now=now - dt.timedelta(hours=1))
    shifts.end(shop=shop, driver_id=driver.pk, counted_cents=2900, reason="pièce tombée", now=now)
    page = visit(shop, make_staff(Role.MANAGER, shop)).get("/gestion/livreurs/").content.decode()
    assert "pièce tombée" in page
    assert "-1,00" in page
