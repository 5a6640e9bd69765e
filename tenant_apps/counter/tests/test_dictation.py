import pytest

from conftest import variant
from shared_apps.catalogue.models import Ingredient
from tenant_apps.counter.dictation import NotUnderstood, read
from tenant_apps.shop import queries as shop_queries


@pytest.fixture
def card(shop):
    return shop_queries.whole_card()


def key(code: str) -> int:
    return Ingredient.objects.get(code=code).pk


@pytest.mark.parametrize(
    ("typed", "code", "size", "quantity"),
    [
        ("reine", "reine", "classique", 1),
        ("2 reine", "reine", "classique", 2),
        ("2x REINE grande", "reine", "grande", 2),
        ("12 reine g", "reine", "grande", 12),
        ("4 from", "quatre-fromages", "classique", 4),
        ("quatre f g", "quatre-fromages", "grande", 1),
        ("végét", "vegetarienne", "classique", 1),
        ("3 chev mi", "chevre-miel", "classique", 3),
    ],
)
def test_what_fingers_type_in_a_hurry(card, typed, code, size, quantity):
    line = read(typed, card)
    assert (line.configuration.variant_id, line.quantity) == (variant(code, size).pk, quantity)


def test_two_halves_without_and_with(card):
    line = read("2 reine g / oriental -champ +oeuf", card)
    wanted = line.configuration
    assert (wanted.variant_id, wanted.other_half_id) == (
        variant("reine", "grande").pk,
        variant("orientale", "grande").pk,
    )
    assert wanted.removed == {key("champignons")}
    assert wanted.extras == {key("oeuf")}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Tapez par exemple"),
        ("0 reine", "Tapez par exemple"),
        ("reine / orientale / burger", "Tapez par exemple"),
        ("sushi", "Rien ici ne s’appelle «\u00a0sushi\u00a0»"),
        ("quatre", "peut être\u00a0: Quatre fromages, Quatre saisons"),
        ("reine -chocolat", "Rien ici ne s’appelle «\u00a0chocolat\u00a0»"),
        ("reine -pâton", "Rien ici ne s’appelle"),
    ],
)
def test_what_is_not_understood_is_said(card, typed, words):
    with pytest.raises(NotUnderstood) as refusal:
        read(typed, card)
    assert words in str(refusal.value)
