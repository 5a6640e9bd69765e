"""Cash in and out of the open drawer. Its row is locked at the place of the payments in the one order of locks, before the
head of the till's journal: a coin is never between two sessions."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from tenant_apps.drawer import queries
from tenant_apps.drawer.models import CashMovement, DrawerSession
from tenant_apps.payments.models import Payment, Refund
from tenant_apps.till.services import sealing
from tenants.hosts import Shop

Kind = CashMovement.Kind
EVENTS = {Kind.PUT_IN: "cash_in", Kind.TAKEN_OUT: "cash_out", Kind.NO_SALE: "drawer_no_sale"}


class NoDrawer(RuleError):
    """The drawer is closed: nothing can be put in or taken out."""

    def __init__(self) -> None:
        super().__init__(_("The drawer is closed: open it first, with its float."))


class NoReason(RuleError):
    """Cash moved by hand without a word why, or nothing moved."""

    def __init__(self) -> None:
        super().__init__(_("Say how much and why."))


class NotThatMuch(RuleError):
    """More is taken out than the drawer should hold."""

    def __init__(self) -> None:
        super().__init__(_("The drawer does not hold that much."))


def held() -> DrawerSession | None:
    """The open session, locked until the end of the transaction."""
    return DrawerSession.objects.select_for_update().filter(closed_at=None).first()


def came_in(*, payment: Payment) -> None:
    """Cash taken at the counter; while no drawer is open it is in none, and the day's page says so."""
    session = held()
    if session:
        _record(session, Kind.PAYMENT, payment.amount_cents, payment.taken_at, payment.taken_by_id, payment=payment)


def went_out(*, refund: Refund) -> None:
    session = held()
    if session:
        _record(session, Kind.REFUND, -refund.amount_cents, refund.asked_at, refund.asked_by_id, refund=refund)


def _record(
    session: DrawerSession,
    kind: Kind,
    delta_cents: int,
    at: dt.datetime,
    actor_id: int | None,
    *,
    reason: str = "",
    submission: uuid.UUID | None = None,
    payment: Payment | None = None,
    refund: Refund | None = None,
) -> CashMovement:
    return CashMovement.objects.create(
        session=session,
        kind=kind,
        delta_cents=delta_cents,
        at=at,
        actor_id=actor_id,
        reason=reason,
        payment=payment,
        refund=refund,
        submission=submission or uuid.uuid4(),
    )


@transaction.atomic
def move(
    *,
    shop: Shop,
    kind: Kind,
    cents: int,
    reason: str,
    submission: uuid.UUID,
    actor_id: int | None,
    operator: str,
    now: dt.datetime,
) -> CashMovement:
    """Put in, taken out, or the drawer only opened: by hand, with a reason. The same submission again moves nothing.

    Raises NoDrawer, NoReason, NotThatMuch.
    """
    session = held()  # first: the second tap waits for what the first one did
    already = CashMovement.objects.filter(submission=submission).first()
    if already:
        return already
    if not reason.strip() or (kind != Kind.NO_SALE) != (cents > 0):
        raise NoReason
    if session is None:
        raise NoDrawer
    if kind == Kind.TAKEN_OUT and cents > queries.expected_cents(session):
        raise NotThatMuch
    delta = -cents if kind == Kind.TAKEN_OUT else cents
    moved = _record(session, kind, delta, now, actor_id, reason=reason.strip()[:200], submission=submission)
    detail = {"cents": delta, "reason": moved.reason}
    sealing.log_technical(shop=shop, event=EVENTS[kind], now=now, operator=operator, detail=detail)
    hints.changed(scope=shop.schema_name, topics=["drawer"])
    return moved


def give_to_driver(*, cents: int, actor_id: int | None, name: str, now: dt.datetime) -> None:
    """The float of a shift, out of the drawer that is open; none is open: it came from elsewhere."""
    session = held() if cents else None
    if session:
        _record(session, Kind.TO_DRIVER, -cents, now, actor_id, reason=name[:200])


def take_from_driver(*, cents: int, actor_id: int | None, name: str, now: dt.datetime) -> None:
    """What a driver hands in at the end of a shift."""
    session = held() if cents else None
    if session:
        _record(session, Kind.FROM_DRIVER, cents, now, actor_id, reason=name[:200])


def begin(*, session: DrawerSession) -> None:
    _record(session, Kind.FLOAT, session.float_cents, session.opened_at, session.operator_id)
