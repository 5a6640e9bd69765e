"""A database of the benchmark's own, on the embedded durable server: made at the start, dropped at the end."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import psycopg2.extensions

from ocpizza import embedded_postgres

NAME = "bench_ocpizza"
LOGIN = "ocpizza"
OWNER = f"{NAME}_owner"


class AlreadyRunning(RuntimeError):
    """Another benchmark uses the database: two at once would measure each other."""


def choose() -> None:
    """Points the settings at the benchmark's database. Must run before Django starts.

    What the environment or `.env` says of another server is set aside, so that nobody's data is ever touched.
    """
    server = embedded_postgres.ensure_running()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ocpizza.settings.development",
        "POSTGRES_NAME": NAME,
        "POSTGRES_USER": LOGIN,
        "POSTGRES_PASS": "",
        "POSTGRES_HOST": str(server.socket_dir),
        "POSTGRES_PORT": str(server.port),
        "LOG_LEVEL": "WARNING",
    }


def program(name: str) -> str:
    """The path of `psql` or `pgbench` of the server itself."""
    return str(embedded_postgres.ensure_running().bin_dir / name)


def client_environment(role: str = OWNER) -> dict[str, str]:
    """What `psql` and `pgbench` need to reach the database, in a role."""
    return os.environ | {
        "PGHOST": os.environ["POSTGRES_HOST"],
        "PGPORT": os.environ["POSTGRES_PORT"],
        "PGUSER": LOGIN,
        "PGDATABASE": NAME,
        "PGOPTIONS": f"-c role={role}",
    }


def connect(*, database: str = NAME, role: str | None = OWNER) -> psycopg2.extensions.connection:
    """A bare connection of psycopg2 in autocommit, without Django."""
    opened = psycopg2.connect(
        host=os.environ["POSTGRES_HOST"],
        port=os.environ["POSTGRES_PORT"],
        user=LOGIN,
        dbname=database,
        options=f"-c role={role}" if role else "",
    )
    opened.autocommit = True
    return opened


@contextmanager
def created() -> Iterator[None]:
    """The empty database, within the block. Raises AlreadyRunning."""
    administration = connect(database="postgres", role=None)
    with administration.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [NAME])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning(NAME)
    _drop(administration)  # what a killed run left
    with administration.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {NAME}")
    try:
        yield
    finally:
        _drop(administration)
        administration.close()


def _drop(administration: psycopg2.extensions.connection) -> None:
    """The database, then its roles, which belong to the whole server."""
    with administration.cursor() as cursor:
        # Not WITH (FORCE): it is refused while autovacuum works there, which a plain DROP sends away.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = %s", [NAME, LOGIN]
        )
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
        cursor.execute("SELECT quote_ident(rolname) FROM pg_roles WHERE starts_with(rolname, %s)", [f"{NAME}_"])
        for (role,) in cursor.fetchall():
            cursor.execute(f"DROP ROLE {role}")


def asked(statement: str, *parameters: object) -> list[tuple]:
    """The rows of one statement, as the owner of everything."""
    with closing(connect()) as opened, opened.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall()
