"""Two curves of turnover over each other, as the points of an SVG that stretches: its words stand beside it, in HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.money import NO_BREAK_SPACE
from shared_apps.core.templatetags import formats
from shared_apps.sales.comparing import Compared, Pair, Point
from shared_apps.sales.spans import ONE_DAY, Span

WIDTH, HEIGHT = 1000, 240
SMALLEST = 2_000  # cents: its middle is a whole number of euros
BY_WEEK = 92  # days from which a point is a week
TITLES = {
    "hour": gettext_lazy("Turnover hour by hour"),
    "day": gettext_lazy("Turnover day by day"),
    "week": gettext_lazy("Turnover week by week"),
}
HEADINGS = {"hour": gettext_lazy("Hour"), "day": gettext_lazy("Day"), "week": gettext_lazy("Week from")}
DOTTED = 31  # points up to which each is marked


@dataclass(frozen=True, slots=True)
class Step:
    """A place on the axis: what it is called now and before, and the turnover in cents; nothing past a period's end."""

    label: str
    label_before: str
    now: int | None
    before: int | None

    @property
    def pair(self) -> Pair:
        return Pair(self.now or 0, self.before or 0)


@dataclass(frozen=True, slots=True)
class Chart:
    steps: list[Step]
    unit: str  # hour, day, week
    lowest: int
    highest: int

    @property
    def middle(self) -> int:
        return (self.lowest + self.highest) // 2

    @property
    def is_dotted(self) -> bool:
        return len(self.steps) <= DOTTED

    @property
    def now(self) -> list[tuple[str, str]]:
        return self._curve([step.now for step in self.steps])

    @property
    def before(self) -> list[tuple[str, str]]:
        return self._curve([step.before for step in self.steps])

    @property
    def title(self) -> str:
        return str(TITLES[self.unit])

    @property
    def heading(self) -> str:
        return str(HEADINGS[self.unit])

    @property
    def first(self) -> str:
        return self.steps[0].label if self.steps else ""

    @property
    def last(self) -> str:
        return self.steps[-1].label or self.steps[-1].label_before if len(self.steps) > 1 else ""

    @property
    def zero(self) -> str:
        return self._y(0)

    def _curve(self, values: Sequence[int | None]) -> list[tuple[str, str]]:
        gap = WIDTH / max(len(values), 1)
        return [(f"{(nth + 0.5) * gap:.1f}", self._y(cents)) for nth, cents in enumerate(values) if cents is not None]

    def _y(self, cents: int) -> str:
        return f"{HEIGHT * (self.highest - cents) / (self.highest - self.lowest):.1f}"


def of(compared: Compared) -> Chart:
    """By hour of one day, by day, or by week of a long period."""
    days = len(compared.days)
    unit = "hour" if days == 1 else "week" if days > BY_WEEK else "day"
    steps = {"hour": _hours, "day": _days, "week": _weeks}[unit](compared)
    values = [cents for step in steps for cents in (step.now, step.before) if cents is not None]
    return Chart(steps, unit, -_round(-min([0, *values])), _round(max([SMALLEST, *values])))


def _round(cents: int) -> int:
    """Up to a number that one reads easily: 1, 2, 4, 6, 8 or 10 times a power of ten; 0 stays."""
    size: int = 10 ** max(len(str(cents)) - 1, 0)
    return next(step * size for step in (0, 1, 2, 4, 6, 8, 10) if step * size >= cents)


def _hours(compared: Compared) -> list[Step]:
    """From the first hour with a sale to the last, or to the one that is over."""
    found = {point.nth: point for point in compared.hours}
    steps = []
    for nth in range(min(found, default=0), max(found, default=-1) + 1):
        point = found.get(nth)
        name = hour(nth)
        steps.append(Step(name, name, point.turnover.now if point else 0, point.turnover.before if point else 0))
    return steps


def _days(compared: Compared) -> list[Step]:
    now, before = compared.comparison.now, compared.comparison.before
    return [
        Step(_day(now, point.nth), _day(before, point.nth), _within(now, point.nth, point.turnover.now),
             _within(before, point.nth, point.turnover.before))
        for point in compared.days
    ]  # fmt: skip


def _weeks(compared: Compared) -> list[Step]:
    now, before = compared.comparison.now, compared.comparison.before
    return [
        Step(_day(now, nth), _day(before, nth),
             _within(now, nth, sum(point.turnover.now for point in _week(compared.days, nth))),
             _within(before, nth, sum(point.turnover.before for point in _week(compared.days, nth))))
        for nth in range(0, len(compared.days), 7)
    ]  # fmt: skip


def _week(days: Sequence[Point], nth: int) -> Sequence[Point]:
    return days[nth : nth + 7]


def _within(span: Span, nth: int, cents: int) -> int | None:
    return cents if nth < span.days else None


def _day(span: Span, nth: int) -> str:
    """`lundi 23 novembre`; empty past the end."""
    return formats.day(span.starts_on + nth * ONE_DAY) if nth < span.days else ""


def hour(nth: int) -> str:
    """`19 h – 20 h`, of the nth hour of a business day."""
    start = (settings.BUSINESS_DAY_CUTOFF_HOUR + nth) % 24
    end = (start + 1) % 24
    return _("%(start)s to %(end)s") % {"start": _clock(start), "end": _clock(end)}


def _clock(hours: int) -> str:
    return f"{hours}{NO_BREAK_SPACE}h"
