import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.places.geometry import Location
from tenant_apps.shop.models import ShopSettings
from tenant_apps.shop.zones import Offered, WrongZone, contains, crosses_itself, offered, read_polygon, terms

SQUARE = [[0, 0], [0, 10], [10, 10], [10, 0]]
NOTCHED = [[0, 0], [0, 10], [10, 10], [5, 5], [10, 0]]  # a square whose north side is pushed in to the middle
SHOP = Location(50.63, 3.06, "59000", "Lille")


def north(metres: int) -> Location:
    return Location(SHOP.latitude + metres / 111_195, SHOP.longitude, "59000", "Lille")


@pytest.mark.parametrize(("latitude", "longitude"), [(5, 0), (0, 5), (10, 5), (5, 10), (0, 0), (10, 10)])
def test_an_edge_or_a_corner_is_inside(latitude, longitude):
    assert contains(SQUARE, latitude=latitude, longitude=longitude)


def test_the_notch_of_a_concave_zone_is_outside():
    assert not contains(NOTCHED, latitude=8, longitude=5)
    assert contains(NOTCHED, latitude=4, longitude=5)
    assert contains(NOTCHED, latitude=8, longitude=1)


@given(st.integers(-3, 13), st.integers(-3, 13))
def test_either_way_round_it_agrees_with_the_plain_definition(latitude, longitude):
    in_square = 0 <= latitude <= 10 and 0 <= longitude <= 10
    in_notched = in_square and latitude <= max(longitude, 10 - longitude)
    for turned in (1, -1):
        assert contains(SQUARE[::turned], latitude=latitude, longitude=longitude) == in_square
        assert contains(NOTCHED[::turned], latitude=latitude, longitude=longitude) == in_notched


def test_without_polygon_nor_bands_the_radius_and_the_only_fee_apply():
    settings = ShopSettings(delivery_radius_m=3000, delivery_fee_cents=250, delivery_minimum_cents=1400)
    found = terms(shop=SHOP, place=north(2900), settings=settings)
    assert found is not None
    assert (found.fee_cents, found.minimum_cents, found.distance_m) == (250, 1400, 2900)
    assert terms(shop=SHOP, place=north(3100), settings=settings) is None


@pytest.mark.parametrize(("metres", "price"), [(1999, (190, 1200)), (2001, (290, 1500)), (5001, None)])
def test_the_shortest_band_that_reaches_sets_the_fee_and_the_minimum(metres, price):
    settings = ShopSettings(delivery_radius_m=9000, delivery_bands=[[5000, 290, 1500], [2000, 190, 1200]])
    found = terms(shop=SHOP, place=north(metres), settings=settings)
    assert (found and (found.fee_cents, found.minimum_cents)) == price


def test_a_polygon_replaces_the_radius():
    polygon = [[50.62, 3.05], [50.62, 3.07], [50.70, 3.07], [50.70, 3.05]]
    settings = ShopSettings(delivery_radius_m=1000, zone_kind="polygon", zone_polygon=polygon)
    assert terms(shop=SHOP, place=north(6000), settings=settings)
    assert terms(shop=SHOP, place=north(-2000), settings=settings) is None


MADELEINE = Location(50.655, 3.07, "59110", "La Madeleine")


@pytest.mark.parametrize(
    ("communes", "place", "delivered"),
    [
        (["59110 La Madeleine"], MADELEINE, True),
        (["59110 la madeleine"], MADELEINE, True),
        (["59110"], MADELEINE, True),
        (["59000 Lille"], MADELEINE, False),
        (["59000 Lille"], Location(50.63, 3.04, "59800", "LILLE"), True),  # another postcode of the same commune
        (["59000"], Location(50.63, 3.04, "59800", "Lille"), False),
        (["76220 Beauvoir-en-Lyons"], Location(50.63, 3.04, "59110", "Beauvoir-en-Lyons"), False),
        ([], MADELEINE, False),
    ],
)
def test_communes_replace_the_radius(communes, place, delivered):
    settings = ShopSettings(delivery_radius_m=1, zone_kind="communes", zone_communes=communes)
    assert (terms(shop=SHOP, place=place, settings=settings) is not None) == delivered


def test_bands_price_a_zone_by_communes_too():
    settings = ShopSettings(zone_kind="communes", zone_communes=["59110"], delivery_bands=[[5000, 390, 2000]])
    assert terms(shop=SHOP, place=MADELEINE, settings=settings).fee_cents == 390


def test_what_is_said_before_an_address_is_known():
    plain = ShopSettings(delivery_fee_cents=290, delivery_minimum_cents=1500)
    assert offered(plain) == Offered(290, 290, 1500)
    bands = ShopSettings(delivery_bands=[[5000, 390, 2000], [2000, 190, 1200]])
    assert offered(bands) == Offered(190, 390, 1200)


def test_a_line_is_read_corner_by_corner():
    text = "50.62, 3.05\n50.62 3.07\n\n 50.64;3.07\n50.62, 3.05"
    assert read_polygon(text, shop=SHOP) == [[50.62, 3.05], [50.62, 3.07], [50.64, 3.07]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50.62, 3.05\n50.62, 3.07",
        "midi, minuit\n1, 2\n3, 4",
        "48.85, 2.35\n48.86, 2.35\n48.86, 2.36",
        "50.62, 3.05\n50.64, 3.07\n50.64, 3.05\n50.62, 3.07",
    ],
    ids=["nothing", "two corners", "words", "in Paris", "crossing itself"],
)
def test_a_line_that_is_none_is_refused(text):
    with pytest.raises(WrongZone):
        read_polygon(text, shop=SHOP)


def test_a_concave_line_does_not_cross_itself():
    assert not crosses_itself(NOTCHED)
    assert crosses_itself([[0, 0], [1, 1], [1, 0], [0, 1]])
