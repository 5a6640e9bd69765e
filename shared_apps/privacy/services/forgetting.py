"""What a shop forgets by age, in its own schema and role. Each statement takes some hundreds of rows that nobody holds.

Orders that are not over, or about which a case is open, are left alone; what is sealed in the till names no customer.
Who comes again to a row finds it empty: run again, it does nothing.
"""

import datetime as dt
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from shared_apps.privacy.periods import Periods, periods
from tenant_apps.orders.models import BlockedNumber

BATCH = 500

# Rows of orders that are over since before a moment, in the order of their numbers.
_DUE = """
    SELECT orders.id FROM orders_order AS orders
    WHERE orders.id > %(after)s AND orders.state IN ('handed_over', 'cancelled')
    AND coalesce(orders.handed_over_at, orders.cancelled_at) < %(before)s AND ({held})
    AND NOT EXISTS (SELECT FROM orders_case AS "case" WHERE "case".order_id = orders.id AND "case".closed_at IS NULL)
    ORDER BY orders.id LIMIT %(batch)s FOR NO KEY UPDATE OF orders SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """`held` says which orders still have something; `statements` empty it, `due` being their numbers."""

    period: str
    held: str
    statements: tuple[str, ...]

    @property
    def text(self) -> str:
        parts = [f"part_{index} AS ({statement})" for index, statement in enumerate(self.statements)]
        return f"WITH due AS ({_DUE.format(held=self.held)}), {', '.join(parts)} SELECT count(*), max(id) FROM due"


ALLERGY = Rule(
    "allergy",
    "allergy_note <> ''",
    ("UPDATE orders_order AS orders SET allergy_note = '' FROM due WHERE orders.id = due.id",),
)
# The town stays: it tells where a shop sells, and nobody.
DELIVERY = Rule(
    "delivery",
    "street <> '' OR address_details <> '' OR note <> '' OR latitude IS NOT NULL OR longitude IS NOT NULL"
    " OR EXISTS (SELECT FROM delivery_stop AS stop WHERE stop.order_id = orders.id AND stop.failure_words <> '')",
    (
        "UPDATE orders_order AS orders SET street = '', address_details = '', note = '', latitude = NULL, longitude = NULL"
        " FROM due WHERE orders.id = due.id",
        "UPDATE delivery_stop AS stop SET failure_words = '' FROM due WHERE stop.order_id = due.id AND failure_words <> ''",
    ),
)
CONTACT = Rule(
    "contact",
    "contact_name <> '' OR contact_phone <> '' OR contact_email <> '' OR remake_words <> ''"
    """ OR EXISTS (SELECT FROM orders_case AS "case" WHERE "case".order_id = orders.id
                   AND ("case".words <> '' OR "case".resolution <> ''))""",
    (
        "UPDATE orders_order AS orders SET contact_name = '', contact_phone = '', contact_email = '', remake_words = ''"
        " FROM due WHERE orders.id = due.id",
        """UPDATE orders_case AS "case" SET words = '', resolution = '' FROM due WHERE "case".order_id = due.id""",
    ),
)
RULES = (ALLERGY, DELIVERY, CONTACT)


def forget(*, now: dt.datetime, batch: int = BATCH) -> bool:
    """What is too old in the shop of the current schema; False when time ran out and it must be called again."""
    kept, until = periods(), time.monotonic() + settings.TASK_TIMEOUT_SECONDS / 2
    BlockedNumber.objects.filter(until_date=None, blocked_at__lt=kept.before("blocked", now)).delete()
    return all(_apply(rule, kept, now, until, batch) for rule in RULES)


def _apply(rule: Rule, kept: Periods, now: dt.datetime, until: float, batch: int) -> bool:
    found, after = batch, 0
    while found == batch:
        if time.monotonic() > until:
            return False
        values: dict[str, int | dt.datetime] = {"after": after, "before": kept.before(rule.period, now), "batch": batch}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(rule.text, values)
            found, last = cursor.fetchone()
            after = last or after
    return True
