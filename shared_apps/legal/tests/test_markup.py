"""What is typed becomes text, a few tags, and nothing that runs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.legal import markup

TAG = re.compile(r"<[^>]*>")
OURS = re.compile(
    r"</?(p|h2|h3|ul|ol|li|strong|em|br|table|thead|tbody|tr|td|th|a)>"
    r'|<ol start="\d+">|<table class="cards">|<th scope="(col|row)">|<td data-label="[^"<>]*">'
    r'|<a href="(https://|mailto:|tel:|/)[^"<>]*">'
)
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<p style='position:fixed'>tout</p>",
    "<!-- <script> -->",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//ailleurs.example/)",
    "[x](/\\ailleurs.example/)",
    "[x](https:/\\ailleurs.example/)",
    "[x](vbscript:msgbox)",
    '[x](https://a.example/"onmouseover="alert(1))',
    '[x](https://a.example/ "onmouseover=alert(1)")',
    "![x](javascript:alert(1))",
    "![x](https://a.example/x.png)",
    "<javascript:alert(1)>",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "| a | b |\n| :---: | ---: |\n| <b onclick=alert(1)> | c |",
    '| a | "onclick="x |\n| --- | --- |\n| b | c |',
    "# {siret}\n\n{e-mail}",
)
VALUES = {"siret": "<script>alert(1)</script>", "e-mail": "[x](javascript:alert(1))"}


def html(source: str, **values: str) -> str:
    return markup.read(source, values).html


def is_ours(text: str) -> bool:
    """Every tag is one that the parser makes; whatever else has the look of one was escaped."""
    return all(OURS.fullmatch(tag) for tag in TAG.findall(text)) and "<" not in TAG.sub("", text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_typed_runs(attack):
    assert is_ours(html(attack, **VALUES))


@given(
    st.lists(
        st.sampled_from([*ATTACKS, *'<>"[](){}|*#-:&\\/ \n', "siret", "a", "javascript:", "https://"]), max_size=30
    )
)
def test_nothing_made_of_these_runs(parts):
    assert is_ours(html("".join(parts), **VALUES))


@given(st.text())
def test_a_value_is_text_whatever_it_holds(value):
    text = html("x{siret}y", siret=value)
    assert is_ours(text)
    assert len(TAG.findall(text)) == 2  # one paragraph


def test_headings_stand_below_the_page_s_own():
    assert html("# Un\n\n## Deux\n\n### Trois\n\n###### Six") == (
        "<h2>Un</h2>\n<h2>Deux</h2>\n<h3>Trois</h3>\n<h3>Six</h3>\n"
    )


def test_a_table_is_that_of_the_site_and_has_no_style():
    assert html("| Donnée | Durée |\n|:--:|--:|\n| Nom | {siret} |", siret="3 ans") == (
        '<table class="cards">\n<thead>\n<tr>\n<th scope="col">Donnée</th>\n<th scope="col">Durée</th>\n</tr>\n</thead>\n'
        '<tbody>\n<tr>\n<th scope="row">Nom</th>\n<td data-label="Durée">3 ans</td>\n</tr>\n</tbody>\n</table>\n'
    )


def test_a_value_in_a_link_leads_where_it_says():
    assert html("[écrire](mailto:{siret})", siret="commandes@ocpizza.example") == (
        '<p><a href="mailto:commandes@ocpizza.example">écrire</a></p>\n'
    )


def test_spaces_and_apostrophes_are_french():
    assert html("L'heure : 20 % de « plus » ; oui ?") == (
        "<p>L’heure\u00a0: 20\u00a0% de «\u00a0plus\u00a0»\u00a0; oui\u00a0?</p>\n"
    )


def test_a_line_is_a_line():
    assert html("1 rue de Paris\n59000 Lille\n\n- un\n- deux") == (
        "<p>1 rue de Paris<br>\n59000 Lille</p>\n<ul>\n<li>un</li>\n<li>deux</li>\n</ul>\n"
    )


def test_a_refused_link_is_named():
    text = markup.read("[ici](http://a.example) et [là](/mon-compte/)", {})
    assert text.refused_links == ("http://a.example",)
    assert '<a href="/mon-compte/">là</a>' in text.html
