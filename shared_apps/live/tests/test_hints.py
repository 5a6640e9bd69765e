"""A hint is part of the transaction of the change that it tells of."""

import select
from collections.abc import Callable, Iterator

import psycopg2
import pytest
from django.db import connection, transaction

from shared_apps.live import hints

Heard = Callable[[], list[str]]
LAST = "the end:of the test"


def connected() -> psycopg2.extensions.connection:
    """Another session than Django's, which commits each statement."""
    database = connection.settings_dict
    session = psycopg2.connect(
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        host=database["HOST"],
        port=database["PORT"] or None,
    )
    session.set_session(autocommit=True)
    return session


@pytest.fixture
def heard(own_shop) -> Iterator[Heard]:
    """The payloads that PostgreSQL delivered to somebody who listens, in order."""
    listening = connected()
    with listening.cursor() as cursor:
        cursor.execute(f"LISTEN {hints.CHANNEL}")

    def payloads() -> list[str]:
        """All that was sent before now: PostgreSQL keeps the order of the commits."""
        with transaction.atomic():
            hints.changed(scope="the end", topics=["of the test"])
        while not any(notify.payload == LAST for notify in listening.notifies):
            assert select.select([listening], [], [], 10)[0], "PostgreSQL is silent"
            listening.poll()
        received = [notify.payload for notify in listening.notifies]
        listening.notifies.clear()
        return received[: received.index(LAST)]

    yield payloads
    listening.close()


def test_a_hint_outside_a_transaction_is_refused():
    with pytest.raises(hints.NotInTransaction):
        hints.changed(scope="shop_nation", topics=["orders"])


def test_a_hint_in_a_transaction_is_accepted(db):
    hints.changed(scope="shop_nation", topics=["orders"])


def test_a_hint_after_the_transaction_is_refused_and_nothing_is_sent(own_shop, heard):
    with transaction.atomic():
        pass
    with pytest.raises(hints.NotInTransaction):
        hints.changed(scope=own_shop.schema_name, topics=["orders"])
    assert heard() == []


def test_a_hint_is_sent_at_the_commit_in_one_notification(own_shop, heard):
    with transaction.atomic():
        hints.changed(scope=own_shop.schema_name, topics=["orders", "stock"])
    assert heard() == [f"{own_shop.schema_name}:orders {own_shop.schema_name}:stock"]


def test_head_office_is_hinted_when_asked(own_shop, heard):
    with transaction.atomic():
        hints.changed(scope=own_shop.schema_name, topics=["orders"], group=True)
    assert heard() == [f"{own_shop.schema_name}:orders public:group"]


def test_a_hint_is_not_sent_before_the_commit(own_shop, heard):
    with transaction.atomic():
        hints.changed(scope=own_shop.schema_name, topics=["orders"])
        other = connected()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, 'committed first')", [hints.CHANNEL])
        other.close()
    assert heard() == ["committed first", f"{own_shop.schema_name}:orders"]


def test_a_hint_of_a_transaction_that_is_rolled_back_is_not_sent(own_shop, heard):
    with transaction.atomic():
        hints.changed(scope=own_shop.schema_name, topics=["orders"])
        transaction.set_rollback(True)
    assert heard() == []


def test_a_hint_of_a_part_that_is_rolled_back_is_not_sent(own_shop, heard):
    with transaction.atomic():
        with transaction.atomic():
            hints.changed(scope=own_shop.schema_name, topics=["orders"])
            transaction.set_rollback(True)
        hints.changed(scope=own_shop.schema_name, topics=["stock"])
    assert heard() == [f"{own_shop.schema_name}:stock"]
