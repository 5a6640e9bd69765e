"""The parent of web, live and worker, as a process with real children: Gunicorn, on sockets that it hands over (ADR 0037)."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60
MANAGE = """
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from shared_apps.core.parent import Parent
from shared_apps.core.processes import Program

if sys.argv[1] == "check":
    sys.exit({check})
gunicorn = str(Path(sys.executable).parent / "gunicorn")
command = [gunicorn, "page", "--threads", "2", "--log-level", "error", "--no-control-socket"]
web = Program("web", [*command, "--bind", "fd://{{public}}", "--bind", "fd://{{private}}"],
              ("127.0.0.1", {port}), health="/health", grace_seconds=10)
here = Path(__file__).resolve().parent
cluster = Program("cluster", [sys.executable, "cluster.py"], steady_seconds=0.1, orphans_work_on=True)
sys.exit(Parent([cluster, web], release=here.name, state=here.parent.parent / "serve.json", terminal=False).run())
"""
PAGE = """
import os, time

def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    start_response("{status}" if environ["PATH_INFO"] == "/health" else "200 OK", [("Content-Type", "text/plain")])
    return [f"{name} {{os.getpid()}}".encode()]
"""


CLUSTER = """
import os, time
from pathlib import Path

if os.fork() == 0:  # it looks at nobody: neither at its parent nor at a signal to it
    Path("forked.new").write_text(str(os.getpid()))
    Path("forked.new").replace("forked")
while True:
    time.sleep(60)
"""


@dataclass
class Home:
    """Releases beside each other and `current`, as on the server; the site runs from `current`."""

    path: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def lay(self, name: str, *, status: str = "200 OK", check: int = 0) -> None:
        release = self.path / "releases" / name
        release.mkdir(parents=True)
        (release / ".venv").symlink_to(ROOT / ".venv")
        (release / "manage.py").write_text(MANAGE.format(root=str(ROOT), port=self.port, check=check))
        (release / "page.py").write_text(PAGE.format(name=name, status=status))
        (release / "cluster.py").write_text(CLUSTER)

    def point(self, name: str) -> None:
        draft = self.path / "next"
        draft.symlink_to(Path("releases") / name)
        draft.replace(self.path / "current")

    def start(self) -> None:
        current = self.path / "current"
        self.process = subprocess.Popen([str(current / ".venv/bin/python"), "manage.py", "serve"], cwd=current)
        until(lambda: self.told() | {"state": "serving", "pid": self.process.pid} == self.told())

    def hand_over_to(self, name: str) -> None:
        assert self.process
        self.point(name)
        self.process.send_signal(signal.SIGHUP)

    def told(self) -> dict[str, str | int]:
        with contextlib.suppress(OSError):
            return json.loads((self.path / "serve.json").read_text())
        return {"state": "not there"}

    def ask(self, path: str = "/") -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode().split()[0]
        finally:
            connection.close()

    def web(self) -> int:
        """The Gunicorn that the parent has."""
        return self._child("gunicorn")

    def cluster(self) -> int:
        return self._child("cluster.py")

    def _child(self, name: str) -> int:
        """The last one that was started, 0 for none."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return max((int(pid) for pid in children if name in _command(pid)), default=0)

    def forked(self) -> int:
        """What the cluster has forked; it runs."""
        until((self.path / "current" / "forked").exists)
        pid = int((self.path / "current" / "forked").read_text())
        until(lambda: self.cluster() != 0)
        return pid


def _command(pid: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@pytest.fixture
def home(tmp_path) -> Iterator[Home]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = Home(tmp_path, port)
    home.lay("first")
    home.point("first")
    home.start()
    yield home
    home.process.terminate()
    assert home.process.wait(PATIENCE) == 0
    with pytest.raises(ConnectionError):
        home.ask()  # nobody is left on its socket


@contextlib.contextmanager
def visitors(home: Home) -> Iterator[list[str]]:
    """Who ask all the time; what they were answered, an error being an answer too."""
    answers: list[str] = []
    over = threading.Event()

    def visit() -> None:
        while not over.wait(0.005):
            try:
                answers.append(home.ask())
            except (OSError, http.client.HTTPException, IndexError) as error:
                answers.append(repr(error))

    threads = [threading.Thread(target=visit) for _visitor in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_the_next_release_takes_over_and_no_request_fails(home):
    home.lay("second")
    slow: list[str] = []
    with visitors(home) as answers:
        until(lambda: len(answers) > 20)
        waiting = threading.Thread(target=lambda: slow.append(home.ask("/slow")))
        waiting.start()
        home.hand_over_to("second")
        until(lambda: home.told() | {"state": "serving", "release": "second"} == home.told())
        until(lambda: answers[-1] == "second")
        until(lambda: answers[-200:].count("second") == 200)
        waiting.join()
    assert set(answers) == {"first", "second"}
    assert slow == ["first"]
    assert home.process.poll() is None  # the same process, so that Supervisor has nothing to say


@pytest.mark.parametrize(
    ("broken", "words"),
    [({"status": "500 Oops"}, r"not ready: (cluster, )?web"), ({"check": 1}, "cannot start")],
)
def test_a_release_that_is_not_ready_leaves_the_one_before_in_place(home, broken, words):
    home.lay("broken", **broken)
    if "status" in broken:  # it need not have the whole of its patience
        page = home.path / "releases/broken/page.py"
        page.write_text("raise RuntimeError('broken')\n")
    with visitors(home) as answers:
        home.hand_over_to("broken")
        until(lambda: home.told()["state"] == "refused")
        seen = len(answers)
        until(lambda: len(answers) > seen + 50)
    assert re.search(words, str(home.told()["reason"]))
    assert set(answers) == {"first"}
    home.lay("mended")
    home.hand_over_to("mended")
    until(lambda: home.told() | {"state": "serving", "release": "mended"} == home.told())
    until(lambda: home.ask() == "mended")


def test_a_killed_child_comes_back_and_its_visitors_wait(home):
    before = home.web()
    os.kill(before, signal.SIGKILL)
    assert home.ask() == "first"  # asked of a socket that the parent kept
    until(lambda: home.web() != before)


def test_what_a_killed_child_had_forked_does_not_work_on_beside_its_successor(home):
    cluster, forked = home.cluster(), home.forked()
    os.kill(cluster, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{forked}").exists())
    until(lambda: home.cluster() != cluster)
    until(lambda: home.forked() != forked)


def test_nor_does_that_of_the_release_before(home):
    forked = home.forked()
    home.lay("second")
    home.hand_over_to("second")
    until(lambda: home.told() | {"state": "serving", "release": "second"} == home.told())
    until(lambda: not Path(f"/proc/{forked}").exists())


@pytest.mark.skipif(sys.platform != "linux", reason="setpriv")
def test_a_killed_parent_leaves_nobody_on_its_socket(home):
    forked = home.forked()
    home.process.kill()
    home.process.wait()
    os.kill(forked, signal.SIGKILL)  # django-q's would have heard of it from the cluster, which is told to stop
    home.start()  # waits until the address is free
    assert home.ask() == "first"
