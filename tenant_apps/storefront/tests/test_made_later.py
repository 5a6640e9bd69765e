"""Sold out now, there tomorrow: what the shop's pages say of it, and what they take."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import variant
from shared_apps.catalogue.models import Ingredient
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import receiving, stocktaking
from tenant_apps.stock.models import Movement, Supplier
from tenant_apps.stock.services import receptions
from tenant_apps.stock.services.movements import Where
from tenants.hosts import Shop

COLLECTION = "/commander/a-emporter/"
CONTACT = {"name": "Camille Martin", "phone": "06 12 34 56 78"}


@pytest.fixture
def comes_at(shop: Shop) -> dt.datetime:
    """No burrata now, three of them in twenty hours."""
    burrata, now = Ingredient.objects.get(code="burrata").pk, timezone.now()
    stocktaking.record(
        shop=shop, reason=Movement.Reason.COUNT, ingredient_id=burrata, quantity=Decimal(0), actor_id=None, now=now
    )
    supplier = Supplier.objects.create(name="Crèmerie", delivers_by=dt.time(10))
    moment = now + dt.timedelta(hours=20)
    draft = receptions.plan(
        where=Where(shop.id, shop.schema_name), supplier_id=supplier.pk, expected_at=moment,
        quantities={burrata: Decimal(3)}, actor_id=None, now=now,
    )  # fmt: skip
    receiving.order(shop=shop, reception_id=draft.pk, actor_id=None, now=now)
    return moment


@pytest.fixture
def client(shop, comes_at, visit):
    visitor = visit(shop)
    visitor.post("/panier/ajouter/", {"variant": variant("burrata").pk})
    return visitor


def page_of(client, path: str) -> str:
    return client.get(path).content.decode().replace("\u00a0", " ")


def times(page: str) -> list[dt.datetime]:
    return [dt.datetime.fromisoformat(value) for value in re.findall(r'<option value="([^"]+)"', page)]


def test_the_card_and_the_customiser_say_from_when_and_still_take_it(client):
    card = page_of(client, "/")
    dish = next(part for part in card.split('<li class="card dish') if ">Burrata</a>" in part)
    assert "de nouveau possible" in dish
    assert "Ajouter" in dish
    customiser = page_of(client, "/carte/burrata/")
    assert "Vous pouvez commander pour plus tard" in customiser
    assert "disabled" not in customiser


def test_the_basket_offers_it_for_later_and_the_checkout_only_the_times_when_it_can_be_made(client, comes_at):
    assert "une livraison est attendue" in page_of(client, "/panier/")
    offered = times(page_of(client, COLLECTION))
    assert min(offered) >= comes_at + dt.timedelta(minutes=20)


def test_it_is_ordered_for_one_of_these_times_and_not_for_now(shop, client):
    soonest = times(page_of(client, COLLECTION))[0]
    refused = client.post(COLLECTION, CONTACT)
    assert refused.status_code == 422
    assert "C’est de nouveau possible" in refused.content.decode()
    assert client.post(COLLECTION, CONTACT | {"when": soonest.isoformat()}).status_code == 302
    with schema_context(shop.schema_name):
        assert Order.objects.get().slot.starts_at == soonest


def test_more_than_comes_is_not_offered_at_all(client):
    client.post("/panier/ajouter/", {"variant": variant("burrata").pk})
    line = re.search(r"/panier/lignes/\d+/", client.get("/panier/").content.decode())
    client.post(line[0], {"quantity": "4"})
    page = page_of(client, "/panier/")
    assert "manque ici" in page
    assert COLLECTION not in page
