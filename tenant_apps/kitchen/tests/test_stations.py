import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, COUNTER, MANAGER, ask, check_invariants, place
from shared_apps.accounts.models import Role
from tenant_apps.orders.invariants import broken
from tenant_apps.orders.lifecycle import MoveRefused, Station
from tenant_apps.orders.models import Order, OrderEvent, OrderLine
from tenant_apps.orders.services import changing, kitchen, stations
from tenant_apps.shop.models import ShopSettings


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


@pytest.fixture
def cook(shop, make_staff, visit):
    ShopSettings.objects.update(kitchen_stations=True)
    return visit(shop, make_staff(Role.COOK, shop))


def tickets(browser, station: str) -> list[int]:
    page = text_of(browser.get(f"/cuisine/bons/?poste={station}"))
    return [int(number) for number in re.findall(r'id="ticket-(\d+)"', page)]


def everywhere(browser) -> list[list[int]]:
    return [tickets(browser, station) for station in ("preparation", "four", "expedition")]


def send(browser, order, station: str, **sent):
    return browser.post(f"/cuisine/bons/{order.pk}/passer/{station}/?poste={station}", sent)


def take(shop, order, *, passed: bool) -> None:
    now = timezone.now()
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
        if passed:
            stations.pass_on(shop=shop, order_id=order.pk, station=Station.PREPARATION, by=COOK, now=now)


def lines_of(shop, order) -> list[OrderLine]:
    with schema_context(shop.schema_name):
        return list(OrderLine.objects.filter(order=order).order_by("position"))


def test_a_pizza_goes_from_station_to_station_by_taps(shop, cook):
    order = place(shop, ask("margherita", 2))
    assert everywhere(cook) == [[order.pk], [], []]
    cook.post(f"/cuisine/bons/{order.pk}/prendre/?poste=preparation")
    assert everywhere(cook) == [[order.pk], [], []]
    assert send(cook, order, "preparation")["Location"] == "/cuisine/?poste=preparation"
    assert everywhere(cook) == [[], [order.pk], []]
    send(cook, order, "four")
    assert everywhere(cook) == [[], [], [order.pk]]
    cook.post(f"/cuisine/bons/{order.pk}/pret/?poste=expedition")
    assert everywhere(cook) == [[], [], []]
    with schema_context(shop.schema_name):
        passed = OrderEvent.objects.filter(order=order, reason="station")
        assert [(event.detail["from"], event.detail["to"], event.detail["lines"]) for event in passed] == [
            ("preparation", "oven", [0]),
            ("oven", "dispatch", [0]),
        ]
    check_invariants()


def test_drinks_and_cold_sides_go_straight_to_the_dispatch(shop, cook):
    mixed, cold = place(shop, ask("reine"), ask("cola-33cl", size=None)), place(shop, ask("salade-verte", size=None))
    assert everywhere(cook) == [[mixed.pk], [], [cold.pk]]
    assert "Cola" not in text_of(cook.get("/cuisine/bons/?poste=preparation"))
    for order in (mixed, cold):
        cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    assert everywhere(cook) == [[mixed.pk], [], [mixed.pk, cold.pk]]
    page = text_of(cook.get("/cuisine/bons/?poste=expedition"))
    assert "1 pizza n’est pas encore sortie" in page
    assert cook.post(f"/cuisine/bons/{cold.pk}/pret/?poste=expedition").status_code == 302


def test_it_is_ready_only_when_all_is_there(shop, cook):
    order = place(shop, ask("reine"), ask("orientale", 2), ask("cola-33cl", size=None))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    for station, missing in (("preparation", 3), ("four", 3), (None, 0)):
        answer = cook.post(f"/cuisine/bons/{order.pk}/pret/?poste=expedition")
        assert answer.status_code == (409 if missing else 302)
        if station:
            assert f"{missing} pizzas ne sont pas encore sorties" in text_of(answer)
            send(cook, order, station)
    with schema_context(shop.schema_name):
        assert Order.objects.get().state == "ready"


def test_one_line_of_a_ticket_passes_alone(shop, cook):
    order = place(shop, ask("reine"), ask("orientale"))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    first, second = lines_of(shop, order)
    send(cook, order, "preparation", line=second.pk)
    assert [line.station for line in lines_of(shop, order)] == [Station.PREPARATION, Station.OVEN]
    assert (
        "Orientale"
        not in text_of(cook.get("/cuisine/bons/?poste=preparation")).partition('class="tools"')[0].partition("board")[2]
    )
    assert send(cook, order, "preparation", line=second.pk).status_code == 409  # a second tap
    send(cook, order, "preparation", line=first.pk)
    assert everywhere(cook) == [[], [order.pk], []]


def test_the_customer_reads_in_the_oven_when_the_kitchen_says_so_and_not_before(shop, cook, visit):
    order = place(shop, ask("reine"), ask("orientale"))
    customer = visit(shop)
    state = f"/commande/{order.reference}/etat/"
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    first, second = lines_of(shop, order)
    send(cook, order, "preparation", line=first.pk)
    assert "Au four" not in text_of(customer.get(state))  # the other one is still being made
    send(cook, order, "preparation", line=second.pk)
    assert re.search(r'class="now"[^>]*><span>Au four', text_of(customer.get(state)))
    cook.post(f"/cuisine/bons/{order.pk}/ramener/preparation/", {"line": second.pk})
    assert "Au four" not in text_of(customer.get(state))


def test_a_tap_is_undone_at_its_station_and_recalled_later(shop, cook):
    order = place(shop, ask("reine"), ask("orientale"))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    send(cook, order, "preparation")
    page = text_of(cook.get("/cuisine/bons/?poste=preparation"))
    assert page.count(f"/cuisine/bons/{order.pk}/ramener/preparation/") == 4  # ten seconds above, then in the recalls
    sent = {"line": [line.pk for line in lines_of(shop, order)]}
    cook.post(f"/cuisine/bons/{order.pk}/ramener/preparation/?poste=preparation", sent)
    assert everywhere(cook) == [[order.pk], [], []]
    send(cook, order, "preparation")
    send(cook, order, "four")
    assert f"/cuisine/bons/{order.pk}/ramener/" not in text_of(cook.get("/cuisine/bons/?poste=preparation"))
    cook.post(f"/cuisine/bons/{order.pk}/ramener/four/?poste=four", sent)
    assert everywhere(cook) == [[], [order.pk], []]
    check_invariants()


def test_a_station_recalls_twenty(shop, cook):
    for _order in range(21):
        order = place(shop, ask("margherita"))
        take(shop, order, passed=True)
    page = text_of(cook.get("/cuisine/bons/?poste=preparation"))
    assert page.partition('id="recall"')[2].count('action="/cuisine/bons/') == 20


def test_what_is_in_the_oven_stays_taken(shop, cook):
    order = place(shop, ask("reine"))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    send(cook, order, "preparation")
    assert "déjà au four" in text_of(cook.post(f"/cuisine/bons/{order.pk}/annuler-la-prise/"))


def test_a_station_is_not_skipped_nor_passed_by_others(shop, cook):
    order = place(shop, ask("reine"))
    with schema_context(shop.schema_name):
        for by, station in ((COUNTER, Station.PREPARATION), (COOK, Station.DISPATCH)):
            with pytest.raises(MoveRefused):
                stations.pass_on(shop=shop, order_id=order.pk, station=station, by=by, now=timezone.now())
    assert send(cook, order, "preparation").status_code == 409  # not taken yet
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    assert send(cook, order, "four").status_code == 409  # still being made
    assert send(cook, order, "cave").status_code == 404


def test_a_line_of_another_order_does_not_pass_with_it(shop, cook):
    order, other = place(shop, ask("reine")), place(shop, ask("orientale"))
    for taken in (order, other):
        cook.post(f"/cuisine/bons/{taken.pk}/prendre/")
    stranger = lines_of(shop, other)[0]
    assert send(cook, order, "preparation", line=stranger.pk).status_code == 409
    assert lines_of(shop, other)[0].in_oven_at is None


def test_a_cancelled_ticket_flashes_where_its_pizzas_are(shop, cook):
    order = place(shop, ask("reine"))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    send(cook, order, "preparation")
    with schema_context(shop.schema_name):
        changing.cancel(shop=shop, order_id=order.pk, by=MANAGER, now=timezone.now())
    assert everywhere(cook) == [[], [order.pk], []]
    page = text_of(cook.get("/cuisine/bons/?poste=four"))
    assert "ANNULÉE" in page
    assert "/passer/" not in page
    cook.post(f"/cuisine/bons/{order.pk}/vu/2/?poste=four")
    assert everywhere(cook) == [[], [], []]


def cancelled_in_three_places(shop, cook):
    """A pizza in preparation, one in the oven, a drink at the dispatch; then cancelled."""
    order = place(shop, ask("reine"), ask("margherita"), ask("cola-33cl", size=None))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    send(cook, order, "preparation", line=lines_of(shop, order)[0].pk)
    with schema_context(shop.schema_name):
        changing.cancel(shop=shop, order_id=order.pk, by=MANAGER, now=timezone.now())
    return order


def test_each_station_acknowledges_for_itself(shop, cook):
    order = cancelled_in_three_places(shop, cook)
    seen = f"/cuisine/bons/{order.pk}/vu/2/?poste="
    assert everywhere(cook) == [[order.pk], [order.pk], [order.pk]]
    cook.post(f"{seen}four")
    cook.post(f"{seen}four")  # a double tap
    assert everywhere(cook) == [[order.pk], [], [order.pk]]
    assert "ANNULÉE" in text_of(cook.get("/cuisine/bons/?poste=preparation"))
    assert "ANNULÉE" in text_of(cook.get("/cuisine/bons/"))  # the screen of all waits for the last of them
    cook.post(f"{seen}expedition")
    cook.post(f"{seen}preparation")
    assert everywhere(cook) == [[], [], []]
    with schema_context(shop.schema_name):
        assert not Order.objects.get(pk=order.pk).must_be_acknowledged
        by_whom = OrderEvent.objects.filter(order=order, reason="seen").order_by("id").values_list("detail", flat=True)
        assert [detail["station"] for detail in by_whom] == ["oven", "dispatch", "preparation"]
    check_invariants()


def test_the_screen_of_all_stations_acknowledges_for_all(shop, cook):
    order = cancelled_in_three_places(shop, cook)
    cook.post(f"/cuisine/bons/{order.pk}/vu/2/")
    assert everywhere(cook) == [[], [], []]


def test_the_screen_of_all_stations_offers_the_next_tap_of_each_ticket(shop, cook):
    order = place(shop, ask("reine"))
    for act, words in (
        ("prendre", "Mettre au four"),
        ("passer/preparation", "Sortir du four"),
        ("passer/four", "Prêt"),
    ):
        page = text_of(cook.post(f"/cuisine/bons/{order.pk}/{act}/", HTTP_HX_REQUEST="true"))
        assert re.search(rf'id="act-{order.pk}">{words}', page)


def test_a_shop_that_goes_back_to_one_screen_keeps_its_two_taps(shop, cook):
    order = place(shop, ask("reine"))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    send(cook, order, "preparation")
    with schema_context(shop.schema_name):
        ShopSettings.objects.update(kitchen_stations=False)
    page = text_of(cook.get("/cuisine/?poste=four"))
    assert "Tous les postes" not in page
    assert f"/cuisine/bons/{order.pk}/pret/" in page
    assert cook.post(f"/cuisine/bons/{order.pk}/pret/").status_code == 302
    check_invariants()


def test_a_line_left_in_the_oven_of_a_ready_order_is_seen(shop, cook):
    order = place(shop, ask("reine"))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    send(cook, order, "preparation")
    with schema_context(shop.schema_name):
        Order.objects.update(state="ready")
        found = [row.detail for row in broken(pizzeria_id=shop.id) if "oven" in row.invariant]
    assert found == [f"commande {order.pk} : ready, et une ligne au four"]


@pytest.mark.parametrize("wrong", ["in_oven_at = now() WHERE NOT baked", "out_of_oven_at = now() WHERE baked"])
def test_the_database_keeps_the_order_of_the_stations(shop, wrong):
    place(shop, ask("reine"), ask("cola-33cl", size=None))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE orders_orderline SET {wrong}")


def test_a_station_asks_as_much_for_one_ticket_as_for_many(shop, cook, django_assert_num_queries):
    place(shop, ask("reine"))
    cook.get("/cuisine/bons/?poste=preparation")
    with django_assert_num_queries(8) as few:
        cook.get("/cuisine/bons/?poste=preparation")
    for _order in range(4):
        order = place(shop, ask("reine"), ask("orientale", 2))
        take(shop, order, passed=False)
    take(shop, place(shop, ask("reine")), passed=True)
    with django_assert_num_queries(len(few)):
        cook.get("/cuisine/bons/?poste=preparation")
