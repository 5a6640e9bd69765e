from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.places import geometry
from shared_apps.places.geometry import Location


@dataclass(frozen=True)
class Somewhere:
    latitude: float
    longitude: float


LILLE = Somewhere(50.6366, 3.0635)
LYON = Somewhere(45.7640, 4.8357)
ANYWHERE = st.builds(Somewhere, st.floats(-90, 90), st.floats(-180, 180))


def test_lille_is_558_km_from_lyon_in_a_straight_line():
    assert geometry.distance_m(LILLE, LYON) == pytest.approx(558_000, rel=0.005)


def test_a_degree_of_latitude_is_111_km():
    assert geometry.distance_m(Somewhere(50, 3), Somewhere(51, 3)) == pytest.approx(111_195, abs=1)


def test_a_degree_of_longitude_is_shorter_away_from_the_equator():
    assert geometry.distance_m(Somewhere(60, 3), Somewhere(60, 4)) == pytest.approx(111_195 / 2, rel=0.001)


def test_a_point_is_nowhere_from_itself():
    assert geometry.distance_m(LILLE, LILLE) == 0


@given(ANYWHERE, ANYWHERE)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_the_globe(here, there):
    distance = geometry.distance_m(here, there)
    assert distance == pytest.approx(geometry.distance_m(there, here), abs=1e-3)
    assert 0 <= distance <= 20_016_000


def test_an_estimate_says_so_and_is_longer_than_the_straight_line():
    travel = geometry.estimate(LILLE, LYON)
    assert travel.estimated
    assert travel.distance_m == round(geometry.distance_m(LILLE, LYON) * 1.35)


@pytest.mark.parametrize(("road_m", "minutes"), [(320, 1), (350, 2), (990, 3), (1010, 4)])
def test_a_scooter_makes_20_km_an_hour_and_minutes_are_rounded_up(road_m, minutes):
    there = Somewhere(50 + road_m / 1.35 / 111_195, 3)
    assert geometry.estimate(Somewhere(50, 3), there).minutes == minutes


def test_no_way_takes_less_than_a_minute():
    assert geometry.estimate(LILLE, LILLE).minutes == 1


def test_the_nearest_come_first_and_no_more_than_asked():
    lambersart, roubaix, paris = Somewhere(50.65, 3.03), Somewhere(50.69, 3.18), Somewhere(48.85, 2.35)
    points = [paris, roubaix, LYON, lambersart]
    assert geometry.nearest(location=LILLE, points=points, limit=3) == [lambersart, roubaix, paris]
    assert geometry.nearest(location=LILLE, points=points, limit=10) == [lambersart, roubaix, paris, LYON]
    assert geometry.nearest(location=LILLE, points=[], limit=3) == []


def test_navigation_starts_where_the_driver_is():
    address = urlsplit(geometry.navigation_url(latitude=50.6366, longitude=3.0635))
    assert (address.scheme, address.hostname, address.path) == ("https", "www.google.com", "/maps/dir/")
    query = parse_qs(address.query)
    assert query["destination"] == ["50.6366,3.0635"]
    assert query["api"] == ["1"]
    assert "origin" not in query


def test_a_place_is_written_with_its_street_when_it_has_one():
    assert Location(0, 0, "59000", "Lille").label == "59000 Lille"
    assert Location(0, 0, "59000", "Lille", "1 rue Nationale").label == "1 rue Nationale, 59000 Lille"
