"""Opening the drawer with its float, counting it blind, closing it or handing it over."""

import datetime as dt
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.live import hints
from tenant_apps.drawer import queries
from tenant_apps.drawer.models import DENOMINATIONS, DrawerCount, DrawerSession
from tenant_apps.drawer.services import cash
from tenant_apps.drawer.services.cash import NoDrawer
from tenant_apps.till.services import sealing
from tenants.hosts import Shop


class AlreadyOpen(RuleError):
    """Somebody else has it: it is handed over, not opened again."""

    def __init__(self) -> None:
        super().__init__(_("The drawer is open already: count it, then hand it over or close it."))


class WrongCount(RuleError):
    """Nothing counted, or not in the coins and notes of the euro."""

    def __init__(self) -> None:
        super().__init__(_("Write how many of each coin and note you counted."))


class Unexplained(RuleError):
    """The cash counted is not what it should be, and nobody says why."""

    def __init__(self, difference_cents: int) -> None:
        words = _("The count differs by %(difference)s: count again, or say why.")
        super().__init__(words % {"difference": euros(difference_cents)})


def open_drawer(
    *, shop: Shop, float_cents: int, operator_id: int | None, operator: str, now: dt.datetime
) -> DrawerSession:
    """With the float that is in it. Raises AlreadyOpen."""
    try:
        with transaction.atomic():
            session = _begin(float_cents, operator_id, now)
            detail = {"float_cents": float_cents}
            sealing.log_technical(shop=shop, event="drawer_opened", now=now, operator=operator, detail=detail)
            hints.changed(scope=shop.schema_name, topics=["drawer"])
    except IntegrityError as error:
        if "one_open_session_per_drawer" not in str(error):
            raise
        raise AlreadyOpen from None
    return session


def _begin(
    float_cents: int, operator_id: int | None, now: dt.datetime, follows: DrawerSession | None = None
) -> DrawerSession:
    session = DrawerSession.objects.create(
        operator_id=operator_id, opened_at=now, float_cents=float_cents, follows=follows
    )
    cash.begin(session=session)
    return session


def count_and_close(
    *,
    shop: Shop,
    pieces: Mapping[int, int],
    reason: str,
    actor_id: int | None,
    operator: str,
    now: dt.datetime,
    next_id: int | None = None,
) -> DrawerSession:
    """What was counted is kept, even when the close is then refused; `next_id` is who takes the drawer over.

    Two transactions on purpose: a count that reveals a difference is not forgotten. Raises NoDrawer, WrongCount,
    Unexplained.
    """
    counted = _count(pieces, actor_id, now)
    return _close(shop, counted, reason, actor_id, operator, now, next_id)


@transaction.atomic
def _count(pieces: Mapping[int, int], actor_id: int | None, now: dt.datetime) -> DrawerCount:
    session = cash.held()
    if session is None:
        raise NoDrawer
    if not pieces or any(cents not in DENOMINATIONS or number < 0 for cents, number in pieces.items()):
        raise WrongCount
    return DrawerCount.objects.create(
        session=session,
        at=now,
        actor_id=actor_id,
        pieces={str(cents): number for cents, number in pieces.items() if number},
        counted_cents=sum(cents * number for cents, number in pieces.items()),
        expected_cents=queries.expected_cents(session),
    )


@transaction.atomic
def _close(
    shop: Shop,
    counted: DrawerCount,
    reason: str,
    actor_id: int | None,
    operator: str,
    now: dt.datetime,
    next_id: int | None,
) -> DrawerSession:
    session = cash.held()
    if session is None or session.pk != counted.session_id:
        raise NoDrawer
    session.expected_cents, session.counted_cents = queries.expected_cents(session), counted.counted_cents
    if session.difference_cents and not reason.strip():
        raise Unexplained(session.difference_cents)
    session.reason, session.closed_at, session.closed_by_id = reason.strip()[:200], now, actor_id
    session.save()
    detail = {
        "expected_cents": session.expected_cents,
        "counted_cents": session.counted_cents,
        "reason": session.reason,
    }
    event = "drawer_handed_over" if next_id else "drawer_closed"
    sealing.log_technical(shop=shop, event=event, now=now, operator=operator, detail=detail)
    if next_id:
        _begin(session.counted_cents, next_id, now, follows=session)
    hints.changed(scope=shop.schema_name, topics=["drawer"])
    return session
