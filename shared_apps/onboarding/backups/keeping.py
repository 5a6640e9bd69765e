"""The backups that are kept, and the drill that proves that one of them restores."""

import datetime as dt
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from shared_apps.core.errors import RuleError
from shared_apps.onboarding.backups import files, restoring
from tenants import schemas
from tenants.models import RestoreDrill

STAMP = re.compile(r"-(\d{8}T\d{6}Z)\.ocpizza")
REPLACED = re.compile(rf"^{restoring.REPLACED}.*_(\d{{14}})$")


def kept(folder: Path) -> list[Path]:
    """Every backup of a folder, the newest first."""
    found = [path for path in folder.glob("*/*") if STAMP.search(path.name)]
    return sorted(found, key=_made_at, reverse=True)


def kept_of(folder: Path, name: str) -> list[Path]:
    """Those of one pizzeria, the newest first."""
    return [path for path in kept(folder) if path.parent.name == name]


def _made_at(path: Path) -> dt.datetime:
    found = STAMP.search(path.name)
    assert found  # noqa: S101  `kept` lists no other
    return dt.datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)


def forget_old(*, folder: Path, days: int, now: dt.datetime) -> list[str]:
    """Removes backups past their days, never the newest of a pizzeria or of the group; and what restores replaced."""
    since, seen, gone = now - dt.timedelta(days=days), set(), []
    for path in kept(folder):
        if path.parent in seen and _made_at(path) < since:
            path.unlink()
            gone.append(path.name)
        seen.add(path.parent)
    for schema_name in _replaced(since):
        schemas.drop_aside(schema_name=schema_name)
        gone.append(schema_name)
    return gone


def _replaced(since: dt.datetime) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [f"{restoring.REPLACED}%"])
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        found = REPLACED.match(name)
        if found and dt.datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC) < since:
            yield name


def drill(*, path: Path, now: dt.datetime) -> RestoreDrill:
    """Restores one pizzeria of a backup aside, verifies it there, drops it, and keeps how it went."""
    started, name, rows, fault = time.monotonic(), "", 0, ""
    identity = Path(settings.BACKUP_AGE_IDENTITY) if settings.BACKUP_AGE_IDENTITY else None
    try:
        with files.reading(path, identity) as backup:
            name = random.choice(sorted(backup.manifest.shops))  # noqa: S311  any of them will do
            copy = restoring.chosen(backup, name)
            with restoring.aside(backup=backup, copy=copy, now=now):
                rows = sum(table.rows for table in copy.contents.tables.values())
    except (RuleError, DatabaseError, OSError) as error:
        fault = str(error).strip() or type(error).__name__
    return RestoreDrill.objects.create(
        at=now, backup=path.name, pizzeria=name, seconds=time.monotonic() - started, rows=rows, fault=fault
    )
