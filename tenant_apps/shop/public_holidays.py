"""The French public holidays, computed for any year, and those on which a shop stays closed: pure."""

import datetime as dt
import functools
from collections.abc import Iterable

import holidays
from django.db import models
from django.utils.translation import gettext_lazy as _

MOSELLE_AND_ALSACE = ("57", "67", "68")  # departments of local law, with two days more


class Region(models.TextChoices):
    """Whose days: of the whole country, or of local law (Code du travail L3134-13)."""

    FRANCE = "FR", _("Whole of France")
    MOSELLE_AND_ALSACE = "57", _("Moselle and Alsace")

    @classmethod
    def of(cls, postcode: str) -> "Region":
        return cls.MOSELLE_AND_ALSACE if postcode[:2] in MOSELLE_AND_ALSACE else cls.FRANCE


class Holiday(models.TextChoices):
    NEW_YEAR = "new_year", _("New Year’s Day")
    GOOD_FRIDAY = "good_friday", _("Good Friday")
    EASTER_MONDAY = "easter_monday", _("Easter Monday")
    LABOUR = "labour", _("Labour Day (1 May)")
    VICTORY = "victory", _("Victory Day (8 May)")
    ASCENSION = "ascension", _("Ascension Day")
    WHIT_MONDAY = "whit_monday", _("Whit Monday")
    NATIONAL = "national", _("National Day (14 July)")
    ASSUMPTION = "assumption", _("Assumption (15 August)")
    ALL_SAINTS = "all_saints", _("All Saints’ Day")
    ARMISTICE = "armistice", _("Armistice Day (11 November)")
    CHRISTMAS = "christmas", _("Christmas Day")
    SAINT_STEPHEN = "saint_stephen", _("26 December")


NAMED = {
    "Jour de l'an": Holiday.NEW_YEAR,
    "Vendredi saint": Holiday.GOOD_FRIDAY,
    "Lundi de Pâques": Holiday.EASTER_MONDAY,
    "Fête du Travail": Holiday.LABOUR,
    "Fête de la Victoire": Holiday.VICTORY,
    "Ascension": Holiday.ASCENSION,
    "Lundi de Pentecôte": Holiday.WHIT_MONDAY,
    "Fête nationale": Holiday.NATIONAL,
    "Assomption": Holiday.ASSUMPTION,
    "Toussaint": Holiday.ALL_SAINTS,
    "Armistice": Holiday.ARMISTICE,
    "Noël": Holiday.CHRISTMAS,
    "Saint-Étienne": Holiday.SAINT_STEPHEN,
}


@functools.lru_cache(maxsize=64)
def of_year(year: int, region: str) -> tuple[tuple[dt.date, Holiday], ...]:
    """The days of a year in order; two holidays may fall on one day (Ascension and 8 May)."""
    found = holidays.country_holidays(
        "FR", subdiv=None if region == Region.FRANCE else region, years=year, language="fr"
    )
    return tuple((day, NAMED[name]) for day in sorted(found) for name in found.get_list(day))


def closed(kept: Iterable[str], *, region: str, around: dt.date) -> frozenset[dt.date]:
    """The days on which a shop that closes on these holidays is closed, in the year of a date and the next."""
    wanted = frozenset(kept)
    if not wanted:
        return frozenset()
    years = (around.year - 1, around.year, around.year + 1)  # a night of 31 December ends in January
    return frozenset(day for year in years for day, holiday in of_year(year, region) if holiday in wanted)
