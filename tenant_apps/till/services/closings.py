"""Closing the till: each business day once, in order, none skipped; its month and its year with their last day.

A closing is an entry of the journal like any other, signed and numbered; its row here and the group's copy point at it.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.calendar import business_day, day_bounds
from shared_apps.core.errors import RuleError
from shared_apps.core.templatetags.formats import day as in_words
from shared_apps.sales.models import TillClosing
from tenant_apps.till import figures
from tenant_apps.till.figures import Figures
from tenant_apps.till.models import Chain, Closing, Entry
from tenant_apps.till.services import journal
from tenant_apps.till.services.journal import Draft, Locked
from tenants.hosts import Shop

ONE_DAY = dt.timedelta(days=1)


class NothingToClose(RuleError):
    """The day is closed already: a till never closes a day twice, nor one that has not begun."""

    def __init__(self, following: dt.date) -> None:
        super().__init__(
            _("This day is closed already. The next one to close is %(day)s.") % {"day": in_words(following)}
        )


class NotTheNextDay(RuleError):
    """The form was for another day than the one that is now to be closed."""

    def __init__(self, following: dt.date) -> None:
        super().__init__(_("The next day to close is %(day)s.") % {"day": in_words(following)})


@transaction.atomic
def close_day(*, shop: Shop, day: dt.date, operator: str, now: dt.datetime) -> Closing:
    """By hand, even before the cut-off: what is sold after belongs to the next day. Raises NothingToClose, NotTheNextDay."""
    held = journal.lock(chain=Chain.TILL, now=now)
    following = _following(held)
    if following > business_day(now):
        raise NothingToClose(following)
    if day != following:
        raise NotTheNextDay(following)
    closing = _close(shop, held, day, operator, now)
    journal.write(shop=shop, held=held)
    return closing


@transaction.atomic
def close_missed(*, shop: Shop, now: dt.datetime) -> list[Closing]:
    """Every day over by now that nobody closed, oldest first, one by one, those without a sale too."""
    held = journal.lock(chain=Chain.TILL, now=now)
    closings = []
    while _following(held) < business_day(now):
        closings.append(_close(shop, held, _following(held), "", now))
    if closings:
        journal.write(shop=shop, held=held)
    return closings


def _following(held: Locked) -> dt.date:
    return (held.head.closed_day or dt.date.min) + ONE_DAY  # a locked chain always has one


def _close(shop: Shop, held: Locked, day: dt.date, operator: str, now: dt.datetime) -> Closing:
    """The day, then its month and its year when it is their last day."""
    entries = Entry.objects.filter(chain=Chain.TILL, day=day).order_by("number").iterator(chunk_size=1000)
    start, end = day_bounds(day)
    before = Closing.objects.filter(period=Closing.Period.DAY).order_by("-starts_on").first()
    # What was sold after a closing by hand is of this day: it begins where the one before ended.
    sums = figures.of_day(entries) | {
        "from": before.figures["to"] if before else start.isoformat(),
        "to": min(end, now).isoformat(),
    }
    closing = _add(shop, held, Closing.Period.DAY, (day, day), sums | _perpetual(sums, before), operator, now)
    if (day + ONE_DAY).month != day.month:
        first = day.replace(day=1)
        _sum(shop, held, (Closing.Period.DAY, Closing.Period.MONTH), (first, day), operator, now)
    if (day + ONE_DAY).year != day.year:
        first = dt.date(day.year, 1, 1)
        _sum(shop, held, (Closing.Period.MONTH, Closing.Period.YEAR), (first, day), operator, now)
    held.head.closed_day = day
    return closing


def _perpetual(sums: Figures, before: Closing | None) -> Figures:
    """The total since the till's first day, as it was at the end of this one: later days may have begun."""
    return {"perpetual_cents": (before.figures["perpetual_cents"] if before else 0) + sums["turnover_cents"]}


def _sum(
    shop: Shop,
    held: Locked,
    periods: tuple[Closing.Period, Closing.Period],
    bounds: tuple[dt.date, dt.date],
    operator: str,
    now: dt.datetime,
) -> None:
    of, into = periods
    parts = Closing.objects.filter(period=of, starts_on__range=bounds).order_by("starts_on")
    contents = [part.figures for part in parts]
    more = {"closings": len(contents), "perpetual_cents": contents[-1]["perpetual_cents"]}
    _add(shop, held, into, bounds, figures.summed(contents) | more, operator, now)


def _add(
    shop: Shop,
    held: Locked,
    period: Closing.Period,
    bounds: tuple[dt.date, dt.date],
    sums: Figures,
    operator: str,
    now: dt.datetime,
) -> Closing:
    starts_on, ends_on = bounds
    number = Closing.objects.filter(period=period).count() + 1
    content: dict[str, Any] = sums | {
        "period": str(period),
        "closing": number,
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on.isoformat(),
        "operator": operator,
    }
    entry = held.add(Draft(Entry.Kind.CLOSING, content), now=now, day=ends_on)
    named = {"period": period, "number": number, "starts_on": starts_on, "ends_on": ends_on, "figures": content}
    TillClosing.objects.create(pizzeria_id=shop.id, signature=entry.signature, **named)
    return Closing.objects.create(entry_number=entry.number, **named)
