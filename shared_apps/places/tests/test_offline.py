import pytest

from shared_apps.core.errors import RuleError
from shared_apps.places import offline, services
from shared_apps.places.geometry import Location, distance_m


def found(text: str) -> tuple[str, str, str]:
    location = offline.locate(text=text)
    return location.postcode, location.city, location.street


@pytest.mark.parametrize(
    "written",
    [
        "59000 Lille",
        "59000 LILLE",
        "59000, Lille",
        "59000\u00a0Lille",
        "59 000 Lille",
        "  59000   lille ",
        "Lille 59000",
        "Lille (59000)",
        "59000",
        "Lille",
        "LILLE",
        "lille",
    ],
)
def test_a_commune_is_found_by_its_name_its_postcode_or_both(written):
    assert found(written)[:2] == ("59000", "Lille")


@pytest.mark.parametrize("written", ["59800 Lille Cedex", "59800 LILLE CEDEX 9", "59800 Lille cedex 01"])
def test_cedex_is_no_part_of_the_name(written):
    assert found(written) == ("59800", "Lille", "")


def test_a_name_in_cedex_without_a_postcode_is_the_commune():
    assert found("Lille Cedex")[1] == "Lille"


@pytest.mark.parametrize("written", ["59033 Lille Cedex", "12 rue de Paris, 59040 LILLE CEDEX 2"])
def test_a_postcode_of_cedex_is_that_of_its_commune(written):
    assert found(written)[1] == "Lille"


@pytest.mark.parametrize(
    "written", ["Saint-Étienne", "saint etienne", "St Etienne", "st-étienne", "ST. ETIENNE", "42000 St-Étienne"]
)
def test_saint_may_be_shortened_and_accents_left_out(written):
    assert found(written)[:2] == ("42000", "Saint-Étienne")


@pytest.mark.parametrize("written", ["Sainte-Maxime", "Ste Maxime", "83120 STE MAXIME", "ste-maxime"])
def test_sainte_may_be_shortened(written):
    assert found(written)[:2] == ("83120", "Sainte-Maxime")


@pytest.mark.parametrize(
    ("written", "city"),
    [
        ("L'Haÿ-les-Roses", "L'Haÿ-les-Roses"),
        ("l hay les roses", "L'Haÿ-les-Roses"),
        ("Œting", "Œting"),
        ("oeting", "Œting"),
        ("Annœullin", "Annœullin"),
        ("annoeullin", "Annœullin"),
        ("Villeneuve d'Ascq", "Villeneuve-d'Ascq"),
        ("villeneuve d ascq", "Villeneuve-d'Ascq"),
        ("VILLENEUVE-D'ASCQ", "Villeneuve-d'Ascq"),
        ("Villeneuve-d’Ascq", "Villeneuve-d'Ascq"),
        ("59650 villeneuve d’ascq", "Villeneuve-d'Ascq"),
    ],
)
def test_accents_ligatures_apostrophes_and_hyphens_do_not_matter(written, city):
    assert found(written)[1] == city


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12 rue des Lilas, 59130 Lambersart", ("59130", "Lambersart", "12 rue des Lilas")),
        ("12 rue des Lilas 59130 Lambersart", ("59130", "Lambersart", "12 rue des Lilas")),
        ("12 rue des Lilas, Lambersart", ("59130", "Lambersart", "12 rue des Lilas")),
        ("3 bis rue de Béthune, 59000 Lille", ("59000", "Lille", "3 bis rue de Béthune")),
        ("12345 boulevard Victor-Hugo, 59000 Lille", ("59000", "Lille", "12345 boulevard Victor-Hugo")),
    ],
)
def test_the_street_is_kept_as_written(written, expected):
    assert found(written) == expected


def test_a_name_that_several_communes_bear_is_the_largest_of_them():
    assert found("Saint-Denis")[0] == "93200"


def test_the_postcode_decides_between_communes_of_one_name():
    assert found("30500 Saint-Denis")[0] == "30500"
    assert distance_m(offline.locate(text="30500 Saint-Denis"), offline.locate(text="93200 Saint-Denis")) > 300_000


def test_a_postcode_alone_is_the_middle_of_its_communes_and_is_named_after_the_largest():
    shared = offline.locate(text="59160")  # Lille and Capinghem
    lille, capinghem = offline.locate(text="59160 Lille"), offline.locate(text="59160 Capinghem")
    assert shared.city == "Lille"
    assert shared.latitude == pytest.approx((lille.latitude + capinghem.latitude) / 2)
    assert shared.longitude == pytest.approx((lille.longitude + capinghem.longitude) / 2)


@pytest.mark.parametrize("written", ["", "   ", ",", "00000", "Atlantis", "59000 Atlantis", "00000 Lille", "?!"])
def test_an_unknown_place_is_refused_in_words_that_repeat_it(written):
    with pytest.raises(offline.UnknownPlace) as refusal:
        offline.locate(text=written)
    assert isinstance(refusal.value, RuleError)
    assert written in str(refusal.value)


def test_a_very_long_text_is_refused_in_a_short_sentence():
    with pytest.raises(offline.UnknownPlace) as refusal:
        offline.locate(text="x" * 10_000)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize("written", ["59000 Lille", "12 rue des Lilas, 59130 Lambersart", "59160"])
def test_without_a_key_a_place_is_the_middle_of_its_commune_and_says_so(settings, written):
    settings.MAPS_API_KEY = ""
    location = services.locate(text=written)
    assert isinstance(location, Location)
    assert not location.precise


def test_without_a_key_travel_is_estimated_and_says_so(settings):
    settings.MAPS_API_KEY = ""
    lille, lambersart, lyon = (offline.locate(text=text) for text in ("59000 Lille", "59130 Lambersart", "69001 Lyon"))
    near, far = services.travel(origin=lille, destinations=[lambersart, lyon])
    assert near.estimated
    assert far.estimated
    assert 2_000 < near.distance_m < 8_000
    assert far.distance_m > 500_000
    assert near.minutes < far.minutes


def test_the_way_to_nowhere_is_empty(settings):
    settings.MAPS_API_KEY = ""
    assert services.travel(origin=offline.locate(text="Lille"), destinations=[]) == []
