"""Where a driver is: with consent, on the road, each ten seconds, without a hint, gone with the round and within a day."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_tenants.utils import schema_context

from shared_apps.accounts.models import Role
from shared_apps.live import hints
from tenant_apps.delivery import following, tasks
from tenant_apps.delivery.models import Position
from tenant_apps.delivery.services import positions
from tenant_apps.delivery.tests.doors import give, ready, send_out, tap

HERE = {"latitude": 50.6401, "longitude": 3.0637}
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def driver(shop, make_staff):
    return make_staff(Role.DRIVER, shop)


@pytest.fixture
def round_(shop, driver):
    return send_out(shop, driver, ready(shop), ready(shop, 3))


def test_nothing_is_kept_without_consent_nor_before_leaving(shop, driver):
    now = timezone.now()
    give(shop, driver, ready(shop))
    positions.share(driver_id=driver.pk, now=now)
    with pytest.raises(positions.NotFollowed):
        positions.keep(driver_id=driver.pk, now=now, **HERE)
    positions.stop_sharing(driver_id=driver.pk)
    order = ready(shop, 1)
    round_ = send_out(shop, driver, order)
    with pytest.raises(positions.NotFollowed):
        positions.keep(driver_id=driver.pk, now=now, **HERE)
    assert not Position.objects.exists()
    assert round_.left_at


def test_one_each_ten_seconds_is_kept_and_nobody_is_hinted(shop, driver, round_, monkeypatch):
    def told(**what):
        raise AssertionError("a position is no hint")

    monkeypatch.setattr(hints, "changed", told)
    now = timezone.now()
    positions.share(driver_id=driver.pk, now=now)
    kept = [positions.keep(driver_id=driver.pk, now=now + n * SECOND, **HERE) for n in (0, 4, 9, 10, 15, 20)]
    assert kept == [True, False, False, True, False, True]
    assert Position.objects.get().at == now + 20 * SECOND


def test_it_is_gone_with_the_round_and_with_the_consent(shop, driver, round_):
    now = timezone.now()
    positions.share(driver_id=driver.pk, now=now)
    positions.keep(driver_id=driver.pk, now=now, **HERE)
    positions.stop_sharing(driver_id=driver.pk)
    assert not Position.objects.exists()
    positions.share(driver_id=driver.pk, now=now)
    positions.keep(driver_id=driver.pk, now=now, **HERE)
    for stop in round_.stops.all():
        tap(shop, driver, "delivered", round_, stop.order, paid_by="cash")
    assert not Position.objects.exists()


def test_that_of_a_round_nobody_finished_is_erased_within_a_day(shop, driver, round_):
    seen = timezone.now() - dt.timedelta(hours=24)
    Position.objects.create(round=round_, at=seen, **HERE)
    with schema_context("public"):
        call_command("schedule_tasks")
        assert Schedule.objects.get(func="tenant_apps.delivery.tasks.forget_positions").schedule_type == Schedule.HOURLY
        OrmQ.objects.all().delete()
        tasks.forget_positions()
        assert OrmQ.objects.count() >= 1
    tasks.forget_positions_of(shop.id)
    assert not Position.objects.exists()


def test_the_phone_sends_it_and_the_page_asks_for_consent(shop, driver, round_, visit):
    phone = visit(shop, driver)
    sent = {"latitude": "50.6401", "longitude": "3.0637"}
    assert 'data-shares="no"' in phone.get("/livraisons/").content.decode()
    assert phone.post("/livraisons/position/", sent).status_code == 409
    phone.post("/livraisons/position/partager/")
    assert 'data-shares="yes"' in phone.get("/livraisons/").content.decode()
    assert phone.post("/livraisons/position/", sent).status_code == 204
    assert phone.post("/livraisons/position/", {"latitude": "ici"}).status_code == 422
    phone.post("/livraisons/position/ne-plus-partager/")
    assert phone.post("/livraisons/position/", sent).status_code == 409


def test_the_customer_sees_how_far_the_driver_is_and_no_other_door(shop, driver, visit):
    near, far = ready(shop), ready(shop, 4)
    round_ = send_out(shop, driver, near, far)
    now = timezone.now()
    positions.share(driver_id=driver.pk, now=now)
    positions.keep(driver_id=driver.pk, now=now, **HERE)
    page = visit(shop).get(f"/commande/{far.reference}/livreur/").content.decode()
    assert "1 arrêt avant le vôtre" in page
    assert "<svg" in page
    assert "de chez vous, au sud" in page
    assert near.street not in page
    assert "50.6401" not in page
    assert 'data-live-every="15"' in visit(shop).get(f"/commande/{far.reference}/").content.decode()
    with schema_context(shop.schema_name):
        tap(shop, driver, "arrived", round_, near)
        tap(shop, driver, "delivered", round_, near, paid_by="cash")
    assert "Il vient chez vous" in visit(shop).get(f"/commande/{far.reference}/livreur/").content.decode()
    with schema_context(shop.schema_name):
        tap(shop, driver, "arrived", round_, far)
    assert "à votre porte" in visit(shop).get(f"/commande/{far.reference}/livreur/").content.decode()
    assert visit(shop).get(f"/commande/{near.reference}/livreur/").content.decode().strip() == ""


def test_the_time_is_that_of_the_stops_and_moves_when_the_driver_is_late(shop, driver, round_):
    orders = [stop.order for stop in round_.stops.select_related("order__slot")]
    for order in orders:
        order.refresh_from_db()
    near, far = orders
    soon = following.progress(shop=shop, order=far, now=round_.left_at)
    assert (soon.stops_before, soon.expected_at) == (1, far.arrives_at)
    late = near.arrives_at + dt.timedelta(minutes=30)
    assert following.progress(shop=shop, order=far, now=late).expected_at == far.arrives_at + dt.timedelta(minutes=30)


def test_a_position_of_long_ago_is_not_shown(shop, driver, round_):
    now = timezone.now()
    Position.objects.create(round=round_, at=now - dt.timedelta(minutes=5), **HERE)
    order = round_.stops.last().order
    order.refresh_from_db()
    assert following.progress(shop=shop, order=order, now=now).map is None
