"""A screen of the counter, as its page keeps it: one event stream through nginx, opened again where it ended."""

import contextlib
import http.client
import itertools
import re
import threading
import time
from collections.abc import Iterator
from html import unescape

from customers import Customer, counts
from installed import SHOPS, STAFF
from machine import Stop, until
from scenes import Figures, Stage, no_failure

AGAIN = 1.0  # seconds, what `retry:` of the stream tells a browser
SILENCE = 10.0  # the stream beats every 2 s
HEARD = 2.0  # seconds after the customer's answer; a stream that nginx keeps back has nothing for a minute


class Screen(threading.Thread):
    def __init__(self, staff: Customer, path: str) -> None:
        super().__init__(daemon=True)
        self.staff, self.path = staff, path
        self.events: list[tuple[float, str, str]] = []  # when, kind, topics; beats too
        self.openings: list[int] = []  # how many events there were before each
        self.refused: list[str] = []
        self._last_id, self._over = "", False

    def run(self) -> None:
        while not self._over:
            try:
                with contextlib.closing(self.staff.connection()) as connection:
                    self._listen(connection)
            except (OSError, http.client.HTTPException) as error:
                self.refused.append(repr(error))
            if not self._over:
                time.sleep(AGAIN)

    def _listen(self, connection: http.client.HTTPConnection) -> None:
        assert connection.sock
        connection.sock.settimeout(SILENCE)
        headers = {"Host": self.staff.host, "Accept": "text/event-stream", "Last-Event-ID": self._last_id}
        connection.request("GET", self.path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            self.refused.append(f"HTTP {answer.status}")
            return
        self.openings.append(len(self.events))
        kind = ""
        while not self._over and (line := answer.readline()):
            name, _, value = line.decode().strip().partition(": ")
            if name == "id":
                self._last_id = value
            elif name == "event":
                kind = value
            elif name.startswith("data"):
                self.events.append((time.monotonic(), kind, value))

    def leave(self) -> None:
        self._over = True
        self.join(SILENCE + 5)

    def heard(self, topic: str, *, after: int) -> float:
        """When the first hint of that topic came, from the event of that number on; 0: not yet."""
        events = self.events[after:]
        return next((when for when, kind, topics in events if kind == "hint" and topic in topics.split()), 0.0)

    @property
    def longest_silence(self) -> float:
        moments = [when for when, _kind, _topics in self.events]
        return max((after - before for before, after in itertools.pairwise(moments)), default=0.0)


@contextlib.contextmanager
def counter(stage: Stage, slug: str) -> Iterator[Screen]:
    """The orders' screen of a shop, opened by somebody of its counter, for the block."""
    staff = Customer(slug, "127.2.2.2", stage.crowd)
    staff.sign_in(STAFF, stage.site.password)
    page = staff.get("/comptoir/")
    stream = re.search(r'data-live-stream="([^"]+)"', page.html)
    if not stream:
        raise Stop(f"le comptoir n’a pas de flux : {page.path}")
    screen = Screen(staff, unescape(stream[1]))
    screen.start()
    try:
        until(lambda: screen.events, seconds=10, words="le flux du comptoir s’ouvre")
        yield screen
    finally:
        screen.leave()


def the_counter_hears(stage: Stage) -> Figures:
    """An order is on the counter's screen as soon as the customer has their answer."""
    with counter(stage, SHOPS[0]) as screen, stage.crowd.scene(()) as tally:
        until(lambda: len(screen.events) > 2, seconds=10, words="le flux bat")
        seconds = _ordered(stage, screen)
    no_failure(tally, pauses=False)
    return {**counts(tally), "indice après la réponse": f"{1000 * seconds:.0f} ms", **stage.reckon(tally)}


def _ordered(stage: Stage, screen: Screen) -> float:
    """Seconds from the answer to a customer until the hint; less than none when the screen knew first. Raises Stop."""
    known = len(screen.events)
    if not Customer(screen.staff.host.partition(".")[0], "127.2.2.3", stage.crowd).order(delivered=True):
        raise Stop(f"pas de commande : {dict(stage.crowd.tally.refusals)}")
    answered = time.monotonic()
    heard = until(lambda: screen.heard("orders", after=known), seconds=HEARD, words="l’indice d’une commande")
    return heard - answered


def hears_on(stage: Stage, screen: Screen) -> Figures:
    """After a hand-over: the stream goes on or was opened again, told what it may have missed, and has the next order."""
    until(lambda: screen.is_alive() and screen.events[-1][0] > time.monotonic() - 3, seconds=15, words="le flux bat")
    seconds = _ordered(stage, screen)
    first = [screen.events[number][1] for number in screen.openings[1:]]
    if screen.refused or set(first) - {"resync", "hint"} or screen.longest_silence > SILENCE:
        raise Stop(f"flux : refus {screen.refused}, reprises {first}, silence {screen.longest_silence:.1f} s")
    return {
        "flux rouvert": f"{len(first)} fois",
        "plus long silence": f"{screen.longest_silence:.1f} s",
        "indice après le relais": f"{1000 * seconds:.0f} ms",
    }
