"""The rows of a schema in files and back: what backups are made of (ADR 0039).

A shop's tables are made again from the DDL of its migrations, then filled by COPY. No `pg_dump`: its version would have to
follow the server's, and it restores a schema under its own name only, when a restore begins aside.
"""

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django_tenants.utils import schema_context

from tenants import roles, schemas
from tenants.backend.base import OWNER
from tenants.database import connection

NOT_COPIED = ("django_migrations",)  # the DDL fills it
TABLES = """
    SELECT relname, array_agg(attname ORDER BY attnum) FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND relname <> ALL(%s) GROUP BY relname ORDER BY relname
"""
SEQUENCES = """
    SELECT relname, attname, pg_get_serial_sequence(format('%%I.%%I', %s::text, relname), attname) FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attidentity <> '' AND NOT attisdropped
    WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND relname <> ALL(%s) ORDER BY relname, attname
"""


Opened = Callable[[str], IO[bytes]]  # the name of a table → a stream of its rows


@dataclass(frozen=True, slots=True)
class Table:
    """What was written of a table."""

    columns: list[str]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The tables of a schema and where their sequences stand: « table.column » → last value and whether it was used."""

    tables: Mapping[str, Table]
    sequences: Mapping[str, tuple[int, bool]]


class NotMigrated(Exception):
    """The schema is behind the code: it is migrated first."""


def check_migrated(schema_name: str) -> None:
    """Raises NotMigrated: the DDL that goes with the rows is that of the newest migration."""
    with schemas.as_owner_of(schema_name):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise NotMigrated(schema_name)


@contextmanager
def one_moment() -> Iterator[None]:
    """Within the block the owner reads everything as it was when it began, and writes nothing."""
    with roles.acting_as(OWNER), schema_context("public"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def write(*, schema_name: str, opened: Opened) -> Contents:
    """Writes every table of a schema as CSV, by the owner in a transaction; the same rows give the same bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronize_seqscans = off")  # else a large table begins where another reader is
    tables = {name: _copy_out(schema_name, name, columns, opened) for name, columns in _tables(schema_name)}
    return Contents(tables, dict(_sequences(schema_name)))


def _tables(schema_name: str) -> list[tuple[str, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [schema_name, list(NOT_COPIED)])
        return list(cursor.fetchall())


def _sequences(schema_name: str) -> Iterator[tuple[str, tuple[int, bool]]]:
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES, [schema_name, schema_name, list(NOT_COPIED)])
        for table, column, sequence in cursor.fetchall():
            cursor.execute(f"SELECT last_value, is_called FROM {sequence}")
            yield f"{table}.{column}", cursor.fetchone()


class _Hashing(io.RawIOBase):
    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.hash = stream, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return self.stream.write(data)


def _copy(schema_name: str, table: str, columns: Iterable[str]) -> str:
    quote = connection.ops.quote_name
    return f"COPY {quote(schema_name)}.{quote(table)} ({', '.join(quote(column) for column in columns)})"


def _copy_out(schema_name: str, table: str, columns: list[str], opened: Opened) -> Table:
    with connection.cursor() as cursor, opened(table) as stream:
        hashing = _Hashing(stream)
        cursor.copy_expert(f"{_copy(schema_name, table, columns)} TO STDOUT (FORMAT csv, HEADER)", hashing)
        return Table(columns, cursor.rowcount, hashing.hash.hexdigest())


def fill(*, schema_name: str, contents: Contents, opened: Opened) -> None:
    """Copies the rows into a schema whose tables are empty, by the owner, in the caller's transaction.

    Tables come in the order of their names, so that keys are checked at the end: the DDL of a column that was added later
    with its foreign key leaves that one checked at once, for the whole transaction that replayed it.
    """
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for name, table in contents.tables.items():
            with opened(name) as stream:
                cursor.copy_expert(f"{_copy(schema_name, name, table.columns)} FROM STDIN (FORMAT csv, HEADER)", stream)
        for key, (last_value, is_called) in contents.sequences.items():
            table_name, column = key.split(".")
            qualified = f"{quote(schema_name)}.{quote(table_name)}"
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)", [qualified, column, last_value, is_called]
            )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def replace(*, schema_name: str, contents: Contents, opened: Opened) -> None:
    """Empties the tables of a schema and fills them, by the owner, in the caller's transaction."""
    with schemas.as_owner_of(schema_name), connection.cursor() as cursor:
        quote = connection.ops.quote_name
        names = ", ".join(f"{quote(schema_name)}.{quote(table)}" for table in contents.tables)
        cursor.execute(f"TRUNCATE {names}")
        fill(schema_name=schema_name, contents=contents, opened=opened)


def differences(*, schema_name: str, contents: Contents) -> list[str]:
    """The tables that do not have as many rows as were written, in words."""
    found = []
    with roles.acting_as(OWNER), connection.cursor() as cursor:
        for name, table in contents.tables.items():
            quote = connection.ops.quote_name
            cursor.execute(f"SELECT count(*) FROM {quote(schema_name)}.{quote(name)}")
            rows = cursor.fetchone()[0]
            if rows != table.rows:
                found.append(f"{name} : {rows} ligne(s), {table.rows} dans la sauvegarde")
    return found


def _nowhere(_table: str) -> IO[bytes]:
    return Path(os.devnull).open("wb")


def changed_since(*, schema_name: str, contents: Contents) -> list[str]:
    """The tables that are no longer what was written. All are locked until the caller's transaction ends."""
    with roles.acting_as(OWNER):
        with connection.cursor() as cursor:
            quote = connection.ops.quote_name
            names = ", ".join(f"{quote(schema_name)}.{quote(name)}" for name, _columns in _tables(schema_name))
            cursor.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        now = write(schema_name=schema_name, opened=_nowhere)
    return sorted(name for name in {*now.tables, *contents.tables} if now.tables.get(name) != contents.tables.get(name))
