"""What the manager reads of the drivers."""

from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.accounts.models import Role
from tenant_apps.delivery.services import shifts
from tenant_apps.delivery.tests.doors import ready, send_out, tap
from tenant_apps.orders.models import FailureReason


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def test_deliveries_failures_cash_and_differences_are_counted_by_driver(shop, make_staff, visit):
    driver = make_staff(Role.DRIVER, shop)
    delivered, failed = ready(shop), ready(shop, 1)
    round_ = send_out(shop, driver, delivered, failed)
    tap(shop, driver, "delivered", round_, delivered, paid_by="cash")
    tap(shop, driver, "failed", round_, failed, reason=FailureReason.REFUSED)
    counted = 3000 + delivered.total_cents - 50
    shifts.end(shop=shop, driver_id=driver.pk, counted_cents=counted, reason="=pièce", now=timezone.now())
    manager = visit(shop, make_staff(Role.MANAGER, shop))
    page = text_of(manager.get("/gestion/livreurs/"))
    assert 'data-label="Livraisons">1<' in page
    assert 'data-label="Échecs">1<' in page
    assert "-0,50 €" in page
    file = manager.get("/gestion/livreurs/?format=csv").content.decode("utf-8-sig")
    line = file.splitlines()[1].split(";")
    assert line[3:5] == ["1", "1"]
    assert line[-2:] == ["-0,50", "'=pièce"]


def test_it_asks_as_much_for_one_shift_as_for_many(shop, make_staff, visit, django_assert_num_queries):
    manager = visit(shop, make_staff(Role.MANAGER, shop))

    def work():
        with schema_context(shop.schema_name):
            driver = make_staff(Role.DRIVER, shop)
            order = ready(shop)
            tap(shop, driver, "delivered", send_out(shop, driver, order), order, paid_by="cash")

    work()
    manager.get("/gestion/livreurs/")
    with django_assert_num_queries(4) as few:
        manager.get("/gestion/livreurs/")
    work()
    work()
    with django_assert_num_queries(len(few)):
        manager.get("/gestion/livreurs/")
