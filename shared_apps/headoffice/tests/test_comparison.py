"""The page of the comparison: what it asks, shows, refuses, and its file."""

import csv
import datetime as dt
import io
import re
from urllib.parse import parse_qsl

import pytest
from django.db import connection
from django.utils import timezone

from conftest import open_shop
from shared_apps.accounts.models import Role
from shared_apps.core.calendar import PARIS, business_day
from shared_apps.headoffice import asking, charts
from shared_apps.headoffice.templatetags import comparing as words
from shared_apps.sales import comparing
from shared_apps.sales.comparing import Pair
from shared_apps.sales.models import HourlySales
from shared_apps.sales.spans import Comparison, Span
from tenants.models import Pizzeria

PAGE = "/siege/comparaison/"
DAY = dt.date(2026, 3, 10)
A_DAY = {"du": "2026-03-10", "au": "2026-03-10"}  # a Tuesday; compared with the Monday
NBSP = "\u00a0"


def sold(shop, day=DAY, hour=12, cents=1000, orders=1) -> None:
    HourlySales.objects.create(
        pizzeria_id=shop.id, day=day, hour=hour, channel="web", mode="delivery", bucket=0, orders=orders,
        ordered_cents=cents, taken_cents=cents, turnover_cents=cents,
    )  # fmt: skip


@pytest.fixture
def office(shop, make_staff, visit):
    return visit(None, make_staff(Role.HEAD_OFFICE))


def text(answer) -> str:
    return re.sub(r"\s*\n\s*", "", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_it_shows_each_shop_the_group_and_the_change(office, shop, neighbour):
    for place, cents, before in ((shop, 1500, 1000), (neighbour, 500, 1000)):
        sold(place, cents=cents)
        sold(place, DAY - dt.timedelta(days=1), cents=before)
    page = text(office.get(PAGE, A_DAY))
    for found in (shop.name, neighbour.name, f"15,00{NBSP}€", f"+50{NBSP}%", "en hausse", f"−50{NBSP}%", "en baisse",
                  f"20,00{NBSP}€", f"0{NBSP}% stable", "Mardi 10 mars 2026", "lundi 9 mars 2026"):  # fmt: skip
        assert found in page


def test_a_shop_opened_meanwhile_is_said_to_be_new_and_one_suspended_says_so(office, shop, neighbour):
    connection.set_schema_to_public()  # a shop's role changes no pizzeria
    Pizzeria.objects.filter(pk=shop.id).update(created_at=dt.datetime(2026, 3, 10, 9, tzinfo=PARIS))
    Pizzeria.objects.filter(pk=neighbour.id).update(created_at=dt.datetime(2025, 1, 1, tzinfo=PARIS), state="suspended")
    sold(shop)
    page = text(office.get(PAGE, A_DAY))
    assert f"{shop.name}   Nouvelle" in page
    assert f"{neighbour.name}   Suspendue" in page
    assert "rien avant" in page


def test_every_preset_and_choice_opens(office, shop):
    now = timezone.now()
    sold(shop, business_day(now - dt.timedelta(days=7)), hour=4)
    for preset in asking.PRESETS:
        for against in ("avant", "an"):
            assert office.get(PAGE, {"periode": preset, "avec": against}).status_code == 200


def test_what_is_not_understood_is_asked_as_by_default():
    asked = asking.read({"periode": "siecle", "avec": "rien", "tri": "-poids"})
    assert (asked.preset, asked.against, asked.order) == ("jour", "avant", "-ca")


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-11", "2026-03-10", "Le dernier jour suit le premier"),
        ("2024-01-01", "2026-03-10", "en un an au plus"),
        ("2026-03-01", "demain", "Saisissez une date valide"),
        ("", "2026-03-10", "Ce champ est obligatoire"),
        ("2026-03-01", "2099-01-01", "rien n’est encore vendu"),
    ],
)
def test_wrong_days_are_refused_in_words(office, first, last, said):
    answer = office.get(PAGE, {"du": first, "au": last})
    assert answer.status_code == 422
    assert said in text(answer)
    assert office.get(PAGE, {"du": first, "au": last, "fichier": "csv"}).status_code == 422


def test_a_period_without_a_sale_says_so(office):
    assert "Rien n’a été vendu, ni dans une période ni dans l’autre" in text(office.get(PAGE, A_DAY))


def test_rows_are_sorted_by_a_link(office, shop, neighbour):
    sold(shop, cents=1000, orders=2)
    sold(neighbour, cents=9000)
    sold(neighbour, DAY - dt.timedelta(days=1), cents=100)

    def names(**wanted: str) -> list[str]:
        return [row.name for row in office.get(PAGE, A_DAY | wanted).context["rows"]]

    assert names() == names(tri="-ca") == [neighbour.name, shop.name]
    assert names(tri="ca") == names(tri="-commandes") == [shop.name, neighbour.name]
    assert names(tri="pizzeria") == sorted([shop.name, neighbour.name])
    # Of a shop that sold nothing before, no change can be said: it is last, whichever way.
    assert names(tri="evolution") == names(tri="-evolution") == [neighbour.name, shop.name]


def test_links_keep_what_is_asked():
    asked = asking.read(A_DAY | {"avec": "an", "pizzeria": "nation", "tri": "-panier"})
    for link in (*asked.choices, *asked.orders):
        kept = dict(parse_qsl(link.query))
        assert {name: kept[name] for name in ("du", "au", "pizzeria")} == A_DAY | {"pizzeria": "nation"}
    turned = next(link for link in asked.orders if link.is_current)
    assert (dict(parse_qsl(turned.query))["tri"], turned.direction) == ("panier", "descending")
    assert "du" not in dict(parse_qsl(asked.presets[0].query))


def test_one_pizzeria_alone_and_one_that_is_not(office, shop, neighbour):
    sold(shop)
    sold(neighbour, cents=7700)
    page = text(office.get(PAGE, A_DAY | {"pizzeria": shop.slug}))
    assert f"Comparaison, {shop.name}" in page
    assert neighbour.name not in page
    assert office.get(PAGE, A_DAY | {"pizzeria": "personne"}).status_code == 404


def test_the_file_has_the_figures_of_the_page(office, shop, neighbour):
    sold(shop, cents=123_450, orders=3)
    sold(shop, DAY - dt.timedelta(days=1), cents=100_000, orders=2)
    answer = office.get(PAGE, A_DAY | {"fichier": "csv"})
    assert answer["Content-Disposition"] == 'attachment; filename="comparaison-2026-03-10-2026-03-10.csv"'
    content = answer.content.decode()
    assert content.startswith("\ufeffdu;au;du_avant;au_avant;jusqu_a;pizzeria;etat;chiffre_affaires;")
    rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff")), delimiter=";"))
    assert "ca_a_emporter_avant" in rows[0]
    assert rows[1][:6] == ["2026-03-10", "2026-03-10", "2026-03-09", "2026-03-09", "", shop.name]
    figures = ["1234,50", "1000,00", "23,5", "3", "2", "50,0", "411,50", "500,00", "-17,7", "1234,50", "1000,00"]
    assert rows[1][7:18] == figures
    assert rows[2][7:10] == ["0,00", "0,00", ""]
    assert (rows[-1][5], rows[-1][7:18]) == ("Le groupe", figures)
    assert {len(row) for row in rows} == {28}


def test_the_file_of_a_day_that_is_not_over_says_until_when(office):
    rows = office.get(PAGE, {"periode": "jour", "fichier": "csv"}).content.decode().splitlines()
    assert re.fullmatch(r"\d+ h", rows[1].split(";")[4])


def test_a_manager_is_not_let_in(shop, make_staff, visit):
    assert visit(None, make_staff(Role.MANAGER, shop)).get(PAGE).status_code == 404  # nobody in the group
    assert visit(shop, make_staff(Role.MANAGER, shop)).get(PAGE).status_code == 404  # no such page in a shop
    assert visit(None).get(PAGE)["Location"].startswith("/compte/connexion/")


def test_it_asks_as_much_for_two_shops_as_for_six(office, shop, django_assert_num_queries):
    sold(shop)
    office.get(PAGE, A_DAY)
    with django_assert_num_queries(6) as few:  # session, user, membership; sales, shops, products
        office.get(PAGE, A_DAY)
    for number in range(4):
        sold(open_shop(f"nouvelle-{number}"))
    with django_assert_num_queries(len(few)):
        office.get(PAGE, A_DAY)


def compared(first: Span, before: Span) -> comparing.Compared:
    return comparing.compare(comparison=Comparison(first, before))


def test_a_day_is_drawn_by_hour_a_month_by_day_a_year_by_week(shop):
    sold(shop, hour=12, cents=1000)
    sold(shop, hour=1, cents=500)
    one = charts.of(compared(Span(DAY, DAY), Span(DAY, DAY)))
    assert (one.unit, one.steps[0].label, one.steps[-1].label) == (
        "hour", f"12{NBSP}h{NBSP}–{NBSP}13{NBSP}h", f"1{NBSP}h{NBSP}–{NBSP}2{NBSP}h",
    )  # fmt: skip
    assert [step.now for step in one.steps] == [1000, *[0] * 12, 500]
    first = dt.date(2026, 3, 1)
    month = charts.of(compared(Span(first, dt.date(2026, 3, 31)), Span(dt.date(2026, 2, 1), dt.date(2026, 2, 28))))
    assert (month.unit, len(month.now), len(month.before)) == ("day", 31, 28)
    assert (month.steps[9].label, month.steps[9].now) == ("mardi 10 mars", 1500)
    assert (month.steps[30].label_before, month.steps[30].before) == ("", None)
    year = charts.of(
        compared(Span(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), Span(dt.date(2025, 1, 1), dt.date(2025, 12, 31)))
    )
    assert (year.unit, len(year.steps), sum(step.now for step in year.steps)) == ("week", 53, 1500)


def test_the_curves_stay_within_the_picture_and_a_refund_goes_under_zero(shop):
    sold(shop, cents=1700)
    sold(shop, DAY + dt.timedelta(days=1), cents=-300)
    chart = charts.of(compared(Span(DAY, DAY + dt.timedelta(days=1)), Span(DAY, DAY + dt.timedelta(days=1))))
    assert (chart.lowest, chart.highest) == (-400, 2000)
    assert [(x, y) for x, y in chart.now] == [("250.0", "30.0"), ("750.0", "230.0")]
    assert chart.zero == "200.0"


def test_the_picture_has_words_and_no_style_of_its_own(office, shop):
    sold(shop)
    page = office.get(PAGE, A_DAY).content.decode()
    assert '<title id="chart-title">Chiffre d’affaires des deux périodes</title>' in page
    assert "style=" not in page


@pytest.mark.parametrize(
    ("now", "before", "change", "trend"),
    [
        (1125, 1000, f"+12,5{NBSP}%", "en hausse"),
        (970, 1000, f"−3{NBSP}%", "en baisse"),
        (1000, 1000, f"0{NBSP}%", "stable"),
        (2_000_000, 100, f"+1\u202f999\u202f900{NBSP}%", "en hausse"),
        (100, 0, "", "rien avant"),
        (0, 0, "", "rien non plus avant"),
    ],
)
def test_a_change_is_said_by_sign_and_by_word(now, before, change, trend):
    assert (words.change(Pair(now, before)), words.trend(Pair(now, before))) == (change, trend)


def test_periods_and_quantities_in_french():
    first = dt.date(2026, 5, 1)
    assert words.span(Span(first, first)) == "vendredi 1er mai 2026"
    whole = Span(first, dt.date(2026, 5, 3), 20)
    assert words.span(whole) == f"du vendredi 1er mai 2026 au dimanche 3 mai 2026, jusqu’à 0{NBSP}h"
    assert (words.length_of(whole), words.length_of(Span(first, first))) == (f"3{NBSP}jours", f"1{NBSP}jour")
    assert [words.pieces(value) for value in (0, 50, 1250, 123_400, 275)] == ["0", "0,5", "12,5", "1\u202f234", "2,75"]
    assert (words.share_of(1, 3), words.share_of(1, 0)) == (f"33,3{NBSP}%", "—")
