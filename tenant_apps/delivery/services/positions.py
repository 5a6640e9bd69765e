"""Where a driver is: with their consent, on the road only, at most each ten seconds, gone with the round.

Nobody is hinted of a position: the pages that show it ask for it (ADR 0012). It stands in no event and in no log.
"""

import datetime as dt

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.delivery.models import Position, Round, Shift

EVERY_SECONDS = 10
KEPT = dt.timedelta(hours=23)  # when a round was never finished: looked at each hour, none is a day old

# The round is held, so that one which closes meanwhile leaves no position behind.
KEEP = """
    INSERT INTO delivery_position (round_id, latitude, longitude, at)
    SELECT held.id, %(latitude)s, %(longitude)s, %(now)s FROM (
        SELECT round.id FROM delivery_round AS round JOIN delivery_shift AS shift ON shift.id = round.shift_id
        WHERE shift.driver_id = %(driver)s AND shift.ended_at IS NULL AND shift.position_shared_at IS NOT NULL
        AND round.left_at IS NOT NULL AND round.closed_at IS NULL FOR SHARE OF round, shift) AS held
    ON CONFLICT (round_id) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude, at = excluded.at
    WHERE delivery_position.at <= excluded.at - make_interval(secs => %(every)s)
    RETURNING round_id
"""


class NotFollowed(RuleError):
    """No round on the road, or no consent."""

    def __init__(self) -> None:
        super().__init__(_("Your position is shared on a round only, and only if you agree."))


@transaction.atomic
def keep(*, driver_id: int, latitude: float, longitude: float, now: dt.datetime) -> bool:
    """Whether it was kept: one that comes within ten seconds of the last is not. Raises NotFollowed."""
    with connection.cursor() as cursor:
        place = {"latitude": latitude, "longitude": longitude}
        cursor.execute(KEEP, {**place, "driver": driver_id, "now": now, "every": EVERY_SECONDS})
        if cursor.fetchone():
            return True
    on_the_road = Round.objects.filter(shift__driver_id=driver_id, left_at__isnull=False, closed_at=None)
    if not on_the_road.filter(shift__position_shared_at__isnull=False).exists():
        raise NotFollowed
    return False


@transaction.atomic
def share(*, driver_id: int, now: dt.datetime) -> None:
    """The driver agrees, for the rounds of this shift."""
    Shift.objects.filter(driver_id=driver_id, ended_at=None, position_shared_at=None).update(position_shared_at=now)


@transaction.atomic
def stop_sharing(*, driver_id: int) -> None:
    """Agreed no more: what was known is gone at once."""
    Shift.objects.filter(driver_id=driver_id, ended_at=None).update(position_shared_at=None)
    Position.objects.filter(round__shift__driver_id=driver_id).delete()


@transaction.atomic
def forget_old(*, now: dt.datetime) -> int:
    """Those of rounds that nobody finished."""
    return Position.objects.filter(at__lt=now - KEPT).delete()[0]
