"""docs/scaling.md, step 2: behind PgBouncer in session mode each shop is read as itself; in transaction mode it is not.

Needs the `pgbouncer` program, which the site itself does not.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from conftest import drop_shop, open_shop
from ocpizza import embedded_postgres
from tenants.models import Pizzeria

PGBOUNCER = shutil.which("pgbouncer")
pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="no pgbouncer on this machine")
CONFIGURATION = """
[databases]
{name} = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 3
max_client_conn = 100
{more}
"""
VISITS = """
import sys, threading
from ocpizza import environment
environment.load()
import django
django.setup()
from django.db import connection
from django_tenants.utils import schema_context

wrong, errors, lock = 0, set(), threading.Lock()

def visit(number):
    global wrong
    for turn in range(20):
        name = sys.argv[1 + (number + turn) % 2]
        try:
            with schema_context(name), connection.cursor() as cursor:
                for _statement in range(10):
                    cursor.execute("SELECT current_schema(), current_user, pg_sleep(0.001)")
                    schema, role, _slept = cursor.fetchone()
                    if schema != name or not role.endswith("_" + name):
                        with lock:
                            wrong += 1
        except Exception as error:
            errors.add(str(error).strip().splitlines()[-1])
        connection.close()

threads = [threading.Thread(target=visit, args=[number]) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
try:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        found = cursor.fetchone()[0]
except Exception as error:
    found = "-"
print(wrong, found, *sorted(errors), sep="|")
"""


@contextmanager
def pooled(mode: str, more: str) -> Iterator[int]:
    """The port of a PgBouncer with three connections to this test's database."""
    folder, given = Path(tempfile.mkdtemp(dir="/var/tmp")), connection.settings_dict
    assert embedded_postgres.reachable(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    file.write_text(
        CONFIGURATION.format(
            name=given["NAME"], host=given["HOST"], port=given["PORT"] or 5432, user=given["USER"], listen=listen,
            mode=mode, more=more,
        )
    )  # fmt: skip
    child = subprocess.Popen([*embedded_postgres.as_unprivileged(), str(PGBOUNCER), "-q", str(file)], cwd="/")
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", listen), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                assert child.poll() is None
                time.sleep(0.05)
        yield listen
    finally:
        child.terminate()
        child.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def schemas_of_two_shops(own_shop) -> Iterator[list[str]]:
    connection.set_schema_to_public()
    other = open_shop(f"{own_shop.slug}-b")
    yield [own_shop.schema_name, other.schema_name]
    connection.set_schema_to_public()
    drop_shop(Pizzeria.objects.get(pk=other.id))


def visited(port: int, names: list[str]) -> tuple[int, str, list[str]]:
    """Statements answered as another shop, the lock timeout, errors: eight threads that come and go, in two shops."""
    environment = os.environ | {
        "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(port), "POSTGRES_NAME": connection.settings_dict["NAME"],
        "POSTGRES_USER": connection.settings_dict["USER"], "PYTHONPATH": str(settings.BASE_DIR),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", VISITS, *names], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout, done.stderr
    wrong, lock_timeout, *errors = done.stdout.strip().split("|")
    return int(wrong), lock_timeout, errors


def test_in_session_mode_every_statement_is_the_shops_own(schemas_of_two_shops):
    with pooled("session", "ignore_startup_parameters = options") as port:
        wrong, lock_timeout, errors = visited(port, schemas_of_two_shops)
    assert (wrong, errors) == (0, [])
    assert lock_timeout == "0"  # what the site asks for at start-up is lost: the login's own setting replaces it


def test_in_transaction_mode_it_is_not(schemas_of_two_shops):
    with pooled("transaction", "ignore_startup_parameters = options") as port:
        wrong, _lock_timeout, errors = visited(port, schemas_of_two_shops)
    assert wrong or errors


def test_it_does_not_take_the_options_that_the_site_sends(schemas_of_two_shops):
    with pooled("session", "") as port:
        _wrong, _lock_timeout, errors = visited(port, schemas_of_two_shops)
    assert "unsupported startup parameter: options" in errors[0]
