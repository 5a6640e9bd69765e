import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shared_apps.catalogue import loading, pictures
from shared_apps.catalogue.pictures import Drawn

SVG = "{http://www.w3.org/2000/svg}"
FILES = loading.read()
ROOT = Path(__file__).resolve().parents[3]
PIZZAS = [
    Drawn(
        pizza["code"],
        pizza["base"],
        tuple(filter(None, (FILES.ingredients[code].get("drawing", "") for code in pizza["recipe"]))),
    )
    for pizza in FILES.pizzas
]
REINE = next(pizza for pizza in PIZZAS if pizza.code == "reine")
MARGHERITA = next(pizza for pizza in PIZZAS if pizza.code == "margherita")
DRAWN_EXTRAS = sorted({entry["drawing"] for entry in FILES.ingredients.values() if "extra" in entry})


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def everything() -> dict[str, str]:
    documents = {pizza.code: pictures.picture([pizza], label=pizza.code) for pizza in PIZZAS}
    documents["halves"] = pictures.picture([REINE, MARGHERITA], label="moitié Reine, moitié Margherita")
    documents["sprite"] = pictures.sprite(PIZZAS)
    documents["nothing on it"] = pictures.picture([Drawn("nue", "", ())], label="")
    documents["all of it"] = pictures.picture([Drawn("toute", "creme", tuple(pictures.TOPPINGS))], label="tout")
    return documents


@pytest.mark.parametrize("name", [*(pizza.code for pizza in PIZZAS), "halves", "sprite", "nothing on it", "all of it"])
def test_a_picture_is_well_formed_and_has_nothing_that_the_csp_forbids(name):
    root = parsed(everything()[name])
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox")
    for element in root.iter():
        assert element.tag not in (f"{SVG}style", f"{SVG}script", f"{SVG}foreignObject")
        forbidden = [key for key in element.keys() if key == "style" or key.startswith("on") or "href" in key]  # noqa: SIM118  an element, no dictionary
        assert forbidden == []


@pytest.mark.parametrize("name", ["reine", "halves", "sprite", "all of it"])
def test_names_inside_a_picture_are_unique_and_every_reference_is_found(name):
    svg = everything()[name]
    names = [element.get("id") for element in parsed(svg).iter() if element.get("id")]
    assert len(names) == len(set(names))
    references = {part.split(")")[0] for part in svg.split("url(#")[1:]}
    assert references
    assert references <= set(names)


def test_the_same_recipe_always_gives_the_same_picture():
    assert everything() == everything()


def test_the_picture_is_the_same_in_every_process():
    program = (
        f"from shared_apps.catalogue.pictures import Drawn, picture\nprint(picture([{REINE!r}], label='Reine'), end='')"
    )

    def drawn_with(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True
        )
        return done.stdout.decode()

    assert drawn_with("1") == drawn_with("2") == pictures.picture([REINE], label="Reine")


def test_the_order_of_the_ingredients_does_not_matter():
    reversed_reine = replace(REINE, drawings=REINE.drawings[::-1])
    assert pictures.picture([reversed_reine], label="") == pictures.picture([REINE], label="")


def test_no_two_pizzas_of_the_card_look_the_same():
    bodies = {pizza.code: pictures.picture([pizza], label="") for pizza in PIZZAS}
    for one, other in combinations(bodies, 2):
        assert bodies[one] != bodies[other]


@pytest.mark.parametrize("extra", DRAWN_EXTRAS)
def test_every_extra_changes_the_picture(extra):
    plain = Drawn("plain", "tomate", ())
    with_extra = replace(plain, drawings=(extra,))
    assert pictures.picture([with_extra], label="") != pictures.picture([plain], label="")
    before, after = (
        len(list(parsed(pictures.picture([each], label="")).iter(f"{SVG}g"))) for each in (plain, with_extra)
    )
    assert after - before == pictures.TOPPINGS[extra].pieces


def test_leaving_an_ingredient_out_changes_the_picture():
    assert len(REINE.drawings) > 1
    for drawing in REINE.drawings:
        without = replace(REINE, drawings=tuple(name for name in REINE.drawings if name != drawing))
        assert pictures.picture([without], label="") != pictures.picture([REINE], label="")


def test_another_sauce_changes_the_picture():
    assert len({pictures.picture([replace(REINE, base=base)], label="") for base in pictures.SAUCES}) == len(
        pictures.SAUCES
    )


def test_two_halves_are_drawn_side_by_side_and_the_sides_are_told_apart():
    halves = pictures.picture([REINE, MARGHERITA], label="")
    assert len(list(parsed(halves).iter(f"{SVG}clipPath"))) == 2
    assert halves != pictures.picture([MARGHERITA, REINE], label="")
    assert halves != pictures.picture([REINE], label="")


def test_every_ingredient_of_the_card_that_is_drawn_is_known_and_every_sauce_too():
    drawings = {entry["drawing"] for entry in FILES.ingredients.values() if entry.get("drawing")}
    assert drawings <= set(pictures.TOPPINGS)
    assert {pizza.base for pizza in PIZZAS} <= set(pictures.SAUCES)


def test_what_has_no_drawing_is_passed_over():
    assert pictures.picture([replace(REINE, drawings=(*REINE.drawings, "licorne"))], label="") == pictures.picture(
        [REINE], label=""
    )


def test_a_picture_says_what_it_shows_whatever_the_words():
    label = 'Reine <"grande"> & l’extra'
    root = parsed(pictures.picture([REINE], label=label))
    assert root.get("role") == "img"
    assert root.get("aria-label") == label


def test_the_sprite_has_a_named_view_of_every_pizza_and_no_two_overlap():
    views = {view.get("id"): view.get("viewBox") for view in parsed(pictures.sprite(PIZZAS)).iter(f"{SVG}view")}
    assert list(views) == [pizza.code for pizza in PIZZAS]
    assert len(set(views.values())) == len(PIZZAS)


def test_a_whole_card_is_a_small_file():
    assert len(pictures.sprite(PIZZAS).encode()) < 500_000


def test_the_card_s_files_are_those_that_are_drawn():
    content = tomllib.loads((loading.DATA / "pizzas.toml").read_text(encoding="utf-8"))
    assert len(content["pizza"]) == len(PIZZAS) >= 20
