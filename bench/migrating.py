"""Bringing every shop to the newest migration, against psql in one session with one transaction a schema.

The work: with nothing to do, what is applied in each schema is read and compared; with one new column, the ALTER TABLE and its
record, each schema in its own transaction under a lock timeout. psql asks and sends the same. Each round is a new connection on
both sides, as at a deployment: its server process has seen none of the schemas. Start-up is apart on both sides: the process,
the connection, and for the column the plan, which is the same for one shop as for all; from the first shop done.
"""

import contextlib
import importlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection

from bench import database, shops
from bench.provisioning import Psql
from bench.reporting import Line, Target, expect
from tenant_apps.shop import migrations as shop_migrations
from tenants import schemas
from tenants.hosts import Shop

SIZES = (8, 100, 500) if os.environ.get("BENCH_FULL") else (8, 100)
ROUNDS = 5
TARGET = Target("<=", 1.25)
NAME = "tomorrow"
MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "{last}")]
    operations = [migrations.AddField("shopsettings", "motto", models.CharField(max_length=40, null=True))]
"""
ADDED = "ALTER TABLE shop_shopsettings ADD COLUMN motto varchar(40) NULL"
RECORDED = "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '{name}', now())"


def lines() -> Iterator[Line]:
    with TemporaryDirectory() as folder:
        for size in SIZES:
            there = shops.opened(size, kind="migrated")
            yield _nothing_to_do(there, Path(folder))
            yield _one_column(there, Path(folder))


def _nothing_to_do(there: list[Shop], folder: Path) -> Line:
    question = "".join(f"BEGIN; SELECT count(*) FROM {shop.schema_name}.django_migrations; COMMIT;\n" for shop in there)
    ours, theirs = _in_turn(_migrated(there, expected=0), _replayed(question, folder))
    return _line("nothing to do", there, ours, theirs, "no migration reported, none applied")


def _one_column(there: list[Shop], folder: Path) -> Line:
    with _tomorrow(folder) as name:
        script = "".join(_in_one_schema(shop, name) for shop in there)
        ours, theirs = _in_turn(
            _migrated(there, expected=1), _replayed(script, folder), after=lambda: _undo(there, name)
        )
        return _line("one new column", there, ours, theirs, "the column is in every schema, on both sides")


def _in_one_schema(shop: Shop, name: str) -> str:
    return (
        f"BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL search_path = {shop.schema_name}, public;"
        f" {ADDED}; {RECORDED.format(name=name)}; COMMIT;\n"
    )


def _line(what: str, there: list[Shop], ours: list[float], theirs: list[float], checked: str) -> Line:
    return Line(
        work=f"migrate {len(there)} shops: {what}",
        reference="psql, one transaction a schema",
        unit="ms",
        ours=ours,
        theirs=theirs,
        checked=checked,
        target=TARGET,
    )


def _in_turn(
    ours: Callable[[], float], theirs: Callable[[], float], *, after: Callable[[], None] = lambda: None
) -> tuple[list[float], list[float]]:
    """Milliseconds of each, a round of warming the disk's cache up apart."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for samples, work in zip(taken, (ours, theirs), strict=True):
            milliseconds = work()
            if number:
                samples.append(milliseconds)
            after()
    return taken


def _migrated(there: list[Shop], *, expected: int) -> Callable[[], float]:
    names = {shop.schema_name for shop in there}

    def work() -> float:
        connection.close()
        connection.ensure_connection()
        start, moments = time.perf_counter(), list[float]()
        outcomes = schemas.migrate_all(report=lambda outcome: moments.append(time.perf_counter()), only=names)
        expect("schemas migrated", found={one.schema_name for one in outcomes}, wanted=names)
        expect("migrations of each", found={one.migrations for one in outcomes}, wanted={expected})
        expect("errors", found=[one.error for one in outcomes if one.error], wanted=[])
        if not expected:
            return (moments[-1] - start) * 1000
        return (moments[-1] - moments[0]) * 1000 * len(there) / (len(there) - 1)  # the first one had the plan made

    return work


def _replayed(script: str, folder: Path) -> Callable[[], float]:
    path, nothing = folder / "migrate.sql", folder / "nothing.sql"
    path.write_text(script, encoding="utf-8")
    nothing.touch()

    def work() -> float:
        with contextlib.closing(Psql(database.OWNER)) as psql:
            psql.run(nothing)  # it is connected
            start = time.perf_counter()
            psql.run(path)
            return (time.perf_counter() - start) * 1000

    return work


@contextlib.contextmanager
def _tomorrow(folder: Path) -> Iterator[str]:
    """Within the block, `shop` has one migration more; its name."""
    package = folder / "tomorrows_migrations"
    shutil.copytree(
        Path(shop_migrations.__path__[0]), package, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
    )
    last = max(path.stem for path in package.glob("0*.py"))
    name = f"{int(last[:4]) + 1:04}_{NAME}"
    (package / f"{name}.py").write_text(MIGRATION.format(last=last), encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    before, settings.MIGRATION_MODULES = settings.MIGRATION_MODULES, {"shop": package.name}
    schemas.on_disk.cache_clear()
    try:
        yield name
    finally:
        schemas.on_disk.cache_clear()
        settings.MIGRATION_MODULES = before
        sys.path.remove(str(folder))
        for module in [module for module in sys.modules if module.split(".")[0] == package.name]:
            del sys.modules[module]
        shutil.rmtree(package)


def _undo(there: list[Shop], name: str) -> None:
    """Takes the column away again where it is, which is everywhere."""
    with contextlib.closing(database.connect()) as opened, opened.cursor() as cursor:
        for shop in there:
            cursor.execute(f"ALTER TABLE {shop.schema_name}.shop_shopsettings DROP COLUMN motto")
            cursor.execute(f"DELETE FROM {shop.schema_name}.django_migrations WHERE name = %s", [name])
            expect("records taken away", found=cursor.rowcount, wanted=1)
