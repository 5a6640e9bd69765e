"""The dispatcher's screen: who has what, who takes what, and what follows a failure."""

from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.accounts.models import Role
from tenant_apps.delivery.models import Stop
from tenant_apps.delivery.services import positions
from tenant_apps.delivery.tests.doors import begin, ready, send_out, tap
from tenant_apps.orders.models import FailureReason, Order


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def test_a_ready_delivery_is_given_to_a_driver_moved_and_taken_back(shop, make_staff, visit):
    order = ready(shop)
    shifts = [begin(shop, make_staff(Role.DRIVER, shop)) for _ in range(2)]
    desk = visit(shop, make_staff(Role.COUNTER, shop))
    assert f"/comptoir/{order.pk}/confier/" in text_of(desk.get("/comptoir/tournees/"))
    for shift in shifts:
        assert desk.post(f"/comptoir/{order.pk}/confier/", {"shift": shift.pk}).status_code == 302
    with schema_context(shop.schema_name):
        assert Stop.objects.get(state="waiting").round.shift == shifts[1]
    assert "Reprendre" in text_of(desk.get("/comptoir/tournees/tableau/"))
    desk.post(f"/comptoir/{order.pk}/reprendre/")
    assert "Prêtes à partir (1)" in text_of(desk.get("/comptoir/tournees/tableau/"))
    refused = desk.post(f"/comptoir/{order.pk}/confier/", {"shift": "rien"})
    assert (refused.status_code, "commencé son service" in text_of(refused)) == (409, True)


def test_it_says_when_nobody_is_there_and_nothing_waits(shop, make_staff, visit):
    page = text_of(visit(shop, make_staff(Role.COUNTER, shop)).get("/comptoir/tournees/"))
    assert "Aucun livreur en service" in page
    assert "Rien n’attend de livreur" in page


def test_a_failure_is_decided_by_the_counter_and_written_off_by_the_manager(shop, make_staff, visit):
    driver = make_staff(Role.DRIVER, shop)
    orders = [ready(shop), ready(shop, 1)]
    round_ = send_out(shop, driver, *orders)
    for order in orders:
        tap(shop, driver, "failed", round_, order, reason=FailureReason.ABSENT, words="portail fermé")
    desk, manager = (visit(shop, make_staff(role, shop)) for role in (Role.COUNTER, Role.MANAGER))
    page = text_of(desk.get("/comptoir/tournees/"))
    assert "portail fermé" in page
    assert "Passer en perte" not in page
    assert "Absent" in text_of(desk.get(f"/comptoir/{orders[0].pk}/"))
    submission = str(orders[0].submission)
    sent = {"follow_up": "second_delivery", "submission": submission}
    assert desk.post(f"/comptoir/{orders[0].pk}/suite/", sent).status_code == 302
    lost = {"follow_up": "loss", "submission": str(orders[1].submission)}
    assert desk.post(f"/comptoir/{orders[1].pk}/suite/", lost).status_code == 409
    assert manager.post(f"/comptoir/{orders[1].pk}/suite/", lost).status_code == 302
    assert manager.post(f"/comptoir/{orders[1].pk}/suite/", {"follow_up": "rien"}).status_code == 302
    with schema_context(shop.schema_name):
        assert [Order.objects.get(pk=order.pk).state for order in orders] == ["ready", "cancelled"]


def test_the_map_shows_the_drivers_who_agreed_with_its_words(shop, make_staff, visit):
    driver = make_staff(Role.DRIVER, shop)
    send_out(shop, driver, ready(shop))
    desk = visit(shop, make_staff(Role.COUNTER, shop))
    assert "Aucun livreur sur la route ne partage" in text_of(desk.get("/comptoir/tournees/carte/"))
    with schema_context(shop.schema_name):
        positions.share(driver_id=driver.pk, now=timezone.now())
        positions.keep(driver_id=driver.pk, latitude=50.65, longitude=3.0635, now=timezone.now())
    page = text_of(desk.get("/comptoir/tournees/carte/"))
    assert "de la pizzeria, au nord" in page
    assert page.count('class="driver"') == 1


def test_the_board_asks_as_much_for_one_delivery_as_for_many(shop, make_staff, visit, django_assert_num_queries):
    desk, driver = visit(shop, make_staff(Role.COUNTER, shop)), make_staff(Role.DRIVER, shop)
    send_out(shop, driver, ready(shop))
    desk.get("/comptoir/tournees/tableau/")
    with django_assert_num_queries(9) as few:
        desk.get("/comptoir/tournees/tableau/")
    with schema_context(shop.schema_name):
        send_out(shop, make_staff(Role.DRIVER, shop), *(ready(shop, number) for number in range(1, 4)))
        ready(shop, 4)
    with django_assert_num_queries(len(few)):
        desk.get("/comptoir/tournees/tableau/")
