"""Days as the trade counts them: a business day ends at the cut-off (04:00 Europe/Paris), not at midnight."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings

PARIS = ZoneInfo("Europe/Paris")


def business_day(moment: dt.datetime) -> dt.date:
    """The business day of a moment: 00:30 on Saturday still belongs to Friday."""
    local = moment.astimezone(PARIS)
    if local.hour < settings.BUSINESS_DAY_CUTOFF_HOUR:
        return local.date() - dt.timedelta(days=1)
    return local.date()


def day_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of a business day and the first of the next, which is 23 or 25 h later on DST nights."""
    cutoff = dt.time(settings.BUSINESS_DAY_CUTOFF_HOUR)
    start = dt.datetime.combine(day, cutoff, PARIS)
    end = dt.datetime.combine(day + dt.timedelta(days=1), cutoff, PARIS)
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)
