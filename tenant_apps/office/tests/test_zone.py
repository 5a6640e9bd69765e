"""The manager says where the shop delivers and for how much; it holds at once, and an address is tried against it."""

import html
import re

import pytest
from django_tenants.utils import schema_context

from shared_apps.accounts.models import AuditEntry, Role
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ZoneKind

URL = "/gestion/reglages/zone/"


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


@pytest.fixture
def keep(shop, manager):
    def send(**changes):
        plain = {"delivery_radius_m": "5000", "delivery_fee_cents": "2,90", "delivery_minimum_cents": "15,00"}
        return manager.post(URL, plain | {"zone_kind": "radius"} | changes)

    return send


def settings(shop):
    with schema_context(shop.schema_name):
        return shop_queries.settings()


def tried(manager, address: str) -> str:
    return text_of(manager.get(URL, {"adresse": address}))


def test_communes_are_chosen_around_the_shop_or_written(shop, manager, keep, visit):
    assert "59110 La Madeleine" in text_of(manager.get(URL))
    answer = keep(zone_kind="communes", communes=["59110 La Madeleine"], others="59800, Villeneuve-d’Ascq")
    assert answer.status_code == 302
    kept = settings(shop)
    assert kept.zone_kind == ZoneKind.COMMUNES
    assert kept.zone_communes[:2] == ["59110 La Madeleine", "59800"]
    assert "Villeneuve-d" in kept.zone_communes[2]
    assert "livrée, 2,90 €" in tried(manager, "3 rue Nationale, 59110 La Madeleine").replace("\u00a0", " ")
    assert "hors zone" in tried(manager, "59280 Armentières")
    assert "59110 La Madeleine" in text_of(visit(shop).get("/"))
    assert AuditEntry.objects.get(act="settings").after["zone_kind"] == "communes"


def test_a_line_is_typed_or_pasted_as_geojson(shop, manager, keep):
    line = "50.60, 3.00\n50.60, 3.10\n50.70, 3.10\n50.70, 3.00"
    assert keep(zone_kind="polygon", polygon=line).status_code == 302
    drawn = settings(shop).zone_polygon
    assert drawn[0] == [50.60, 3.00]
    geojson = '{"type":"Polygon","coordinates":[[[3.0,50.6],[3.1,50.6],[3.1,50.7],[3.0,50.7],[3.0,50.6]]]}'
    assert keep(zone_kind="polygon", polygon=geojson).status_code == 302
    assert settings(shop).zone_polygon == drawn
    assert '<polygon class="zone" points="-' in manager.get(URL).content.decode()
    assert "hors zone" in tried(manager, "59280 Armentières")


def test_bands_set_fee_and_minimum_by_distance(shop, manager, keep, visit):
    bands = {"band_0_km": "2", "band_0_fee": "1,90", "band_0_minimum": "12"}
    bands |= {"band_1_km": "6,5", "band_1_fee": "3,90", "band_1_minimum": "20"}
    assert keep(delivery_radius_m="9000", **bands).status_code == 302
    assert settings(shop).delivery_bands == [[2000, 190, 1200], [6500, 390, 2000]]
    page = text_of(visit(shop).get("/")).replace("\u00a0", " ")
    assert "1,90 € à 3,90 €" in page
    assert "à partir de 12,00 €" in page
    assert 'value="6,5"' in manager.get(URL).content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zone_kind": "communes"}, "Choisissez au moins une commune"),
        ({"zone_kind": "communes", "others": "99999"}, "Nous ne connaissons pas"),
        ({"zone_kind": "polygon", "polygon": ""}, "au moins 3 coins"),
        ({"zone_kind": "polygon", "polygon": "{}"}, "n’est pas un polygone GeoJSON"),
        ({"band_0_km": "3"}, "sa distance, ses frais et son minimum"),
        ({"zone_kind": "partout"}, "partout"),
    ],
)
def test_what_is_no_zone_is_said_at_its_field_and_changes_nothing(shop, keep, wrong, said):
    answer = keep(**wrong)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert settings(shop).zone_kind == ZoneKind.RADIUS


def test_the_counter_says_the_same(shop, manager, keep, make_staff, visit):
    keep(zone_kind="communes", communes=["59110 La Madeleine"])
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    draft = counter.post("/comptoir/prise/")["Location"]
    asked = {"mode": "delivery", "street": "3 rue Nationale"}
    there = text_of(counter.get(f"{draft}zone/", asked | {"postcode": "59110", "city": "La Madeleine"}))
    assert "Livrable" in there
    here = text_of(counter.get(f"{draft}zone/", asked | {"postcode": "59000", "city": "Lille"}))
    assert "Hors zone" in here
