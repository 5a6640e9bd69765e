from hypothesis import given
from hypothesis import strategies as st

from shared_apps.places.geometry import Location, distance_m
from tenant_apps.delivery import maps
from tenant_apps.delivery.maps import HEIGHT, WIDTH, Place

PLACES = st.builds(Place, st.floats(50.5, 50.8), st.floats(2.9, 3.3), st.just("door"), st.just("1"))


@given(st.lists(PLACES, min_size=1, max_size=8))
def test_every_place_is_on_the_map(places):
    drawn = maps.draw(places)
    assert all(0 < mark.x < WIDTH and 0 < mark.y < HEIGHT for mark in drawn.marks)
    assert drawn.scale_px <= WIDTH / 3 + 1


def test_north_is_up_and_the_scale_is_true():
    south, north = Place(50.60, 3.06, "shop", ""), Place(50.65, 3.06, "door", "")
    drawn = maps.draw([south, north])
    below, above = drawn.marks
    assert above.y < below.y
    metres = (below.y - above.y) * drawn.scale_m / drawn.scale_px
    assert abs(metres - distance_m(south, north)) < 0.03 * metres


def test_about_is_never_the_very_place_but_near():
    here = Location(50.64013, 3.06371, "", "")
    latitude, longitude = maps.approximate(here)
    assert (latitude, longitude) != (here.latitude, here.longitude)
    assert distance_m(here, Location(latitude, longitude, "", "")) < 200


def test_directions_are_said_in_words():
    shop = Location(50.6366, 3.0635, "", "")
    assert maps.direction(shop, Location(50.70, 3.0635, "", "")) == "au nord"
    assert maps.direction(shop, Location(50.60, 3.00, "", "")) == "au sud-ouest"
