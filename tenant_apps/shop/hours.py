"""Opening hours as values: pure, so that DST nights and midnight are tested without a database."""

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from shared_apps.core.calendar import PARIS, business_day, day_bounds
from shared_apps.core.errors import RuleError

RANGE = re.compile(r"(\d{1,2})[:hH](\d{2})?\s*[-–à]\s*(\d{1,2})[:hH](\d{2})?")
Ranges = tuple[tuple[dt.time, dt.time], ...]


class WrongHours(RuleError):
    """Not ranges of hours, or ranges that overlap."""


def read(text: str) -> Ranges:
    """`11:30-14:00 18:00-22:00`, also `11h30-14h`; the last may close after midnight. Raises WrongHours."""
    try:
        found = tuple(_times(match) for match in RANGE.finditer(text))
    except ValueError:
        raise WrongHours(_("An hour is between 0:00 and 23:59.")) from None
    if RANGE.sub("", text).strip(" ,;et"):
        raise WrongHours(_("Write the hours as 11:30-14:00 18:00-22:00."))
    for (_opens, closes), (opens, _closes) in itertools.pairwise(found):
        if not _opens < closes <= opens:
            raise WrongHours(_("These ranges overlap or are not in order."))
    return found


def written(ranges: Iterable[tuple[dt.time, dt.time]]) -> str:
    return " ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in ranges)


def _times(match: re.Match[str]) -> tuple[dt.time, dt.time]:
    opens, opens_minute, closes, closes_minute = (int(number or 0) for number in match.groups())
    return dt.time(opens, opens_minute), dt.time(closes, closes_minute)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` included to `end` excluded, both UTC."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly ranges (weekday, opens, closes) in Paris time, the days of closure, and the days that have other hours.

    A closure goes before the hours of one day, these before a public holiday, and that before the usual week.
    """

    ranges: tuple[tuple[int, dt.time, dt.time], ...]
    closures: frozenset[dt.date]
    special: tuple[tuple[dt.date, dt.time, dt.time], ...] = ()
    holidays: frozenset[dt.date] = frozenset()  # public ones on which the shop stays closed

    def of_day(self, day: dt.date) -> list[Window]:
        if day in self.closures:
            return []
        own = [(opens, closes) for date, opens, closes in self.special if date == day]
        if day in self.holidays and not own:
            return []
        usual = [(opens, closes) for weekday, opens, closes in self.ranges if weekday == day.weekday()]
        return [_window(day, opens, closes) for opens, closes in own or usual]

    def ahead(self, now: dt.datetime, days: int) -> Iterator[Window]:
        """The windows not yet over of this business day and the `days` that follow."""
        today = business_day(now)
        for offset in range(days + 1):
            for window in self.of_day(today + dt.timedelta(days=offset)):
                if window.end > now:
                    yield window

    def current(self, now: dt.datetime) -> Window | None:
        return next((window for window in self.ahead(now, 1) if window.start <= now), None)

    def covers(self, moment: dt.datetime) -> bool:
        """Whether the shop is, was or will be open then; 00:30 is in a window of the day before."""
        day = business_day(moment)
        windows = [*self.of_day(day), *self.of_day(day + dt.timedelta(days=1))]
        return any(window.start <= moment < window.end for window in windows)

    def end_of_service(self, now: dt.datetime) -> dt.datetime:
        """When the service under way ends, or the next of this business day; else the business day itself."""
        day_end = day_bounds(business_day(now))[1]
        return next((min(window.end, day_end) for window in self.ahead(now, 0)), day_end)

    def is_open(self, now: dt.datetime) -> bool:
        return self.current(now) is not None

    def next_opening(self, now: dt.datetime) -> dt.datetime | None:
        """When the shop opens next, within two weeks."""
        return next((window.start for window in self.ahead(now, 14) if window.start > now), None)


def _window(day: dt.date, opens: dt.time, closes: dt.time) -> Window:
    last_day = day if closes > opens else day + dt.timedelta(days=1)
    return Window(_utc(day, opens), _utc(last_day, closes))


def _utc(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, PARIS).astimezone(dt.UTC)


def grid(windows: Iterable[Window], *, minutes: int, not_before: dt.datetime) -> Iterator[Window]:
    """The slots of these windows: `minutes` long, none that starts before `not_before` or ends after closing."""
    length = dt.timedelta(minutes=minutes)
    for window in windows:
        start = window.start
        while start + length <= window.end:
            if start >= not_before:
                yield Window(start, start + length)
            start += length
