"""What is to be done next at Stripe about an order: one pure function over its state, its money and its attempts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tenant_apps.orders.lifecycle import OPEN, State
from tenant_apps.payments.models import OnlinePayment

# A hold lasts about a week (Stripe says how long in `capture_before`): further ahead than this it is taken at once.
HELD_AT_MOST = dt.timedelta(days=4)
SOON, SOMETIME = dt.timedelta(minutes=2), dt.timedelta(hours=1)  # the next looks at what is not concluded
MARGIN = dt.timedelta(hours=6)  # before a hold lapses
# The kitchen has, or had, what was ordered.
IN_THE_KITCHEN = OPEN - {State.ACCEPTED} | {State.HANDED_OVER}


class Act(Enum):
    CLOSE = "close"  # expire the page, or let the sum go
    CAPTURE = "capture"
    ABANDON = "abandon"  # the order itself: nobody paid it in time


@dataclass(frozen=True, slots=True)
class Step:
    act: Act
    attempt: OnlinePayment | None = None
    amount_cents: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """An order as far as its money goes; sums in cents."""

    state: State
    placed_at: dt.datetime
    promised_at: dt.datetime
    owed: int
    kept: int  # taken, less what was given back
    attempts: Sequence[OnlinePayment]  # oldest first
    patience: dt.timedelta  # how long a page may stay unpaid
    refund_asked_at: dt.datetime | None = None  # the oldest that Stripe has not concluded

    @property
    def held(self) -> int:
        return sum(one.amount_cents for one in self.attempts if one.state == OnlinePayment.State.AUTHORISED)

    @property
    def is_over(self) -> bool:
        return self.state not in OPEN and self.state != State.AWAITING_PAYMENT


def next_step(facts: Facts, now: dt.datetime) -> Step | None:
    """None when there is nothing to do but to wait."""
    return _closing(facts, now) or _holds(facts, now) or (Step(Act.ABANDON) if _is_abandoned(facts, now) else None)


def _closing(facts: Facts, now: dt.datetime) -> Step | None:
    """The first attempt that is no longer wanted: given up already, left open too long, or with nothing left to pay."""
    wanted = facts.owed - facts.kept - facts.held
    for attempt in facts.attempts:
        if attempt.state == OnlinePayment.State.CLOSING:
            return Step(Act.CLOSE, attempt)
        too_long = now >= attempt.opened_at + facts.patience
        if attempt.is_pending and (too_long or wanted <= 0 or facts.is_over):
            return Step(Act.CLOSE, attempt)
    return None


def _holds(facts: Facts, now: dt.datetime) -> Step | None:
    """Captures what is due, oldest hold first and no more than is owed; lets go what is not needed for it."""
    wanted = facts.owed - facts.kept
    for attempt in facts.attempts:
        if attempt.state != OnlinePayment.State.AUTHORISED:
            continue
        take = min(attempt.amount_cents, wanted)
        if facts.owed == 0 or (take <= 0 and facts.state in IN_THE_KITCHEN):
            return Step(Act.CLOSE, attempt)
        if take > 0 and must_capture(facts, attempt, now):
            return Step(Act.CAPTURE, attempt, take)
        wanted -= take
    return None


def must_capture(facts: Facts, attempt: OnlinePayment, now: dt.datetime) -> bool:
    """The kitchen has it; or the hold would not last until then."""
    if facts.state in IN_THE_KITCHEN:
        return True
    if facts.state != State.ACCEPTED:
        return False
    lapses_before = attempt.capture_before_at is not None and attempt.capture_before_at < facts.promised_at + MARGIN
    return facts.promised_at - now > HELD_AT_MOST or lapses_before


def _is_abandoned(facts: Facts, now: dt.datetime) -> bool:
    live = any(one.state in OnlinePayment.LIVE for one in facts.attempts)
    return facts.state == State.AWAITING_PAYMENT and not live and now >= facts.placed_at + facts.patience


def look_again_at(facts: Facts, now: dt.datetime) -> dt.datetime | None:
    """When somebody must look at it whatever happens meanwhile; None when nothing more can come of it."""
    moments = [facts.placed_at + facts.patience] if facts.state == State.AWAITING_PAYMENT else []
    for attempt in facts.attempts:
        if attempt.state == OnlinePayment.State.AUTHORISED and attempt.capture_before_at:
            moments.append(attempt.capture_before_at - MARGIN)
        elif attempt.state in OnlinePayment.LIVE:
            moments.append(now + SOON)
    if facts.refund_asked_at:  # a bank may take days
        moments.append(now + (SOON if now - facts.refund_asked_at < SOMETIME else SOMETIME))
    if next_step(facts, now):
        moments.append(now + SOON)
    return max(now + SOON, min(moments)) if moments else None
