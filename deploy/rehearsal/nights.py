"""The nightly backup and the drill, run by Debian's cron from the repository's own file, at this minute instead of theirs."""

import re
import subprocess
import time
from pathlib import Path

from installed import CRON, HOME, as_the_dossier_says, runs
from machine import Stop, processes, put, until
from scenes import Figures, Stage

DAEMON = Path("/run/crond.pid")
HOUR = re.compile(r"^\d+ \d+ \* \* [*\d]  ", re.M)
BACKUPS, LOG = HOME / ".data/sauvegardes", HOME / ".data/sauvegardes.log"


def a_night_passes(stage: Stage) -> Figures:
    as_the_dossier_says("cp /srv/ocpizza/current/deploy/ocpizza.cron")
    text, hours = HOUR.subn("* * * * *  ", CRON.read_text())
    if hours != 2:
        raise Stop(f"{hours} heures dans deploy/ocpizza.cron")
    began, before = time.monotonic(), set(BACKUPS.glob("groupe/groupe-*"))
    put(CRON, text)
    # Where the machine has one already, it reads the file by itself.
    daemon = None if runs(DAEMON) else subprocess.Popen(["/usr/sbin/cron", "-f"], stdin=subprocess.DEVNULL)
    try:
        until(
            lambda: set(BACKUPS.glob("groupe/groupe-*")) - before and _drilled(),
            seconds=180,
            words=f"la nuit : {_said()}",
        )
    finally:
        CRON.unlink()
        until(lambda: not _under_way(stage), seconds=120, words="fin des tâches de la nuit")
        if daemon:
            daemon.terminate()
            daemon.wait(timeout=10)
    made = max(set(BACKUPS.glob("groupe/groupe-*")) - before)
    if made.stat().st_uid != stage.site.user_id or made.stat().st_mode & 0o077:
        raise Stop(f"{made} n’est pas à son seul propriétaire")
    return {
        "par cron en": f"{time.monotonic() - began:.0f} s",
        "sauvegarde": f"{made.stat().st_size // 1024} ko",
        "exercice": _drilled(),
    }


def _said() -> str:
    return LOG.read_text() if LOG.exists() else ""


def _drilled() -> str:
    found = re.findall(r"(\d+ lignes restaurées et vérifiées en [\d.]+ s)", _said())
    return found[-1] if found else ""


def _under_way(stage: Stage) -> list[int]:
    return [pid for words in ("backup_group", "restore_drill") for pid in processes(words, user=stage.site.user_id)]
