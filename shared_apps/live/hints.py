"""« Something changed »: a hint in the transaction of the change itself, without data (ADR 0012).

PostgreSQL delivers it at the commit and drops it with a rollback, so a screen hears of what happened and of nothing
else. The screen then fetches its region again through the ordinary view, which decides what it may see.
"""

from collections.abc import Iterable

from django.db import connection

CHANNEL = "live"
GROUP = "public:group"


class NotInTransaction(RuntimeError):
    """A hint outside a transaction would be sent whether or not the change is kept."""


def changed(*, scope: str, topics: Iterable[str], group: bool = False) -> None:
    """Hints those who listen to these topics of a scope (a shop's schema), and head office when `group`.

    Called once per transaction, last: NOTIFY takes a lock of the whole database until the commit.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction
    keys = [f"{scope}:{topic}" for topic in topics]
    if group:
        keys.append(GROUP)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, " ".join(keys)])
