"""Opening hours as values: pure, so that DST nights and midnight are tested without a database."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared_apps.core.calendar import PARIS, business_day, day_bounds


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` included to `end` excluded, both UTC."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly ranges (weekday, opens, closes) in Paris time and the days of closure."""

    ranges: tuple[tuple[int, dt.time, dt.time], ...]
    closures: frozenset[dt.date]

    def of_day(self, day: dt.date) -> list[Window]:
        if day in self.closures:
            return []
        return [_window(day, opens, closes) for weekday, opens, closes in self.ranges if weekday == day.weekday()]

    def ahead(self, now: dt.datetime, days: int) -> Iterator[Window]:
        """The windows not yet over of this business day and the `days` that follow."""
        today = business_day(now)
        for offset in range(days + 1):
            for window in self.of_day(today + dt.timedelta(days=offset)):
                if window.end > now:
                    yield window

    def current(self, now: dt.datetime) -> Window | None:
        return next((window for window in self.ahead(now, 0) if window.start <= now), None)

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
