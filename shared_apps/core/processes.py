"""A program that `manage.py serve` runs: started on sockets that its parent holds, asked whether it is ready, stopped."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ASK_SECONDS = 5
UNREAPED_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Program:
    """What to run; in `command`, {public} and {private} stand for the descriptors of its sockets."""

    name: str
    command: Sequence[str]
    address: tuple[str, int] | None = None  # where visitors reach it, the release before and after together
    health: str = ""  # the path that answers 200 once it is ready
    health_headers: Mapping[str, str] = field(default_factory=dict)
    steady_seconds: float = 0  # one that cannot be asked is ready when it has lived that long
    grace_seconds: float = 10  # what it is given to finish what it has begun
    orphans_work_on: bool = False  # what it forks does not see that it is gone, and is killed with it


class Process:
    """A child by its number alone: it may have been started by the release before, which became this one by exec."""

    def __init__(self, pid: int, program: Program) -> None:
        self.pid, self.program = pid, program
        self.status: int | None = None

    @property
    def alive(self) -> bool:
        if self.status is None:
            self.status = self._ended()
            if self.status is not None and self.program.orphans_work_on:
                self.kill()
        return self.status is None

    def _ended(self) -> int | None:
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        return os.waitstatus_to_exitcode(status) if pid else None

    @property
    def is_there(self) -> bool:
        """It, or something that it has forked: Gunicorn's workers see within a second or two that it is gone."""
        if self.alive:
            return True
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """With all that it has forked."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def signal(self, number: int) -> None:
        if self.alive:
            os.kill(self.pid, number)


class Started(Process):
    """A child of this release, with a private address on which it alone answers."""

    def __init__(self, program: Program, public: socket.socket | None, environment: Mapping[str, str]) -> None:
        self.since = time.monotonic()
        with socket.create_server(("127.0.0.1", 0)) as private:
            self._port = private.getsockname()[1]
            descriptors = {"public": public.fileno(), "private": private.fileno()} if public else {}
            # Popen reaps children by itself when it is forgotten, which is why it is kept.
            self._popen = subprocess.Popen(
                [*_dies_with_its_parent(), *(part.format(**descriptors) for part in program.command)],
                env=dict(environment),
                pass_fds=list(descriptors.values()),
                stdin=subprocess.DEVNULL,
                # A group of its own: Ctrl-C is for the parent, which stops them in its own order.
                start_new_session=True,
            )
        super().__init__(self._popen.pid, program)

    def _ended(self) -> int | None:
        return self._popen.poll()

    @property
    def ready(self) -> bool:
        if not self.program.health:
            return self.alive and time.monotonic() - self.since >= self.program.steady_seconds
        asked = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ASK_SECONDS)
        try:
            asked.request("GET", self.program.health, headers=dict(self.program.health_headers))
            return asked.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()


def _dies_with_its_parent() -> list[str]:
    """A parent that is killed leaves nobody behind on its sockets (Linux)."""
    return ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


def listen(address: tuple[str, int], *, patience: float) -> socket.socket:
    """A listening socket; a parent that was killed may hold the address until its children are gone."""
    until = time.monotonic() + patience
    while True:
        try:
            return socket.create_server(address, backlog=1024)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def checkout() -> Path:
    """The checkout as it was named, not where the name leads today: `current`, where releases follow each other."""
    return Path(sys.executable).parents[2]


def described(processes: Sequence[Process]) -> list[dict[str, Any]]:
    return [{"pid": process.pid, "name": process.program.name} for process in processes if process.alive]


def stop(processes: Sequence[Process]) -> None:
    """All at once, each within its grace; returns when none is left, nor anything that they have forked."""
    started = time.monotonic()
    at_last = max((process.program.grace_seconds for process in processes), default=0) + UNREAPED_SECONDS
    for process in processes:
        process.signal(signal.SIGTERM)
    while left := [process for process in processes if process.is_there]:
        for process in left:
            if time.monotonic() - started > process.program.grace_seconds:
                process.kill()
        if time.monotonic() - started > at_last:
            return  # killed, and kept in the table by somebody who does not look
        time.sleep(0.05)
