"""What a kitchen and its drivers can promise, as arithmetic: pure, without a database."""

import datetime as dt
from collections.abc import Sequence

DRIVERS_KNOWN_AHEAD_MINUTES = 90  # who is on shift now says nothing of a slot further than this


def slot_work(*, oven_places: int, make_minutes: int, slot_minutes: int) -> int:
    """Hundredths of a pizza made in a slot: each place makes one pizza every `make_minutes`, all places at once.

    4 places and 5 minutes a pizza make 12 pizzas in a quarter of an hour: 1200.
    """
    return 100 * oven_places * slot_minutes // make_minutes


def drivers(*, on_shift: int, usual: int, starts_at: dt.datetime, now: dt.datetime) -> int:
    """Those who will deliver in a slot: those on shift when somebody is and the slot is near, else the usual ones."""
    near = starts_at - now <= dt.timedelta(minutes=DRIVERS_KNOWN_AHEAD_MINUTES)
    return on_shift if on_shift and near else usual


def kitchen_begins(*, starts_at: dt.datetime, travel_minutes: int, preparation_minutes: int) -> dt.datetime:
    """When the ingredients of an order promised for a slot must be there: its way and its preparation before it."""
    return starts_at - dt.timedelta(minutes=travel_minutes + preparation_minutes)


def queue_before(queue: Sequence[tuple[dt.datetime, int]], moment: dt.datetime) -> int:
    """The work not yet ready that is promised for slots starting before a moment."""
    return sum(work for starts_at, work in queue if starts_at < moment)


def soonest(
    *,
    now: dt.datetime,
    work_ahead: int,
    work_per_minute: float,
    preparation_minutes: int,
    travel_minutes: int,
    rush_minutes: int,
) -> dt.datetime:
    """When an order placed now is at the counter or the door at the soonest.

    The usual minutes to prepare, unless what is ahead of it takes the kitchen longer; then the way, then the rush.
    Preparing overlaps the work ahead: a kitchen that keeps its pace promises nothing later for being full.
    """
    kitchen_minutes = max(preparation_minutes, work_ahead / work_per_minute)
    return now + dt.timedelta(minutes=kitchen_minutes + travel_minutes + rush_minutes)
