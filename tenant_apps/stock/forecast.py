"""How much of an ingredient a day will take, from the days before it; and how wrong that would have been. Pure.

The days of one weekday resemble each other: the last four of them, the nearest weighing most. « The same day last week »
is what a person would say; both are judged on days that have passed, with nothing but what was known then.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

WEEK = dt.timedelta(days=7)
WEIGHTS = (4, 3, 2, 1)  # of the same weekday, one to four weeks ago
ENOUGH = 2  # same weekdays, or nothing is said
TESTED_DAYS = 28


@dataclass(frozen=True, slots=True)
class History:
    """What was used each day, from the first day that is known; a day of which nothing is said used nothing."""

    first: dt.date
    used: Mapping[dt.date, Decimal]

    def on(self, day: dt.date) -> Decimal | None:
        return self.used.get(day, Decimal(0)) if day >= self.first else None


Method = Callable[[History, dt.date], Decimal | None]


def weighted(history: History, day: dt.date) -> Decimal | None:
    """None while too few of these weekdays are known."""
    found = [(weight, history.on(day - n * WEEK)) for n, weight in enumerate(WEIGHTS, start=1)]
    known = [(weight, used) for weight, used in found if used is not None]
    if len(known) < ENOUGH:
        return None
    return sum((weight * used for weight, used in known), Decimal(0)) / sum(weight for weight, _used in known)


def same_day_last_week(history: History, day: dt.date) -> Decimal | None:
    return history.on(day - WEEK)


@dataclass(frozen=True, slots=True)
class Judged:
    """The errors of both ways over the same past days, as shares of what was used in all."""

    days: int
    error: Decimal
    naive_error: Decimal

    @property
    def is_better(self) -> bool:
        return self.error <= self.naive_error


def judge(histories: Iterable[History], today: dt.date) -> Judged | None:
    """Over the last days where both ways have something to say; None when there is none, or nothing was used."""
    wrong = {weighted: Decimal(0), same_day_last_week: Decimal(0)}
    used, days = Decimal(0), set[dt.date]()
    for history in histories:
        for ago in range(1, TESTED_DAYS + 1):
            day = today - dt.timedelta(days=ago)
            said = {method: method(history, day) for method in wrong}
            really = history.on(day)
            if really is None or None in said.values():
                continue
            for method, quantity in said.items():
                wrong[method] += abs((quantity or Decimal(0)) - really)
            used += really
            days.add(day)
    if not used:
        return None
    return Judged(len(days), wrong[weighted] / used, wrong[same_day_last_week] / used)
