"""The machine: Debian's packages, commands, files that are put in place and taken away again."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).resolve().parents[2]
# The server's, the line of the dossier (chapter 3): the last three are what pip builds psycopg2 with.
SERVER = (
    "python3", "python3-venv", "git", "nginx", "supervisor", "openssh-server", "cron",
    "gcc", "python3-dev", "libpq-dev",
)  # fmt: skip
# The rehearsal's own: the database that the provider has, the machine that deploys, a certificate authority, a visitor.
REHEARSAL = ("postgresql", "openssh-client", "openssl", "curl")
POLICY = Path("/usr/sbin/policy-rc.d")
Result = TypeVar("Result")


class Stop(Exception):
    """The rehearsal cannot go on; the message says why."""


def run(
    *command: str,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    check: bool = True,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Raises Stop with what the command said."""
    done = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=cwd or "/",
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    if check and done.returncode:
        raise Stop(f"{' '.join(command)} : code {done.returncode}\n{done.stdout[-4000:]}")
    return done


def until(condition: Callable[[], Result], *, seconds: float, words: str) -> Result:
    """The first true answer of `condition`. Raises Stop."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Stop(f"attendu en vain {seconds:.0f} s : {words}")
        time.sleep(0.1)


def install_packages() -> list[str]:
    """Those that the machine lacks, without starting their services; which they were."""
    lacking = [name for name in (*SERVER, *REHEARSAL) if not _installed(name)]
    if not lacking:
        return []
    own_policy = not POLICY.exists()
    if own_policy:  # or Debian starts nginx and PostgreSQL of its own on the ports of ours
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get", "update", "-qq", env=quiet)
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *lacking, env=quiet)
    finally:
        if own_policy:
            POLICY.unlink()
    return lacking


def _installed(name: str) -> bool:
    status = run("dpkg-query", "-W", "-f", "${Status}", name, check=False)
    return status.stdout == "install ok installed"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def processes(words: str, *, user: int) -> list[int]:
    """Those of a user whose command line says so, and no other's."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if words in command and folder.stat().st_uid == user:
                found.append(int(folder.name))
    return sorted(found)
