"""Phone numbers that order nothing in this shop for a while."""

import datetime as dt

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.orders.models import BlockedNumber

# One statement: whether the number is blocked, and one of its passes used when it has any.
BLOCKED = """
    WITH passed AS (UPDATE orders_blockednumber SET passes = passes - 1 WHERE phone = %(phone)s AND passes > 0
                    RETURNING id)
    SELECT 1 FROM orders_blockednumber
    WHERE phone = %(phone)s AND (until_date IS NULL OR until_date >= %(today)s) AND NOT EXISTS (SELECT FROM passed)
"""


class NumberBlocked(RuleError):
    """Said politely: the reason is for the staff only."""

    def __init__(self) -> None:
        super().__init__(
            _("We cannot take this order. Please come to the pizzeria, we will be glad to serve you there.")
        )


class NoReason(RuleError):
    """A number is blocked for a reason."""

    def __init__(self) -> None:
        super().__init__(_("Say why this number is blocked."))


def check(*, phone: str, now: dt.datetime) -> None:
    """Uses a pass of the number if the manager gave one. Raises NumberBlocked."""
    with connection.cursor() as cursor:
        cursor.execute(BLOCKED, {"phone": phone, "today": timezone.localdate(now)})
        if cursor.fetchone():
            raise NumberBlocked


@transaction.atomic
def block(
    *, phone: str, reason: str, until_date: dt.date | None, user_id: int | None, now: dt.datetime
) -> BlockedNumber:
    """Blocks an E.164 number until the end of a day, or for ever; again, it replaces what was said. Raises NoReason."""
    if not reason.strip():
        raise NoReason
    values = {"reason": reason.strip()[:200], "until_date": until_date, "blocked_at": now, "blocked_by_id": user_id}
    return BlockedNumber.objects.update_or_create(phone=phone, defaults={**values, "passes": 0})[0]


def unblock(*, blocked_id: int) -> None:
    """Nothing is kept of it."""
    BlockedNumber.objects.filter(pk=blocked_id).delete()


def let_through(*, blocked_id: int) -> None:
    """The next order from this number is taken; a second tap gives no second order."""
    BlockedNumber.objects.filter(pk=blocked_id, passes=0).update(passes=F("passes") + 1)


def forget_expired(*, now: dt.datetime) -> None:
    """Numbers whose time is over are personal data without a purpose."""
    BlockedNumber.objects.filter(Q(until_date__lt=timezone.localdate(now))).delete()
