"""A PostgreSQL cluster of Debian's on loopback, as the managed one is: TLS only, passwords, a login without power."""

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

from certificates import Authority
from machine import Stop, run

CLUSTER, PORT = "repetition", 54329
NAME = LOGIN = "ocpizza"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "ssl": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "password_encryption": "scram-sha-256",
    "max_locks_per_transaction": "1024",
}


class Database:
    def __init__(self, authority: Authority) -> None:
        self.version = newest()
        self.password = secrets.token_urlsafe(32)
        self.folder = Path(f"/etc/postgresql/{self.version}/{CLUSTER}")
        run("pg_createcluster", self.version, CLUSTER, "--port", str(PORT))
        self._secure(authority)
        run("pg_ctlcluster", self.version, CLUSTER, "start")
        self.ask(f"CREATE ROLE {LOGIN} LOGIN NOINHERIT CREATEROLE PASSWORD '{self.password}'")
        self.ask(f"CREATE DATABASE {NAME} OWNER {LOGIN}")

    def _secure(self, authority: Authority) -> None:
        key, certificate = self.folder / "server.key", self.folder / "server.crt"
        authority.sign("IP:127.0.0.1", key=key, certificate=certificate, owner="postgres")
        settings = {**SETTINGS, "ssl_key_file": str(key), "ssl_cert_file": str(certificate)}
        with (self.folder / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (self.folder / "pg_hba.conf").write_text(
            "local   all postgres              peer\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        )

    def ask(self, statement: str, *, database: str = "postgres") -> str:
        """As the provider would: the superuser, which the application never is."""
        psql = ("psql", "-p", str(PORT), "-d", database, "-qtAX", "-v", "ON_ERROR_STOP=1", "-c", statement)
        return run("runuser", "-u", "postgres", "--", *psql).stdout.strip()

    @contextlib.contextmanager
    def held(self, table: str) -> Iterator[None]:
        """Somebody reads this table in a transaction that goes on for the block: it may be read, not altered."""
        psql = ("psql", "-p", str(PORT), "-d", NAME, "-qtAX", "-v", "ON_ERROR_STOP=1")
        reader = subprocess.Popen(
            ["runuser", "-u", "postgres", "--", *psql],
            cwd="/",
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert reader.stdin
        assert reader.stdout
        reader.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS SHARE MODE; SELECT 'held';\n")
        reader.stdin.flush()
        if reader.stdout.readline().strip() != "held":
            raise Stop(f"{table} ne se tient pas")
        try:
            yield
        finally:
            reader.communicate("ROLLBACK;\n", timeout=30)

    def count(self, schema: str, question: str) -> int:
        return int(self.ask(f"SET search_path = {schema}, public; {question}", database=NAME))


def newest() -> str:
    """The version of PostgreSQL that Debian has here. Raises Stop."""
    found = sorted((path.name for path in Path("/usr/lib/postgresql").glob("*")), key=int)
    if not found:
        raise Stop("PostgreSQL n’est pas installé")
    return found[-1]


def drop() -> None:
    if Path(f"/etc/postgresql/{newest()}/{CLUSTER}").exists():
        run("pg_dropcluster", "--stop", newest(), CLUSTER)
