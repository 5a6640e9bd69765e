"""The screens of the card, as somebody of head office uses them: plain forms, without a script."""

import re

import pytest

from conftest import shop_of
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import ExtraOffer, Ingredient, Product, Size, Variant

CARD, NEW = "/siege/carte/", "/siege/carte/nouveau/"


@pytest.fixture
def head_office(db, make_staff, visit):
    return visit(None, make_staff(Role.HEAD_OFFICE))


def page(client, address: str):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer


def fields(answer) -> dict[str, str]:
    """What the form of a page would send back as it is."""
    sent = dict.fromkeys(re.findall(r'name="([^"]+)"[^>]* checked', answer.text), "on")
    for name, value in re.findall(r'<input type="(?:text|number|hidden)" name="([^"]+)" value="([^"]*)"', answer.text):
        sent[name] = value
    for name, value in re.findall(r'<input class="input" name="([^"]+)" value="([^"]*)"', answer.text):
        sent[name] = value
    for name, value in re.findall(r'<textarea name="([^"]+)"[^>]*>\s*([^<]*)</textarea>', answer.text):
        sent[name] = value
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', answer.text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def address_of(code: str) -> str:
    return f"{CARD}produits/{Product.objects.get(code=code).pk}/"


def price(code: str) -> int:
    return Variant.objects.get(product__code=code, size__code="classique").price_cents


def order_of(code: str) -> list[int]:
    """Of the small size, which has not the dough of the large one: the second line of the form."""
    variant = Variant.objects.get(product__code=code, size__code="classique")
    return [line.ingredient_id for line in variant.recipe.order_by("position")]


def price_field() -> str:
    return f"price_{Size.objects.get(code='classique').pk}"


def test_only_head_office_opens_the_card(db, visit, make_staff):
    shop = shop_of("nation")
    for address in (CARD, NEW, address_of("reine"), f"{CARD}ingredients/", f"{CARD}ingredients/nouveau/"):
        assert visit(None, make_staff(Role.MANAGER, shop)).get(address).status_code == 404
        assert visit(shop, make_staff(Role.MANAGER, shop)).get(address).status_code == 404
        assert visit().get(address).status_code == 302
    manager = visit(None, make_staff(Role.MANAGER, shop))
    assert manager.post(address_of("reine"), {"name": "Volée"}).status_code == 404
    assert not Product.objects.filter(name="Volée").exists()


def test_the_card_is_read_in_few_questions(head_office, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        assert "Margherita" in page(head_office, CARD).text


def test_the_card_is_searched_by_ingredient_without_accents_and_by_what_is_on_sale(head_office):
    found = page(head_office, f"{CARD}?q=CHEVRE").text
    assert "Chèvre miel" in found
    assert "Margherita" not in found
    off = page(head_office, f"{CARD}?voir=retires").text
    assert "Bière blonde" in off
    assert "Margherita" not in off
    assert "Rien sur la carte" in page(head_office, f"{CARD}?q=zzz").text


def test_a_price_and_a_name_are_changed_and_the_history_says_who(head_office):
    before = page(head_office, address_of("reine"))
    sent = fields(before) | {price_field(): "12,50", "name": "Royale"}
    answer = head_office.post(address_of("reine"), sent, follow=True)
    assert answer.redirect_chain
    assert price("reine") == 1250
    for words in ("Royale", "Alix", "Prix · Classique", "12,50", "Enregistré"):
        assert words in answer.text


def test_a_page_sent_back_as_it_is_changes_nothing(head_office):
    answer = head_office.post(address_of("reine"), fields(page(head_office, address_of("reine"))), follow=True)
    assert answer.status_code == 200
    assert "Rien n’a encore été changé" in answer.text
    assert Product.objects.get(code="reine").edited_at is None


def test_lines_are_added_and_taken_out_without_keeping_anything(head_office):
    sent = fields(page(head_office, address_of("reine")))
    lines = sum(name.endswith("-ingredient") for name in sent)
    more = head_office.post(address_of("reine"), sent | {"more": "1", "name": "En cours"})
    assert more.status_code == 200
    assert sum(name.endswith("-ingredient") for name in fields(more)) == lines + 3
    assert fields(more)["name"] == "En cours"
    fewer = fields(head_office.post(address_of("reine"), sent | {"drop": "0"}))
    assert sum(name.endswith("-ingredient") for name in fewer) == lines - 1
    assert fewer["line-0-ingredient"] == sent["line-1-ingredient"]
    assert Product.objects.get(code="reine").name == "Reine"


def test_a_line_is_moved_and_the_kitchen_reads_the_recipe_in_that_order(head_office):
    sent = fields(page(head_office, address_of("reine")))
    moved = head_office.post(address_of("reine"), sent | {"up": "3"})
    assert moved.status_code == 200
    after = fields(moved)
    assert (after["line-2-ingredient"], after["line-3-ingredient"]) == (
        sent["line-3-ingredient"],
        sent["line-2-ingredient"],
    )
    assert re.search(r'name="up" value="2" autofocus', moved.text)  # pressed again, it is this line that goes up
    assert order_of("reine")[1] == int(sent["line-2-ingredient"])  # nothing is kept yet
    assert head_office.post(address_of("reine"), after).status_code == 302
    assert order_of("reine")[1] == int(sent["line-3-ingredient"])
    assert "Ordre de la recette" in page(head_office, address_of("reine")).text


def test_the_first_line_goes_no_higher_and_the_last_no_lower(head_office):
    sent = fields(page(head_office, address_of("reine")))
    last = sum(name.endswith("-ingredient") for name in sent) - 1
    for button in ({"up": "0"}, {"down": str(last)}, {"up": "99"}, {"down": "x"}):
        after = fields(head_office.post(address_of("reine"), sent | button))
        assert after["line-0-ingredient"] == sent["line-0-ingredient"]
    assert re.search(r'name="down" value="0" autofocus', head_office.post(address_of("reine"), sent | {"up": "1"}).text)


def test_a_refusal_says_what_lacks_and_keeps_what_was_typed(head_office):
    sent = fields(page(head_office, address_of("reine"))) | {price_field(): "", "description": "Tout juste écrite"}
    answer = head_office.post(address_of("reine"), sent)
    assert answer.status_code == 422
    assert "Classique\u00a0: donnez un prix." in answer.text
    assert "Tout juste écrite" in answer.text
    assert price("reine") > 0


def test_a_line_without_a_quantity_is_told_at_the_line(head_office):
    sent = fields(page(head_office, address_of("reine")))
    size = price_field().removeprefix("price_")
    sent |= {name: "" for name in sent if name.startswith("line-3-") and name != "line-3-ingredient"}
    answer = head_office.post(address_of("reine"), sent)
    assert answer.status_code == 422
    assert 'id="wrong-3"' in answer.text
    assert "beaucoup" in head_office.post(address_of("reine"), sent | {f"line-2-{size}": "beaucoup"}).text


def test_the_second_editor_is_told_and_keeps_their_own_input(head_office):
    shown = fields(page(head_office, address_of("reine")))
    head_office.post(address_of("reine"), shown | {price_field(): "12,50"})
    second = head_office.post(address_of("reine"), shown | {"description": "La mienne"})
    assert second.status_code == 422
    assert "pendant votre saisie" in second.text
    assert "La mienne" in second.text
    assert "12,50" in second.text  # in the history, on the same page
    assert price("reine") == 1250
    head_office.post(address_of("reine"), fields(second))
    assert Product.objects.get(code="reine").description == "La mienne"


def test_a_new_pizza_begins_with_its_doughs_and_is_sold(head_office, visit):
    sent = fields(page(head_office, f"{NEW}?categorie=pizza"))
    row = next(int(name.split("-")[1]) for name in sent if name.endswith("-ingredient") and not sent[name])
    mozzarella = Ingredient.objects.get(code="mozzarella").pk
    sizes = Size.objects.values_list("pk", flat=True)
    sent |= {"name": "Ardennaise", "steps": "Étaler le pâton.\nCuire.", "published": "on"}
    sent |= {f"line-{row}-ingredient": str(mozzarella)}
    sent |= {f"price_{size}": "11" for size in sizes} | {f"line-{row}-{size}": "90" for size in sizes}
    answer = head_office.post(f"{NEW}?categorie=pizza", sent, follow=True)
    assert answer.status_code == 200
    made = Product.objects.get(code="ardennaise")
    assert made.variants.count() == 2
    menu = visit(shop_of("nation")).get("/").text
    assert "Ardennaise" in menu


def test_a_new_drink_has_one_price(head_office):
    address = f"{NEW}?categorie=autre"
    sent = fields(page(head_office, address)) | {"name": "Kéfir", "category": "drink", "price_one": "3,20"}
    answer = head_office.post(address, sent, follow=True)
    assert answer.redirect_chain
    assert Variant.objects.get(product__code="kefir").price_cents == 320


def test_an_ingredient_is_made_then_changed(head_office):
    address = f"{CARD}ingredients/nouveau/"
    size = price_field().removeprefix("price_")
    sent = fields(page(head_office, address)) | {"name": "Fourme", "par_quantity": "4000", "unit": "g"}
    assert "À vérifier" not in head_office.post(address, sent, follow=True).text
    made = Ingredient.objects.get(code="fourme")
    assert not made.allergens_declared
    assert "À vérifier" in page(head_office, f"{CARD}ingredients/?q=fourme").text
    sent = {"seen": "", **fields(page(head_office, f"{CARD}ingredients/{made.pk}/"))}
    sent |= {"allergens": ["milk"], "allergens_declared": "on", f"quantity_{size}": "60", f"price_{size}": "2"}
    answer = head_office.post(f"{CARD}ingredients/{made.pk}/", sent, follow=True)
    assert answer.redirect_chain
    made.refresh_from_db()
    assert (made.allergens, made.allergens_declared) == (["milk"], True)
    assert ExtraOffer.objects.get(ingredient=made).price_cents == 200


def test_a_meat_without_its_origin_is_refused_in_words(head_office):
    ham = Ingredient.objects.get(code="jambon")
    address = f"{CARD}ingredients/{ham.pk}/"
    answer = head_office.post(address, fields(page(head_office, address)) | {"origin": ""})
    assert answer.status_code == 422
    assert "d’où vient la viande" in answer.text
    assert Ingredient.objects.get(pk=ham.pk).origin == ham.origin
