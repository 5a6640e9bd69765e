"""Wrong secrets are counted in PostgreSQL, since the processes are several, and cost time that grows.

A right one forgives nothing: whoever has a PIN of their own would use it to go on guessing another's. Time forgives.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shared_apps.core.errors import RuleError
from tenant_apps.devices.models import Throttle


@dataclass(frozen=True, slots=True)
class Rule:
    free: int  # wrong ones that cost nothing yet
    delays: tuple[int, ...]  # seconds that the next ones cost, the last for ever
    forgiven_after: dt.timedelta  # each


DEVICE = Rule(3, (10, 30, 60, 120, 300, 900), dt.timedelta(minutes=5))
SHOP = Rule(20, (30, 60, 120, 300, 900), dt.timedelta(minutes=1))
PAIRING = Rule(10, (30, 60, 300), dt.timedelta(minutes=1))
CHOOSING = Rule(5, (60, 300, 3600), dt.timedelta(hours=2))


class TooManyTries(RuleError):
    """Wait before the next one."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = math.ceil(seconds / 60)
        wait = (
            ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
            if seconds < 60
            else ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
        )
        super().__init__(_("Too many wrong tries: wait %(wait)s, or sign in with your password.") % {"wait": wait})


def open_for(keys: Sequence[str], now: dt.datetime) -> list[Throttle]:
    """Locks the counters until the end of the transaction. Raises TooManyTries."""
    Throttle.objects.bulk_create([Throttle(key=key) for key in keys], ignore_conflicts=True)
    counters = list(Throttle.objects.select_for_update().filter(key__in=keys).order_by("key"))
    until = max((counter.blocked_until_at for counter in counters if counter.blocked_until_at), default=now)
    if until > now:
        raise TooManyTries(math.ceil((until - now).total_seconds()))
    return counters


def count(counter: Throttle, rule: Rule, now: dt.datetime) -> None:
    """One more wrong secret, on a locked counter."""
    since = now - counter.counted_at if counter.counted_at else dt.timedelta()
    counter.failures = max(0, counter.failures - since // rule.forgiven_after) + 1
    beyond = counter.failures - rule.free
    seconds = rule.delays[min(beyond, len(rule.delays)) - 1] if beyond > 0 else 0
    counter.counted_at, counter.blocked_until_at = now, now + dt.timedelta(seconds=seconds)
    counter.save()
