"""The screens of the legal pages, as somebody of head office uses them: plain forms, without a script."""

import html
import re

import pytest

from conftest import shop_of
from shared_apps.accounts.models import Role
from shared_apps.legal import queries
from shared_apps.legal.models import Draft, Page, Version
from shared_apps.legal.tests.written import in_days

PAGES, TERMS, SITE = "/siege/pages-legales/", "/siege/pages-legales/conditions-de-vente/", "/conditions-de-vente/"


@pytest.fixture
def head_office(db, make_staff, visit):
    return visit(None, make_staff(Role.HEAD_OFFICE))


def fields(answer) -> dict[str, str]:
    """What the form would send back as it is."""
    seen = re.search(r'name="seen" value="(\d*)"', answer.text)
    source = re.search(r'<textarea name="source"[^>]*>\s*(.*?)</textarea>', answer.text, re.S)
    return {"seen": seen[1], "source": html.unescape(source[1]), "applies_on": ""}


def typed(client, added: str = "Un mot de plus.", **changes: str) -> dict[str, str]:
    sent = fields(client.get(TERMS))
    return sent | {"source": f"{sent['source']}\n\n{added}"} | changes


def test_only_head_office_opens_the_legal_pages(db, visit, make_staff):
    shop = shop_of("nation")
    for address in (PAGES, TERMS):
        assert visit(None, make_staff(Role.MANAGER, shop)).get(address).status_code == 404
        assert visit(shop, make_staff(Role.MANAGER, shop)).get(address).status_code == 404
        assert visit().get(address).status_code == 302
    assert visit(None, make_staff(Role.MANAGER, shop)).post(TERMS, {"source": "Volé", "seen": 1}).status_code == 404
    assert not Version.objects.filter(source="Volé").exists()


def test_a_page_that_is_none_is_not_there(head_office):
    assert head_office.get(f"{PAGES}autre/").status_code == 404


def test_what_is_published_is_on_the_site_and_the_list_says_who(head_office, visit):
    answer = head_office.post(TERMS, typed(head_office) | {"publish": "1"}, follow=True)
    assert answer.redirect_chain
    for words in ("est publiée", "Alix", "En vigueur", "Remplacée", "Un mot de plus."):
        assert words in answer.text
    version = queries.last(page=Page.TERMS)
    shown = visit().get(SITE).text
    assert "Un mot de plus." in shown
    assert f"Version {version.name}" in shown
    assert f"{SITE}2026-11/" in shown  # the former one, at its own address
    former = visit().get(f"{SITE}2026-11/").text
    assert "Un mot de plus." not in former
    assert "en vigueur du" in former
    assert version.name in head_office.get(PAGES).text


def test_a_day_to_come_is_announced_and_changes_nothing_until_then(head_office, visit):
    day = in_days(30).isoformat()
    answer = head_office.post(TERMS, typed(head_office, applies_on=day) | {"publish": "1"}, follow=True)
    assert "elle s’appliquera à partir du" in answer.text
    assert "Un mot de plus." not in visit().get(SITE).text
    assert "qui s’applique à partir du" in visit().get(f"{SITE}{day}/").text


def test_a_preview_shows_the_text_with_its_values_and_publishes_nothing(head_office, settings):
    answer = head_office.post(TERMS, typed(head_office, "Écrivez à **{e-mail}**.") | {"preview": "1"})
    assert answer.status_code == 200
    assert "<strong>commandes@ocpizza.example</strong>" in answer.text
    assert "<ins>Écrivez à **{e-mail}**.</ins>" in answer.text
    assert Version.objects.filter(page=Page.TERMS).count() == 1


def test_what_was_previewed_is_a_draft_of_its_own_author(head_office, make_staff, visit):
    head_office.post(TERMS, typed(head_office) | {"preview": "1"})
    assert fields(head_office.get(TERMS))["source"].endswith("Un mot de plus.")
    assert "Votre brouillon" in head_office.get(PAGES).text
    colleague = visit(None, make_staff(Role.HEAD_OFFICE))
    assert "Un mot de plus." not in colleague.get(TERMS).text
    assert head_office.post(TERMS, {"drop": "1"}).status_code == 302
    assert "Un mot de plus." not in head_office.get(TERMS).text
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"added": "{sirte}"}, "{sirte} n’est aucun des noms donnés plus bas."),
        ({"added": "[ici](javascript:alert(1))"}, "est refusé"),
        ({"applies_on": "2020-01-01"}, "Ce jour est passé"),
        ({"applies_on": "demain"}, "date"),
        ({"seen": "beaucoup"}, "à corriger"),
    ],
)
def test_a_refusal_says_why_and_keeps_what_was_typed(head_office, changes, words):
    answer = head_office.post(TERMS, typed(head_office, **({"added": "Gardé ?"} | changes)) | {"publish": "1"})
    assert answer.status_code == 422
    assert "Erreur" in answer.text
    assert words in html.unescape(answer.text)
    assert fields(answer)["source"].endswith(changes.get("added", "Gardé ?"))
    assert Version.objects.filter(page=Page.TERMS).count() == 1


def test_a_draft_that_was_refused_is_there_the_next_day(head_office):
    head_office.post(TERMS, typed(head_office, "{sirte}") | {"publish": "1"})
    assert fields(head_office.get(TERMS))["source"].endswith("{sirte}")


def test_what_the_page_must_say_is_listed_with_its_value_and_asked_for(head_office, settings):
    page = head_office.get(TERMS)
    assert "{siret}" in page.text
    assert settings.GROUP_SIRET in page.text
    sent = fields(page)
    refused = head_office.post(TERMS, sent | {"source": sent["source"].replace("{siret}", "123"), "publish": "1"})
    assert refused.status_code == 422
    assert "{siret} manque" in refused.text


def test_the_second_editor_is_told_sees_what_changed_and_loses_nothing(head_office, make_staff, visit):
    mine = typed(head_office, "Le mien.")
    colleague = visit(None, make_staff(Role.HEAD_OFFICE))
    colleague.post(TERMS, typed(colleague, "Le sien.") | {"publish": "1"})
    answer = head_office.post(TERMS, mine | {"publish": "1"})
    assert answer.status_code == 422
    assert "pendant votre saisie" in answer.text
    assert "<ins>Le sien.</ins>" in answer.text
    assert fields(answer)["source"].endswith("Le mien.")
    again = head_office.get(TERMS)  # later: the draft is there, and still says so
    assert "<ins>Le sien.</ins>" in again.text
    assert head_office.post(TERMS, fields(answer) | {"publish": "1"}).status_code == 302
    assert queries.last(page=Page.TERMS).source.endswith("Le mien.")
    assert Version.objects.get(page=Page.TERMS, number=2).source.endswith("Le sien.")


def test_an_older_text_is_written_from_again(head_office):
    first = fields(head_office.get(TERMS))
    head_office.post(TERMS, typed(head_office) | {"publish": "1"})
    begun = fields(head_office.get(f"{TERMS}?depuis=2026-11"))
    assert (begun["source"], begun["seen"]) == (first["source"], "2")


def test_the_list_is_read_in_few_questions(head_office, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        head_office.get(PAGES)


def test_nothing_that_is_published_runs_nor_has_a_style(head_office, visit):
    attack = "<script>alert(1)</script> <b style=color:red onclick=alert(1)>x</b>\n\n| a | b |\n|:-:|--:|\n| c | d |"
    head_office.post(TERMS, typed(head_office, attack) | {"publish": "1"})
    shown = visit().get(SITE)
    article = shown.text.partition("<article")[2].partition("</article>")[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in article
    assert not re.search(r"<(script|b|style)\b|<[^>]* (on\w+|style)=", article)
