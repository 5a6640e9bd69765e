"""The acts of a driver's phone: Parti, Arrivé, Livré, Échec, back at the shop. Sent again, each is the same act.

A phone without network sends them later, in their order, with the moment of each tap. An act that the rules refuse is
kept with the refusal, and becomes a case when food or money is in the driver's hands.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.errors import RuleError
from tenant_apps.delivery import itinerary
from tenant_apps.delivery.models import Act, Round, Stop
from tenant_apps.delivery.services import rounds
from tenant_apps.orders.lifecycle import MoveRefused
from tenant_apps.orders.models import Case, FailureReason, Order
from tenant_apps.orders.services import acts, alcohol, cases, failures, road, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.alcohol import Age
from tenant_apps.orders.services.settlement import AgeNotChecked, Tender
from tenants.hosts import Shop

Kind = Act.Kind


class NotYourRound(RuleError):
    """Only the driver of a round acts in it on a phone; the counter has its own screens."""

    def __init__(self) -> None:
        super().__init__(gettext_lazy("This is not a round of yours."))


class NothingToTake(MoveRefused):
    """A round without deliveries does not leave."""


@dataclass(frozen=True, slots=True)
class Tap:
    """What the driver tapped; `made_at` is the phone's word, to be bounded, or nothing."""

    kind: Act.Kind
    submission: uuid.UUID
    round_id: int
    stop_id: int = 0  # none: the whole round
    made_at: dt.datetime | None = None
    tender: Tender | None = None  # of what is due
    reason: FailureReason | None = None
    words: str = ""
    age: Age | None = None  # of who receives alcohol


@dataclass(frozen=True, slots=True)
class Doing:
    """A tap as it is carried out: the round is locked with its shift."""

    shop: Shop
    tap: Tap
    round: Round
    by: By
    now: dt.datetime
    made_at: dt.datetime

    def stop(self) -> Stop:
        """The stop, to be acted on. Raises UnknownStop, MoveRefused."""
        stop = Stop.objects.select_related("order").filter(pk=self.tap.stop_id, round=self.round).first()
        if stop is None:
            raise rounds.UnknownStop
        if not stop.is_open or self.round.left_at is None:
            words = _("No. %(number)s is already “%(state)s” here.")
            raise MoveRefused(words % {"number": stop.order_id, "state": stop.get_state_display()})
        return stop

    def others(self, stop: Stop) -> list[Order]:
        return [other.order for other in itinerary.remaining(self.round) if other.pk != stop.pk]


@transaction.atomic
def perform(*, shop: Shop, tap: Tap, by: By, now: dt.datetime) -> Act:
    """Carries an act out, once; one that is refused is returned with its `refusal`. Raises NotYourRound."""
    found = Round.objects.filter(pk=tap.round_id, shift__driver_id=by.user_id).first()
    if found is None:
        raise NotYourRound
    rounds.locked_shifts([found.shift_id])
    known = Act.objects.filter(submission=tap.submission).first()
    if known:
        return known
    rounds.lock_orders(found)
    found.refresh_from_db()
    doing = Doing(shop, tap, found, by, now, _bounded(found, tap, now))
    act = Act(submission=tap.submission, kind=tap.kind, round=found, made_at=doing.made_at, received_at=now)
    act.stop = found.stops.filter(pk=tap.stop_id).first()
    try:
        with transaction.atomic():
            DOINGS[tap.kind](doing)
    except RuleError as refusal:
        act.refusal = str(refusal)[:300]
        _tell_refused(doing, act, refusal)
    act.save()
    return act


def _bounded(round_: Round, tap: Tap, now: dt.datetime) -> dt.datetime:
    """A phone's clock may be wrong: nothing is made in the future, nor before what it follows."""
    since = [round_.left_at or round_.opened_at]
    if tap.kind == Kind.LEFT:
        since += [moment for moment in [round_.stops.aggregate(last=Max("order__ready_at"))["last"]] if moment]
    else:
        since += [
            moment for moment in round_.stops.filter(pk=tap.stop_id).values_list("arrived_at", flat=True) if moment
        ]
    return min(max(tap.made_at or now, *since), now)


def _tell_refused(doing: Doing, act: Act, refusal: RuleError) -> None:
    """Food or money may be in the driver's hands all the same: somebody must settle it."""
    if (
        act.stop is None
        or act.kind not in (Kind.DELIVERED, Kind.FAILED)
        or not isinstance(refusal, MoveRefused | AgeNotChecked)
    ):
        return
    words = f"{act.get_kind_display()} ({doing.by.capacity.label}) : {act.refusal}"
    if doing.tap.tender:
        words = f"{doing.tap.tender.means.label} · {words}"
    cases.open_case(order=act.stop.order, kind=Case.Kind.ROAD, words=words, now=doing.now)
    acts.tell(shop=doing.shop, order=act.stop.order)


def _leave(doing: Doing) -> None:
    round_ = doing.round
    if round_.left_at:
        raise MoveRefused(_("This round has already left."))
    if Round.objects.filter(shift_id=round_.shift_id, left_at__isnull=False, closed_at=None).exists():
        raise MoveRefused(_("Your last round is not over: finish it first."))
    stops = itinerary.remaining(round_)
    if not stops:
        raise NothingToTake(_("There is nothing in this round: take deliveries first."))
    round_.left_at = doing.made_at
    round_.save(update_fields=["left_at"])
    road.leave(
        shop=doing.shop,
        order_ids=[stop.order_id for stop in stops],
        by=doing.by,
        now=doing.now,
        made_at=doing.made_at,
    )
    rounds.expect(doing.shop, round_, doing.now)


def _arrive(doing: Doing) -> None:
    stop = doing.stop()
    if stop.state == Stop.State.ARRIVED:
        return
    stop.state, stop.arrived_at = Stop.State.ARRIVED, doing.made_at
    stop.save(update_fields=["state", "arrived_at"])
    road.arrive(
        shop=doing.shop,
        order_id=stop.order_id,
        by=doing.by,
        now=doing.now,
        made_at=doing.made_at,
        others=doing.others(stop),
    )
    rounds.expect(doing.shop, doing.round, doing.now)


def _deliver(doing: Doing) -> None:
    stop = doing.stop()
    if doing.tap.age == Age.REFUSED:
        alcohol.refuse(shop=doing.shop, order_id=stop.order_id, by=doing.by, now=doing.now)
    settlement.hand_over(
        shop=doing.shop,
        order_id=stop.order_id,
        by=doing.by,
        now=doing.now,
        tender=doing.tap.tender and replace(doing.tap.tender, taken_at=doing.made_at),
        made_at=doing.made_at,
        others=doing.others(stop),
        saw_age=doing.tap.age == Age.SEEN,
    )
    _over(doing, stop, Stop.State.DELIVERED)


def _fail(doing: Doing) -> None:
    stop = doing.stop()
    reason = doing.tap.reason or FailureReason.OTHER
    stop.failure, stop.failure_words = reason, doing.tap.words.strip()[:200]
    failures.fail(
        shop=doing.shop,
        order_id=stop.order_id,
        reason=reason,
        words=stop.failure_words,
        by=doing.by,
        now=doing.now,
        made_at=doing.made_at,
        others=doing.others(stop),
    )
    _over(doing, stop, Stop.State.FAILED)


def _return(doing: Doing) -> None:
    stop = doing.stop()
    road.come_back(
        shop=doing.shop,
        order_id=stop.order_id,
        by=doing.by,
        now=doing.now,
        made_at=doing.made_at,
        others=doing.others(stop),
    )
    _over(doing, stop, Stop.State.RETURNED)


def _over(doing: Doing, stop: Stop, state: Stop.State) -> None:
    if state in (Stop.State.DELIVERED, Stop.State.FAILED) and stop.arrived_at is None:
        stop.arrived_at = doing.made_at  # nobody tapped « Arrivé »
        stop.save(update_fields=["arrived_at"])
    rounds.close(stop, state, doing.made_at)
    rounds.go_on(doing.shop, doing.round, doing.now)


DOINGS: dict[str, Callable[[Doing], None]] = {
    Kind.LEFT: _leave,
    Kind.ARRIVED: _arrive,
    Kind.DELIVERED: _deliver,
    Kind.FAILED: _fail,
    Kind.RETURNED: _return,
}
