"""Opening a pizzeria by our service, against psql replaying what it sent to PostgreSQL.

The work: schema, tables, constraints and indexes of every application, the role and its grants, settings, opening hours,
opening stock of every ingredient, domain, manager, membership, invitation, in one transaction. What the service sent for
one pizzeria is recorded at the driver, without its reads; psql, whose connection stays open, sends the same for another
name: each message of ours as one message, the fastest it can be, then statement by statement, as `psql -f` does.
The DDL is ready in both cases: the first pizzeria after a migration makes it.
"""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import psycopg2.extensions
from django.db import connection

from bench import database, shops
from bench.reporting import Line, Target, expect
from shared_apps.onboarding import services
from tenants.models import schema_name_for

ROUNDS = 15
RECORDED = "recorded-pizzeria"
READS = re.compile(rb"\s*(SELECT|SAVEPOINT|RELEASE)\b", re.IGNORECASE)
# The keys of what is recorded are numbers that stand out, so that the replay can put its own in their place.
KEYS = {"tenants_pizzeria_id_seq": "700000001", "accounts_user_id_seq": "710000001"}


class Recorder(psycopg2.extensions.cursor):
    """Keeps every statement as it was sent."""

    sent: ClassVar[list[bytes]] = []

    def execute(self, *arguments: Any) -> None:
        super().execute(*arguments)
        self.sent.append(self.query)


class Psql:
    """psql on a connection that stays open; it takes the role of each statement from the recording, as ours does."""

    def __init__(self, role: str = "none") -> None:
        self.process = subprocess.Popen(
            [database.program("psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"],
            env=database.client_environment(role=role),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, script: Path) -> None:
        assert self.process.stdin and self.process.stdout  # noqa: PT018  both are pipes
        self.process.stdin.write(f"\\i {script}\n\\echo done\n")
        self.process.stdin.flush()
        expect("psql's answer", found=self.process.stdout.readline(), wanted="done\n")

    def close(self) -> None:
        self.process.communicate()


def lines() -> Iterator[Line]:
    services.open_pizzeria(plan=shops.plan("first-pizzeria"))
    statements = _recorded()
    scripts = {
        "psql, same DDL and rows, same messages": _script(statements, separator="\\;"),
        "psql -f, same DDL and rows, by statement": _script(statements, separator=";"),
    }
    targets = [Target("<=", 1.15), None]
    services.open_pizzeria(plan=shops.plan("second-pizzeria"))  # on a connection without the recorder, now warm
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in scripts}
    with TemporaryDirectory() as folder, contextlib.closing(Psql()) as psql:
        for number in range(ROUNDS + 1):
            taken = _open(f"ours-{number}")
            replays = [
                _replay(psql, Path(folder), script, f"replay-{kind}-{number}")
                for kind, script in enumerate(scripts.values())
            ]
            if number == 0:
                continue  # psql and its server process are now warm too
            ours.append(taken)
            for samples, replay in zip(theirs.values(), replays, strict=True):
                samples.append(replay)
            for kind in range(len(scripts)):
                expect("what the replay made", found=_made(f"replay-{kind}-{number}"), wanted=_made(f"ours-{number}"))
    made = ", ".join(f"{count} {what}" for what, count in _made("ours-1"))
    for (reference, samples), target in zip(theirs.items(), targets, strict=True):
        yield Line(
            work="open a pizzeria",
            reference=reference,
            unit="ms",
            ours=ours,
            theirs=samples,
            checked=f"{len(ours)} times, the same on both sides: {made}",
            target=target,
        )


def _open(slug: str) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    services.open_pizzeria(plan=shops.plan(slug))
    return (time.perf_counter() - start) * 1000


def _replay(psql: Psql, folder: Path, script: str, slug: str) -> float:
    """Milliseconds."""
    path = folder / f"{slug}.sql"
    named = script.replace(schema_name_for(RECORDED), schema_name_for(slug)).replace(RECORDED, slug)
    path.write_text(named, encoding="utf-8")
    start = time.perf_counter()
    psql.run(path)
    return (time.perf_counter() - start) * 1000


def _recorded() -> list[str]:
    """All that opening one pizzeria writes, message by message, with expressions where the keys were."""
    with contextlib.closing(database.connect()) as opened, opened.cursor() as cursor:
        for sequence, key in KEYS.items():
            cursor.execute(f"ALTER SEQUENCE {sequence} RESTART WITH {key}")
    connection.close()
    connection.settings_dict["OPTIONS"]["cursor_factory"] = Recorder
    services.open_pizzeria(plan=shops.plan(RECORDED))
    connection.close()
    del connection.settings_dict["OPTIONS"]["cursor_factory"]
    return [_with_own_keys(statement.decode()) for statement in Recorder.sent if not READS.match(statement)]


def _with_own_keys(statement: str) -> str:
    for sequence, key in KEYS.items():
        statement = statement.replace(key, f"currval('public.{sequence}')")
    return statement.rstrip("; \n")


def _script(statements: list[str], *, separator: str) -> str:
    """For psql, `separator` being put between the statements that we send together; no literal of ours has a `;`."""
    return "BEGIN;\n" + "".join(f"{statement.replace(';', separator)};\n" for statement in statements) + "COMMIT;\n"


MADE = """
    SELECT 'tables, indexes and sequences', count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%(schema)s)
    UNION ALL SELECT 'constraints', count(*) FROM pg_constraint WHERE connamespace = to_regnamespace(%(schema)s)
    UNION ALL SELECT 'rights', count(*) FROM pg_class, aclexplode(relacl)
              WHERE relnamespace = to_regnamespace(%(schema)s)
    UNION ALL SELECT 'stock levels', count(*) FROM {schema}.stock_stocklevel
    UNION ALL SELECT 'movements', count(*) FROM {schema}.stock_movement
    UNION ALL SELECT 'opening ranges', count(*) FROM {schema}.shop_openingrange
    UNION ALL SELECT 'settings', count(*) FROM {schema}.shop_shopsettings
    UNION ALL SELECT 'domains and managers', count(*) FROM tenants_pizzeria AS shop
              JOIN tenants_domain AS domain ON domain.tenant_id = shop.id
              JOIN accounts_membership AS member ON member.pizzeria_id = shop.id
              JOIN accounts_user AS person ON person.id = member.user_id AND person.email LIKE '%%' || shop.slug || '%%'
              WHERE shop.schema_name = %(schema)s
    ORDER BY 1
"""


def _made(slug: str) -> list[tuple[str, int]]:
    schema = schema_name_for(slug)
    with contextlib.closing(database.connect()) as opened, opened.cursor() as cursor:
        cursor.execute(MADE.format(schema=schema), {"schema": schema})
        return cursor.fetchall()
