"""Rush mode and closed channels, as the staff tap them and as customers read them."""

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, variant
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import ServiceMode
from tenant_apps.orders.services import rush
from tenant_apps.shop.models import ShopSettings, TradingChange


def text_of(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(
    ("role", "address"), [(Role.COOK, "/cuisine/"), (Role.COUNTER, "/comptoir/"), (Role.MANAGER, "/gestion/")]
)
def test_each_screen_has_the_controls_of_the_rush(shop, make_staff, visit, role, address):
    answer = visit(shop, make_staff(role, shop)).get(address)
    assert answer.status_code == 200
    assert "Ajouter 10" in text_of(answer)


def test_a_tap_more_promises_ten_minutes_more_and_goes_back(shop, make_staff, visit):
    user = make_staff(Role.COOK, shop)
    cook = visit(shop, user)
    for minutes in ("10", "20", "0"):
        answer = cook.post("/comptoir/coup-de-feu/minutes/", {"minutes": minutes}, HTTP_HX_REQUEST="true")
        assert answer.status_code == 200
    assert "Alix" in text_of(answer)
    with schema_context(shop.schema_name):
        assert ShopSettings.objects.get().rush_minutes == 0
        assert list(TradingChange.objects.values_list("actor_id", flat=True)) == [user.pk] * 3


@pytest.mark.parametrize("values", [{"minutes": "17"}, {}])
def test_another_rush_is_refused(shop, make_staff, visit, values):
    assert visit(shop, make_staff(Role.COOK, shop)).post("/comptoir/coup-de-feu/minutes/", values).status_code == 409


def test_a_channel_is_closed_and_opened_again(shop, make_staff, visit):
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    counter.post("/comptoir/coup-de-feu/fermer/", {"channel": "all", "minutes_closed": "30"})
    page = text_of(counter.get("/comptoir/coup-de-feu/"))
    assert "La livraison sur le site est fermée jusqu’à" in page
    assert "Les commandes à emporter sur le site sont fermées jusqu’à" in page
    counter.post("/comptoir/coup-de-feu/rouvrir/", {"channel": "delivery"})
    with schema_context(shop.schema_name):
        settings = ShopSettings.objects.get()
    assert settings.web_delivery_closed_until_at is None
    assert settings.web_collection_closed_until_at > timezone.now()


def close_collection(shop) -> None:
    with schema_context(shop.schema_name):
        rush.close_web(shop=shop, modes=[ServiceMode.COLLECTION], minutes=30, by=COOK, now=timezone.now())


def test_customers_read_that_a_channel_is_closed_and_choose_a_later_time(shop, visit):
    customer = visit(shop)
    close_collection(shop)
    customer.post("/panier/ajouter/", {"variant": variant("margherita").pk, "quantity": 1})
    page = text_of(customer.get("/commander/a-emporter/"))
    assert "Les commandes à emporter sont fermées jusqu’à" in page
    assert "Choisissez une heure" in page
    assert "Dès que possible" not in page
    assert "Les commandes à emporter sont fermées jusqu’à" in text_of(customer.get("/"))


def test_an_order_for_a_channel_just_closed_is_refused_with_the_next_times(shop, visit):
    customer = visit(shop)
    customer.post("/panier/ajouter/", {"variant": variant("margherita").pk, "quantity": 1})
    close_collection(shop)
    contact = {"name": "Camille", "phone": "06 12 34 56 78", "email": "", "when": ""}
    answer = customer.post("/commander/a-emporter/", contact)
    assert answer.status_code == 422
    assert "Prochains créneaux" in text_of(answer)


def test_a_time_taken_since_the_page_was_shown_is_answered_with_the_next_ones(shop, visit):
    customer = visit(shop)
    customer.post("/panier/ajouter/", {"variant": variant("margherita").pk, "quantity": 1})
    contact = {"name": "Camille", "phone": "06 12 34 56 78", "email": "", "when": "2026-01-01T19:00:00+00:00"}
    answer = customer.post("/commander/a-emporter/", contact)
    assert answer.status_code == 422
    assert "Cette heure n’est plus disponible" in text_of(answer) or "n’est plus" in text_of(answer)
    assert "Prochains créneaux" in text_of(answer)


def test_the_counter_too_is_given_the_next_times(shop, make_staff, visit):
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    taking = counter.post("/comptoir/prise/")["Location"]
    counter.post(f"{taking}lignes/", {"line": "margherita"})
    contact = {"name": "Camille", "phone": "06 12 34 56 78", "channel": "phone", "mode": "collection"}
    answer = counter.post(f"{taking}passer/", contact | {"when": "2026-01-01T19:00:00+00:00"})
    assert answer.status_code == 422
    assert "Prochains créneaux" in text_of(answer)
