"""Screens left open: the live process as `manage.py serve` starts it, and its event streams, read by this one process."""

import contextlib
import gc
import os
import resource
import selectors
import socket
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from urllib.parse import quote

from bench.reporting import expect
from bench.serving import Server
from shared_apps.core import processes
from shared_apps.core.management.commands import serve
from shared_apps.live import stream

PATIENCE = 30  # seconds before a silence is a failure
HELLO, HINT, BEAT = b"event: hello\n", b"event: hint\n", b"event: beat\n"
LONGEST = max(len(mark) for mark in (HELLO, HINT, BEAT))


@contextlib.contextmanager
def live_process() -> Iterator[Server]:
    """It listens to PostgreSQL and to screens within the block."""
    (program,) = (program for program in serve.programs() if program.name == "live")
    with processes.listen(("127.0.0.1", 0), patience=0) as public:
        started = processes.Started(program, public, os.environ)
        try:
            until = time.monotonic() + PATIENCE
            while not started.ready:
                expect("the live process", found=(started.alive, time.monotonic() < until), wanted=(True, True))
                time.sleep(0.1)
            yield Server(public.getsockname()[1], started.pid)
        finally:
            processes.stop([started])


class Screen:
    """One stream: how many of each event came, and when the last bytes did."""

    __slots__ = ("at", "counts", "socket", "tail")

    def __init__(self, port: int, token: str) -> None:
        self.counts = {HELLO: 0, HINT: 0, BEAT: 0}
        self.at, self.tail = 0.0, b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        request = (
            f"GET {stream.PATH}?token={quote(token)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
        )
        self.socket.sendall(request.encode())

    def read(self) -> None:
        """Raises NotDone when the stream has ended."""
        received = self.socket.recv(65536)
        self.at = time.perf_counter()
        expect("streams that ended", found=not received, wanted=False)
        for mark in self.counts:
            seen = self.tail[-(len(mark) - 1) :] + received
            self.counts[mark] += seen.count(mark)
        self.tail = (self.tail + received)[-LONGEST:]


class Screens:
    """Open until the end of the block, each greeted."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._selector = selectors.DefaultSelector()
        self.all = [Screen(port, token) for token in tokens]
        for screen in self.all:
            self._selector.register(screen.socket, selectors.EVENT_READ, screen)
        self.wait(lambda: all(screen.counts[HELLO] for screen in self.all), "streams greeted")
        gc.freeze()  # the collector would stop this reader for a tenth of a second, and the streams would seem late

    def __enter__(self) -> "Screens":
        return self

    def __exit__(self, *_error: object) -> None:
        gc.unfreeze()
        self._selector.close()
        for screen in self.all:
            screen.socket.close()

    def read(self, seconds: float) -> list[Screen]:
        """Those that have said something, at the latest after so long."""
        spoke = [key.data for key, _events in self._selector.select(seconds)]
        for screen in spoke:
            screen.read()
        return spoke

    def read_for(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Raises NotDone."""
        until = time.monotonic() + PATIENCE
        while not done():
            expect(f"{what}, in time", found=time.monotonic() < until, wanted=True)
            self.read(0.1)

    def heard(self, hearers: Collection[Screen]) -> list[float]:
        """The moments at which each of these gets one hint more than it had. Raises NotDone."""
        wanted = {screen: screen.counts[HINT] + 1 for screen in hearers}
        moments: list[float] = []
        until = time.monotonic() + PATIENCE
        while wanted:
            expect("screens told, in time", found=time.monotonic() < until, wanted=True)
            for screen in self.read(0.1):
                if screen in wanted and screen.counts[HINT] == wanted[screen]:
                    moments.append(screen.at)
                    del wanted[screen]
        return moments

    def all_beat(self) -> None:
        """Each has had a beat since now: what was to be said to it before has been."""
        before = {screen: screen.counts[BEAT] for screen in self.all}
        self.wait(lambda: all(screen.counts[BEAT] > before[screen] for screen in self.all), "streams that beat")
