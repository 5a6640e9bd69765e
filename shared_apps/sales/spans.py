"""Periods of business days to compare, and what each is compared with. Pure: `now` decides (ADR 0043)."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from shared_apps.core.calendar import PARIS, business_day

ONE_DAY = dt.timedelta(days=1)
WHOLE = 24  # hours of a business day that is over


class Against(StrEnum):
    BEFORE = "avant"  # the period just before
    YEAR = "an"  # the same period a year before


@dataclass(frozen=True, slots=True)
class Span:
    """Business days, both included; of the last one, its first `hours` hours by the clock, from the cut-off on."""

    starts_on: dt.date
    ends_on: dt.date
    hours: int = WHOLE

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    @property
    def is_whole(self) -> bool:
        return self.hours == WHOLE

    @property
    def until(self) -> int:
        """The hour of the clock at which a span that is not whole ends."""
        return (settings.BUSINESS_DAY_CUTOFF_HOUR + self.hours) % 24

    @property
    def over(self) -> "Span | None":
        """Its days that are counted whole; None when there is none."""
        if self.is_whole:
            return self
        return Span(self.starts_on, self.ends_on - ONE_DAY) if self.days > 1 else None

    def from_day(self, starts_on: dt.date) -> "Span":
        """As many days and hours, from another day on."""
        return Span(starts_on, starts_on + (self.ends_on - self.starts_on), self.hours)


@dataclass(frozen=True, slots=True)
class Comparison:
    now: Span
    before: Span

    @property
    def is_so_far(self) -> bool:
        return not self.now.is_whole

    @property
    def over(self) -> "Comparison | None":
        """The same over the days that are counted whole."""
        if self.now.over is None or self.before.over is None:
            return None
        return Comparison(self.now.over, self.before.over)


def today(now: dt.datetime, against: Against) -> Comparison:
    """Against the same weekday, last week or 52 weeks ago, at the same hour."""
    day = business_day(now)
    return _weeks(_so_far(day, now), 1, against)


def this_week(now: dt.datetime, against: Against) -> Comparison:
    day = business_day(now)
    return _weeks(_so_far(day - day.weekday() * ONE_DAY, now), 1, against)


def this_month(now: dt.datetime, against: Against) -> Comparison:
    span = _so_far(business_day(now).replace(day=1), now)
    if against == Against.YEAR:
        return Comparison(span, span.from_day(year_before(span.starts_on)))
    return Comparison(span, _not_into(span, (span.starts_on - ONE_DAY).replace(day=1)))


def last_month(now: dt.datetime, against: Against) -> Comparison:
    """A whole month against a whole month, though one has more days."""
    ends_on = business_day(now).replace(day=1) - ONE_DAY
    span = Span(ends_on.replace(day=1), ends_on)
    end = span.starts_on - ONE_DAY
    if against == Against.YEAR:
        end = (year_before(span.starts_on) + 31 * ONE_DAY).replace(day=1) - ONE_DAY
    return Comparison(span, Span(end.replace(day=1), end))


def last_30_days(now: dt.datetime, against: Against) -> Comparison:
    """The last thirty that are over."""
    day = business_day(now)
    span = Span(day - 30 * ONE_DAY, day - ONE_DAY)
    if against == Against.YEAR:
        return _weeks(span, 52, against)
    return Comparison(span, span.from_day(span.starts_on - 30 * ONE_DAY))


def this_year(now: dt.datetime, against: Against) -> Comparison:
    """The year before is also the period just before."""
    first = business_day(now).replace(month=1, day=1)
    span = _so_far(first, now)
    return Comparison(span, _not_into(span, year_before(first)))


def between(starts_on: dt.date, ends_on: dt.date, now: dt.datetime, against: Against) -> Comparison:
    """Free days; when today is the last of them, as far as its last whole hour."""
    day = business_day(now)
    span = Span(starts_on, ends_on, hours_over(now) if ends_on == day else WHOLE)
    if against == Against.YEAR:
        return Comparison(span, Span(year_before(starts_on), year_before(ends_on), span.hours))
    return Comparison(span, span.from_day(starts_on - span.days * ONE_DAY))


PRESETS: dict[str, Callable[[dt.datetime, Against], Comparison]] = {
    "jour": today,
    "semaine": this_week,
    "mois": this_month,
    "mois-dernier": last_month,
    "30-jours": last_30_days,
    "annee": this_year,
}


def hours_over(now: dt.datetime) -> int:
    """Hours of the business day that are over by the clock of Paris: of one that is not, only a part would be compared."""
    return (now.astimezone(PARIS).hour - settings.BUSINESS_DAY_CUTOFF_HOUR) % 24


def year_before(day: dt.date) -> dt.date:
    """The same date; of 29 February, the 28th."""
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def _so_far(starts_on: dt.date, now: dt.datetime) -> Span:
    return Span(starts_on, business_day(now), hours_over(now))


def _weeks(span: Span, before: int, against: Against) -> Comparison:
    """Whole weeks earlier, so that Fridays meet Fridays: a year is 52 of them."""
    weeks = 52 if against == Against.YEAR else before
    return Comparison(span, span.from_day(span.starts_on - weeks * 7 * ONE_DAY))


def _not_into(span: Span, starts_on: dt.date) -> Span:
    """As many days from `starts_on`, or from earlier, rather than run into the period that they are compared with."""
    return span.from_day(min(starts_on, span.starts_on - span.days * ONE_DAY))
