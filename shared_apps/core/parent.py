"""The parent of web, live and worker: it holds their sockets, brings back who dies, and hands over to the next release.

On HUP it becomes, by exec, the parent of the release that its checkout now names: same process, same sockets, same
children. It then starts that release's children beside the old ones, on the same sockets, and only when all are ready
lets the old ones finish and go. Should one not get ready, the new ones go and the old ones stay (ADR 0037).
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from shared_apps.core.processes import Process, Program, Started, checkout, described, listen, stop

log = logging.getLogger(__name__)
HANDED = "OCPIZZA_HANDED_OVER"
READY_SECONDS, BIND_SECONDS, TICK = 90, 100, 0.1
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.2, 10.0, 30.0  # between two lives of a child that dies at once


class Parent:
    def __init__(self, programs: Sequence[Program], *, release: str, state: Path, terminal: bool) -> None:
        self.programs = {program.name: program for program in programs}
        self.release, self.state, self.terminal = release, state, terminal
        self.sockets: dict[str, socket.socket] = {}
        self.serving: dict[str, Process] = {}
        self.leaving: list[tuple[Process, float]] = []  # with the moment when it is killed
        self._pauses: dict[str, float] = {}
        self._not_before: dict[str, float] = {}
        self._stopping = self._next = False

    def run(self) -> int:
        """Serves until TERM; the exit code."""
        self._listen_to_signals()
        before = self._take_over()
        self._listen()
        if not self._begin(before):
            return 1
        while not self._stopping:
            self._revive()
            self._see_off()
            if self._next:
                self._hand_over()
            time.sleep(TICK)
        self._say("stopping")
        stop([*self.serving.values(), *(process for process, _until in self.leaving)])
        self._say("stopped")
        return 0

    def _listen_to_signals(self) -> None:
        def leave(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        def hand_over(_number: int, _frame: FrameType | None) -> None:
            self._next = True

        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
        signal.signal(signal.SIGHUP, leave if self.terminal else hand_over)  # a terminal that closes says HUP too

    def _take_over(self) -> dict[str, Process]:
        """What the release before left us by exec: its sockets and its children."""
        handed = json.loads(os.environ.pop(HANDED, "{}"))
        for name, descriptor in handed.get("sockets", {}).items():
            self.sockets[name] = socket.socket(fileno=descriptor)
            os.set_inheritable(descriptor, False)
        self.leaving = [(self._known(old), time.monotonic() + old["seconds"]) for old in handed.get("leaving", ())]
        return {old["name"]: self._known(old) for old in handed.get("serving", ())}

    def _known(self, old: Mapping[str, Any]) -> Process:
        return Process(old["pid"], self.programs.get(old["name"], Program(old["name"], ())))

    def _listen(self) -> None:
        """Sockets of ours; one whose address another release changed is opened anew."""
        for name, program in self.programs.items():
            held = self.sockets.get(name)
            if held and held.getsockname()[:2] != program.address:
                self.sockets.pop(name).close()
            if program.address and name not in self.sockets:
                self.sockets[name] = listen(program.address, patience=BIND_SECONDS)

    def _begin(self, before: dict[str, Process]) -> bool:
        """This release's children, beside those of the release before; whether anybody serves."""
        self._say("starting")
        new = {name: self._start(program) for name, program in self.programs.items()}
        late = self._until_ready(list(new.values()))
        if not late:
            self.serving = dict(new)
            self._let_go(list(before.values()))
            self._say("serving")
            return True
        log.error("%s: not ready: %s", self.release, ", ".join(late))
        stop(list(new.values()))
        self.serving = before
        self._say("refused", reason=f"not ready: {', '.join(late)}")
        return bool(before)

    def _start(self, program: Program) -> Started:
        return Started(program, self.sockets.get(program.name), os.environ)

    def _until_ready(self, new: list[Started]) -> list[str]:
        """The names of those that are not."""
        until = time.monotonic() + READY_SECONDS
        waiting = new
        while waiting and not self._stopping and time.monotonic() < until and all(one.alive for one in new):
            waiting = [one for one in waiting if not one.ready]
            time.sleep(TICK)
        dead = [one.program.name for one in new if not one.alive]
        return sorted({*dead, *(one.program.name for one in waiting)})

    def _let_go(self, old: list[Process]) -> None:
        for process in old:
            process.signal(signal.SIGTERM)
            self.leaving.append((process, time.monotonic() + process.program.grace_seconds))

    def _see_off(self) -> None:
        for process, until in self.leaving:
            if time.monotonic() > until:
                process.kill()
        self.leaving = [(process, until) for process, until in self.leaving if process.is_there]

    def _revive(self) -> None:
        """A dead child comes back at once, and more slowly if it keeps dying."""
        now = time.monotonic()
        for name, process in self.serving.items():
            if process.alive or now < self._not_before.get(name, 0):
                continue
            log.error("%s died (%s): started again", name, process.status)
            lived = now - process.since if isinstance(process, Started) else STEADY
            pause = FIRST_PAUSE if lived >= STEADY else min(LONGEST_PAUSE, 2 * self._pauses.get(name, FIRST_PAUSE))
            self._pauses[name], self._not_before[name] = pause, now + pause
            self.leaving.append((process, now + process.program.grace_seconds))  # what it has forked may be there
            self.serving[name] = self._start(self.programs[name])

    def _hand_over(self) -> None:
        """Becomes the parent of the release that the checkout now names. A release that cannot even start is refused."""
        self._next = False
        home = checkout()
        python = str(home / ".venv" / "bin" / "python")
        environment = {name: value for name, value in os.environ.items() if name != HANDED}
        tried = subprocess.run(
            [python, "manage.py", "check"], cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        if tried.returncode:
            log.error("%s cannot start: %s", home.resolve().name, tried.stderr.strip()[-2000:])
            self._say("refused", reason=f"{home.resolve().name} cannot start")
            return
        os.environ[HANDED] = json.dumps(self._inheritance())
        os.chdir(home)
        os.execv(python, [python, *sys.argv])  # noqa: S606  ourselves, in the next release

    def _inheritance(self) -> dict[str, Any]:
        for held in self.sockets.values():
            held.set_inheritable(True)
        leaving = [
            {**described([process])[0], "seconds": until - time.monotonic()}
            for process, until in self.leaving
            if process.alive
        ]
        return {
            "sockets": {name: held.fileno() for name, held in self.sockets.items()},
            "serving": described(list(self.serving.values())),
            "leaving": leaving,
        }

    def _say(self, state: str, *, reason: str = "") -> None:
        """For whoever deploys: which release serves, or why it does not."""
        text = json.dumps({"pid": os.getpid(), "release": self.release, "state": state, "reason": reason})
        draft = self.state.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self.state)
