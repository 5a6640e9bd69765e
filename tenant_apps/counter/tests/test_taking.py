import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import schema_context

from conftest import ask, place
from shared_apps.accounts.models import Role
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import ServiceMode
from tenant_apps.orders import queries
from tenant_apps.orders.models import Order
from tenant_apps.orders.services.wishes import Contact, Wishes

HOME = Contact("Camille Martin", "+33612345678", street="3 rue Nationale", postcode="59000", city="Lille",
               details="2e étage", latitude=50.637, longitude=3.063)  # fmt: skip


@pytest.fixture
def counter(shop, make_staff, visit):
    return visit(shop, make_staff(Role.COUNTER, shop))


@pytest.fixture
def draft(counter):
    """The address of an order being taken."""
    return counter.post("/comptoir/prise/")["Location"]


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def orders(shop):
    with schema_context(shop.schema_name):
        return list(Order.objects.order_by("id"))


def test_an_order_by_phone_is_that_of_the_web(shop, counter, draft):
    counter.post(f"{draft}lignes/", {"line": "2 reine / orientale -olives"})
    contact = {"phone": "06 12 34 56 78", "name": "Camille", "channel": "phone", "mode": "collection", "when": ""}
    answer = counter.post(f"{draft}passer/", contact)
    (order,) = orders(shop)
    assert answer["Location"] == f"/comptoir/{order.pk}/"
    assert (order.channel, order.total_cents, order.contact_phone) == ("phone", 2 * 1350, "+33612345678")
    assert order.terms_version == ""  # nobody on the phone was shown them
    with schema_context(shop.schema_name):
        assert order.reservations.exists()
        assert order.events.get().capacity == "counter"


def test_a_double_tap_takes_one_order(shop, counter, draft):
    counter.post(f"{draft}lignes/", {"line": "reine"})
    contact = {"phone": "0612345678", "name": "Camille", "channel": "counter", "mode": "eat_in", "when": ""}
    assert counter.post(f"{draft}passer/", contact)["Location"] == counter.post(f"{draft}passer/", contact)["Location"]
    assert [order.mode for order in orders(shop)] == ["eat_in"]


def test_a_caller_is_looked_up_in_an_index_however_many_orders_there_are(shop):
    place(shop, ask("margherita"))
    with CaptureQueriesContext(connection) as asked:
        queries.caller("+33612345678")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table of one row is read whole
        cursor.execute(f"EXPLAIN {asked.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "order_by_phone" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("typed", ["06 12 34 56 78", "0612345678", "+33 6 12 34 56 78", "06.12.34.56.78"])
def test_a_known_caller_is_found_by_any_writing_of_the_number(shop, counter, draft, typed):
    place(shop, ask("reine", 2), wishes=Wishes(ServiceMode.DELIVERY), contact=HOME)
    page = text_of(counter.get(f"{draft}client/", {"phone": typed}))
    for words in ("Camille Martin", "3 rue Nationale", "2 × Reine", 'data-postcode="59000"'):
        assert words in page


def test_the_same_again_is_one_key(shop, counter, draft):
    order = place(shop, ask("reine", 2))
    page = text_of(counter.post(f"{draft}refaire/{order.pk}/", HTTP_HX_REQUEST="true"))
    assert "2 × Reine" in page
    assert "23,80 €" in page


def test_what_is_not_understood_is_said_and_the_rest_stays(counter, draft):
    counter.post(f"{draft}lignes/", {"line": "reine"})
    page = text_of(counter.post(f"{draft}lignes/", {"line": "sushi"}, HTTP_HX_REQUEST="true"))
    assert "Rien ici ne s’appelle « sushi »" in page
    assert "1 × Reine" in page


def test_a_delivery_asks_for_its_address_and_the_zone_is_checked(shop, counter, draft):
    counter.post(f"{draft}lignes/", {"line": "2 reine"})
    contact = {"phone": "0612345678", "name": "Camille", "channel": "phone", "mode": "delivery", "when": ""}
    assert counter.post(f"{draft}passer/", contact).status_code == 422
    far = contact | {"street": "1 rue", "postcode": "69001", "city": "Lyon"}
    assert "ne livre pas à cette adresse" in text_of(counter.post(f"{draft}passer/", far))
    near = contact | {"street": "3 rue Nationale", "postcode": "59000", "city": "Lille"}
    assert counter.post(f"{draft}passer/", near).status_code == 302
    assert [order.city for order in orders(shop)] == ["Lille"]


def test_a_parked_order_is_taken_up_again_by_anybody_at_the_counter(shop, counter, draft, make_staff, visit):
    counter.post(f"{draft}lignes/", {"line": "reine"})
    counter.post(f"{draft}mettre-en-attente/", {"name": "Monsieur au chapeau"})
    other = visit(shop, make_staff(Role.COUNTER, shop))
    page = text_of(other.get("/comptoir/"))
    assert "Monsieur au chapeau · 1 article" in page
    assert "1 × Reine" in text_of(other.get(re.search(r"/comptoir/prise/[0-9a-f-]{36}/", page)[0]))


def test_a_line_and_a_draft_are_taken_away(counter, draft):
    counter.post(f"{draft}lignes/", {"line": "reine"})
    line = Basket.objects.get(is_counter=True).lines.get()
    assert "Rien encore" in text_of(counter.post(f"{draft}lignes/{line.pk}/retirer/", HTTP_HX_REQUEST="true"))
    counter.post(f"{draft}abandonner/")
    assert not Basket.objects.filter(is_counter=True).exists()


def test_the_draft_of_another_shop_is_not_there(counter, draft, neighbour, make_staff, visit):
    stranger = visit(neighbour, make_staff(Role.COUNTER, neighbour))
    assert stranger.get(draft).status_code == 404


def test_an_order_to_collect_shows_its_time_and_keeps_no_address(shop, counter, draft):
    counter.post(f"{draft}lignes/", {"line": "reine"})
    contact = {"phone": "0612345678", "name": "Camille", "channel": "phone", "mode": "collection", "when": ""}
    home = {"street": "3 rue Nationale", "postcode": "59000", "city": "Lille"}
    answer = counter.post(f"{draft}passer/", contact | home)
    assert orders(shop)[0].city == ""
    page = text_of(counter.get(answer["Location"]))
    assert "<strong>À emporter</strong> ·" in page
