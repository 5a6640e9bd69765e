#!/usr/bin/env python3
"""Puts a commit in service on the server, beside the release that serves, then hands over without losing a request.

    python3 release.py COMMIT [--home /srv/ocpizza] [--check "ARGUMENTS OF check_deployment"]

Run as the user of the application, by deploy/over_ssh.sh or by hand; nothing but Python's own library. Under the home:

    .env            the settings, the same for every release
    repository.git  a mirror of the repository, made once: git clone --mirror URL repository.git
    releases/       a folder a release: its files, its own .venv, its static files
    current         → the release that serves; nginx and Supervisor read it
    previous        → the one before, whose pages are still open and which comes back when the next one fails

What fails before the hand-over changes nothing for visitors. A release that does not get ready, or whose check fails after,
is replaced by the one before. Migrations are not taken back: they suit both (docs/adr/0038).
"""

import argparse
import contextlib
import datetime as dt
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

KEPT = 5
HAND_OVER_SECONDS = 240
MIGRATION_TRIES = 3  # a shop whose tables are busy is left, and tried again
# Copied by hand under /etc, where a release cannot write.
COPIED = ("ocpizza.conf", "deploy/nginx.conf", "deploy/ocpizza.cron")


class Failed(Exception):
    """The deployment stops here; the message says why, in words for the operator."""


class Home:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.repository, self.releases = path / "repository.git", path / "releases"
        self.current, self.previous = path / "current", path / "previous"
        self.data = path / ".data"
        self.state = Path(self._setting("RUN_DIR") or self.data / "run") / "serve.json"

    def _setting(self, name: str) -> str:
        """The one line of `.env` that this script reads itself."""
        for line in (self.path / ".env").read_text().splitlines():
            if line.startswith(f"{name}="):
                return line.partition("=")[2].strip()
        return ""

    def say(self, words: str) -> None:
        """To whoever looks on, who may have left, and to the log of the server."""
        line = f"{dt.datetime.now(dt.UTC):%H:%M:%S} {words}"
        with contextlib.suppress(OSError):
            print(line, flush=True)
        with (self.data / "deployments.log").open("a") as log:
            log.write(f"{dt.datetime.now(dt.UTC):%Y-%m-%d} {line}\n")

    @contextlib.contextmanager
    def step(self, words: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.say(f"{words} : {time.monotonic() - started:.1f} s")

    def point(self, link: Path, release: Path) -> None:
        """In one act: whoever reads the link sees the one or the other."""
        draft = link.with_name(f".{link.name}.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(release.relative_to(self.path))
        draft.replace(link)

    def running(self) -> int | None:
        """The parent that serves, if one does."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            pid = json.loads(self.state.read_text())["pid"]
            os.kill(pid, 0)
            return pid
        return None


def run(*command: str, folder: Path, words: str) -> str:
    """What the command prints. Raises Failed with the end of it."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Failed(f"{words} : {done.stdout.strip()[-3000:]}")
    return done.stdout


def manage(release: Path, *arguments: str, words: str) -> str:
    # -u: what is said comes in the order in which it was said.
    return run(str(release / ".venv/bin/python"), "-u", "manage.py", *arguments, folder=release, words=words)


def fetch(home: Home, commit: str) -> str:
    """The full name of the commit, now in the mirror."""
    git = ("git", f"--git-dir={home.repository}")
    run(*git, "fetch", "--quiet", "--prune", "origin", folder=home.path, words="dépôt")
    return run(
        *git, "rev-parse", "--verify", f"{commit}^{{commit}}", folder=home.path, words="version inconnue"
    ).strip()


def lay(home: Home, commit: str) -> Path:
    """The files of the commit in a folder of their own."""
    release = home.releases / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{commit[:7]}"
    release.mkdir(parents=True)
    archive = subprocess.Popen(
        ["git", f"--git-dir={home.repository}", "archive", commit], stdout=subprocess.PIPE, cwd=home.path
    )
    unpacked = subprocess.run(["tar", "-x", "-C", str(release)], stdin=archive.stdout, check=False)
    if archive.wait() or unpacked.returncode:
        raise Failed("les fichiers de la version n’ont pas pu être posés")
    (release / ".env").symlink_to("../../.env")
    return release


def install(release: Path) -> None:
    """From the lock, into an environment of the release's own."""
    run(sys.executable, "-m", "venv", ".venv", folder=release, words="environnement Python")
    pip = (str(release / ".venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--requirement", "requirements.txt", folder=release, words="paquets")


def prepare(release: Path) -> None:
    manage(release, "translations", "--compile", words="traductions")
    manage(release, "collectstatic", "--noinput", "--verbosity", "0", words="fichiers statiques")
    manage(release, "check", "--deploy", "--fail-level", "WARNING", words="réglages")


def suit(home: Home, release: Path) -> None:
    """Nothing is taken from the release that serves: it serves during the migrations, and comes back if this one fails."""
    if home.current.exists():
        serving = str(home.current.resolve())
        said = manage(release, "lint_migrations", "--serving", serving, words="migrations qui ne conviennent pas")
        for line in said.splitlines():
            home.say(line)


def migrate(home: Home, release: Path) -> None:
    """Every shop; those that are busy again, a few times. The release before goes on serving meanwhile."""
    for attempt in range(1, MIGRATION_TRIES + 1):
        try:
            report = manage(release, "migrate_pizzerias", "--verbosity", "0", words="migrations")
        except Failed as failure:
            if attempt == MIGRATION_TRIES:
                raise
            home.say(f"{failure} — nouvel essai")
        else:
            home.say(report.strip().splitlines()[-1])
            return


def hand_over(home: Home, release: Path) -> None:
    """Points `current` at the release and waits until it serves. Raises Failed, the one before then still serving."""
    asked = time.time_ns()
    home.point(home.current, release)
    pid = home.running()
    if pid is None:
        home.say("le site est arrêté : supervisorctl start ocpizza le démarre avec cette version")
        return
    os.kill(pid, signal.SIGHUP)
    until = time.monotonic() + HAND_OVER_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(home.state.read_text()) if home.state.stat().st_mtime_ns > asked else {}
            if told.get("state") == "refused":
                raise Failed(f"la nouvelle version n’a pas démarré ({told['reason']})")
            if told.get("state") == "serving" and told["release"] == release.name:
                return
        time.sleep(0.2)
    raise Failed(f"la nouvelle version n’a pas pris la main en {HAND_OVER_SECONDS} s")


def check(home: Home, release: Path, arguments: list[str]) -> None:
    if home.running():
        manage(release, "check_deployment", *arguments, words="vérification")


def say_what_to_copy(home: Home, release: Path) -> None:
    """Files of the release that the server has copies of, where they are no more those of the release before."""
    for name in COPIED:
        before, now = (folder / name for folder in (home.previous, release))
        if before.exists() and before.read_bytes() != now.read_bytes():
            home.say(f"{name} a changé : à recopier sur le serveur (dossier d’exploitation, chapitre 6)")


def forget(home: Home) -> None:
    """All but the last ones, and never one that a link names."""
    named = {link.resolve() for link in (home.current, home.previous) if link.exists()}
    for old in sorted(home.releases.iterdir(), reverse=True)[KEPT:]:
        if old.resolve() not in named:
            shutil.rmtree(old, ignore_errors=True)


def build(home: Home, commit: str) -> Path:
    """The release, complete, and every shop migrated; nothing of it serves yet."""
    with home.step("dépôt mis à jour"):
        full = fetch(home, commit)
    release = lay(home, full)
    try:
        with home.step(f"version {release.name} : paquets installés"):
            install(release)
        with home.step("traductions, fichiers statiques et réglages"):
            prepare(release)
        with home.step("migrations"):
            suit(home, release)
            migrate(home, release)
            manage(release, "schedule_tasks", words="tâches régulières")
    except Failed:
        shutil.rmtree(release, ignore_errors=True)
        raise
    return release


def put_in_service(home: Home, release: Path, checks: list[str]) -> None:
    before = home.current.resolve() if home.current.exists() else None
    if before:
        home.point(home.previous, before)
    try:
        with home.step("passage de relais"):
            hand_over(home, release)
        with home.step("vérification"):
            check(home, release, checks)
    except Failed as failure:
        if before is None:
            raise
        home.say(f"ÉCHEC : {failure}")
        with home.step(f"retour à {before.name}"):
            hand_over(home, before)
            check(home, before, checks)
        raise Failed(f"{release.name} n’est pas en service ; {before.name} l’est de nouveau") from failure


def deploy(home: Home, commit: str, checks: list[str]) -> None:
    started = time.monotonic()
    release = build(home, commit)
    put_in_service(home, release, checks)
    say_what_to_copy(home, release)
    forget(home)
    home.say(f"{release.name} est en service, en {time.monotonic() - started:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Met une version en service.")
    parser.add_argument("commit")
    parser.add_argument("--home", type=Path, default=Path("/srv/ocpizza"))
    parser.add_argument("--check", default="", help="arguments de manage.py check_deployment")
    given = parser.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a connection that is cut leaves nothing half done
    os.umask(0o022)
    os.nice(10)  # visitors of the release that serves come first
    (given.home / ".data").mkdir(exist_ok=True)
    home = Home(given.home.resolve())
    with (home.data / "deploy.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            deploy(home, given.commit, shlex.split(given.check))
        except BlockingIOError:
            sys.exit("Une autre mise en service est en cours.")
        except Failed as failure:
            home.say(f"ÉCHEC : {failure}")
            sys.exit(1)


if __name__ == "__main__":
    main()
