"""What the site stands on, asked now: database, schemas of the shops, worker, live process, disk."""

import datetime as dt
import http.client
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_tenants.utils import schema_context

from tenants import schemas

SILENT = dt.timedelta(minutes=3)  # a worker looks at its schedules every half minute, the shortest is of one
RECENT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    well: bool
    words: str  # in French, for whoever has to mend it
    milliseconds: int = 0

    def as_row(self) -> dict[str, object]:
        return asdict(self)


class Wrong(Exception):
    """A check that found something; the message says what and how to mend it."""


_recent: tuple[float, list[Finding]] | None = None


def recent_findings() -> list[Finding]:
    """Those of the last seconds, so that asking often costs nothing."""
    global _recent
    if _recent is None or time.monotonic() - _recent[0] > RECENT_SECONDS:
        _recent = (time.monotonic(), findings())
    return _recent[1]


def findings() -> list[Finding]:
    with schema_context("public"):
        return [_asked(name, check) for name, check in CHECKS.items()]


def _asked(name: str, check: Callable[[], str]) -> Finding:
    start = time.monotonic()
    try:
        well, words = True, check()
    except Wrong as wrong:
        well, words = False, str(wrong)
    except DatabaseError as error:
        connection.close()
        well, words = False, f"base de données : {str(error).strip().partition(chr(10))[0]}"
    return Finding(name, well, words, round((time.monotonic() - start) * 1000))


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    return f"PostgreSQL {version}, {'TLS' if connection.connection.info.ssl_in_use else 'sans TLS'}"


def _shops() -> str:
    behind = schemas.behind()
    if behind:
        names = ", ".join(sorted(behind)[:10])
        raise Wrong(f"{len(behind)} schéma(s) en retard : {names} — manage.py migrate_pizzerias")
    return "toutes les pizzerias sont à jour"


def _worker() -> str:
    now = timezone.now()
    regular = Schedule.objects.filter(schedule_type=Schedule.MINUTES)
    if not regular.exists():
        raise Wrong("aucune tâche programmée — manage.py schedule_tasks")
    late = regular.filter(next_run__lt=now - SILENT).values_list("name", flat=True)
    if late:
        raise Wrong(f"les tâches n’avancent plus ({', '.join(late)}) — supervisorctl restart ocpizza")
    return f"{OrmQ.objects.count()} tâche(s) en attente"


def _live() -> str:
    asked = http.client.HTTPConnection(settings.BIND, settings.LIVE_PORT, timeout=3)
    try:
        asked.request("GET", "/live/sante")
        status = asked.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Wrong(f"le temps réel ne répond pas ({error}) — supervisorctl restart ocpizza") from error
    finally:
        asked.close()
    if status != 200:
        raise Wrong("le temps réel n’entend plus PostgreSQL ; il réessaie de lui-même toutes les 2 s")
    return "le temps réel écoute"


def _disk() -> str:
    usage = shutil.disk_usage(settings.BASE_DIR)
    free = f"{usage.free // 2**20} Mo libres sur {usage.total // 2**20}"
    if usage.free < settings.HEALTH_DISK_FREE_MB * 2**20:
        raise Wrong(f"disque presque plein : {free} — journaux et anciennes versions")
    return free


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "pizzerias": _shops,
    "worker": _worker,
    "live": _live,
    "disk": _disk,
}
