"""Promised windows in words, and the refusals that give the next ones."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shared_apps.core.templatetags.formats import clock, day
from tenant_apps.shop.hours import Window

SHOWN = 3  # next times given with a refusal


def in_words(window: Window, today: dt.date) -> str:
    """`19 h 15 – 19 h 30`, with its day when that is not today."""
    times = f"{clock(window.start)} – {clock(window.end)}"
    return times if timezone.localdate(window.start) == today else f"{day(window.start)}, {times}"


def followed_by_times(refusal: str | Promise, following: Sequence[str]) -> str:
    """The refusal, then the next times when there are any."""
    if not following:
        return str(refusal)
    return f"{refusal} " + _("Next times: %(times)s.") % {"times": "; ".join(following)}
