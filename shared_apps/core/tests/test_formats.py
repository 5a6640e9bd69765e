import datetime as dt
from decimal import Decimal

import pytest
from django.template import engines
from django.utils import timezone, translation

from shared_apps.core.templatetags import formats

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (dt.datetime(2026, 11, 23, 18, 5, tzinfo=dt.UTC), f"19{NBSP}h{NBSP}05"),
        (dt.datetime(2026, 7, 14, 18, 5, tzinfo=dt.UTC), f"20{NBSP}h{NBSP}05"),
        (dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC), f"0{NBSP}h{NBSP}30"),
        (dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC), f"2{NBSP}h{NBSP}30 (heure d’été)"),
        (dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), f"2{NBSP}h{NBSP}30 (heure d’hiver)"),
        (dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC), f"3{NBSP}h{NBSP}00"),
    ],
)
def test_a_moment_is_shown_by_the_clock_of_paris(moment, written):
    assert formats.clock(moment) == written


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        ("0", "g", f"0{NBSP}g"),
        ("2.50", "g", f"2,5{NBSP}g"),
        ("100", "g", f"100{NBSP}g"),
        ("999", "g", f"999{NBSP}g"),
        ("1000", "g", f"1{NBSP}kg"),
        ("1500", "g", f"1,5{NBSP}kg"),
        ("24000.00", "g", f"24{NBSP}kg"),
        ("-1500", "g", f"-1,5{NBSP}kg"),
        ("330", "ml", f"330{NBSP}ml"),
        ("1250", "ml", f"1,25{NBSP}l"),
    ],
)
def test_a_quantity_is_shown_in_the_unit_one_would_say(value, unit, written):
    assert formats.quantity(Decimal(value), unit) == written


def test_pieces_are_counted_in_words():
    with translation.override("en"):  # the source strings
        assert formats.quantity(Decimal("0"), "piece") == f"0{NBSP}piece"
        assert formats.quantity(Decimal("1.00"), "piece") == f"1{NBSP}piece"
        assert formats.quantity(Decimal("1.5"), "piece") == f"1,5{NBSP}piece"
        assert formats.quantity(Decimal("2.00"), "piece") == f"2{NBSP}pieces"
        assert formats.quantity(Decimal("140"), "piece") == f"140{NBSP}pieces"


@pytest.mark.parametrize(
    ("metres", "written"),
    [
        (0, f"0{NBSP}m"),
        (848, f"850{NBSP}m"),
        (994, f"990{NBSP}m"),
        (1000, f"1,0{NBSP}km"),
        (2340, f"2,3{NBSP}km"),
        (12_000, f"12,0{NBSP}km"),
    ],
)
def test_a_distance_is_shown_in_metres_then_in_kilometres(metres, written):
    assert formats.distance(metres) == written


@pytest.mark.parametrize("metres", [996, 999])
def test_a_distance_just_under_a_kilometre_is_not_a_thousand_metres(metres):
    assert formats.distance(metres) == f"1,0{NBSP}km"


def test_a_day_is_written_in_french_and_is_that_of_paris():
    assert formats.day(dt.date(2026, 11, 23)) == "lundi 23 novembre"
    assert formats.day(dt.datetime(2026, 11, 23, 23, 30, tzinfo=dt.UTC)) == "mardi 24 novembre"


def test_every_template_has_the_filters_without_loading_them():
    template = engines["django"].from_string("{{ cents|euros }} | {{ number|phone }} | {{ metres|distance }}")
    shown = template.render({"cents": 1250, "number": "+33612345678", "metres": 2340})
    pairs = NBSP.join(("06", "12", "34", "56", "78"))
    assert shown == f"12,50{NBSP}€ | {pairs} | 2,3{NBSP}km"


def test_a_day_is_said_only_when_it_is_not_today(monkeypatch):
    now = dt.datetime(2026, 11, 25, 22, 50, tzinfo=dt.UTC)  # 23 h 50 in Paris
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert formats.upcoming(now) == f"23{NBSP}h{NBSP}50"
    assert formats.upcoming(now + dt.timedelta(minutes=20)) == f"jeudi 26 novembre, 0{NBSP}h{NBSP}10"
    assert [formats.near_day(now + dt.timedelta(days=days)) for days in (0, 1, 2)] == [
        "aujourd’hui", "demain", "vendredi 27 novembre"
    ]  # fmt: skip
