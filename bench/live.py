"""From the commit of a change to the hint that a browser gets, against a bare NOTIFY that a bare LISTEN waits for.

The work: 1,000 event streams of eight shops are open on the live process, with the tokens of real pages; the hint of an act
on one order is committed through Django; PostgreSQL tells the live process, which tells the screens of that shop, the
customer who follows the order and head office. From just before the COMMIT to the bytes read, for each screen that must
hear. In the first mix most streams are customers', as on a Friday; in the second a shop has nothing but screens, which all
hear. The reference, in turn with ours while the same streams beat: the same words from one psycopg2 connection to another.
This process reads all the streams: what it takes to read a hundred of them is in our figure.
"""

import random
import select
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice

from django.db import transaction

from bench import database, shops, streams
from bench.reporting import Line, Target, expect
from bench.streams import HINT, Screen, Screens
from shared_apps.live import hints, tokens
from tenants.hosts import Shop

SHOPS, STREAMS = 8, 1000
HEAD_OFFICE = 8  # screens that hear of every act
OF_A_SHOP = (STREAMS - HEAD_OFFICE) // SHOPS
ROUNDS = 5
# Topics of the pages that a shop leaves open: board, counter, dispatch, the manager's day.
PAGES = (
    ("orders", "rush", "printing"),
    ("orders", "escalation", "rush", "drafts", "printing"),
    ("orders", "shifts"),
    ("orders", "escalation", "stock", "rush"),
)


@dataclass(frozen=True, slots=True)
class Mix:
    """Of the streams of a shop, how many are its screens; the others are customers, each following an order."""

    screens: int
    commits: int  # in a round

    @property
    def customers(self) -> int:
        return OF_A_SHOP - self.screens

    @property
    def hearers(self) -> int:
        """Of one act."""
        return HEAD_OFFICE + self.screens + min(self.customers, 1)


MIXES = (Mix(screens=len(PAGES), commits=200), Mix(screens=OF_A_SHOP, commits=60))


def lines() -> Iterator[Line]:
    everyone = shops.opened(SHOPS, kind="live")
    with streams.live_process() as live:
        for mix in MIXES:
            with Screens(live.port, _tokens(everyone, mix)) as screens:
                yield from _measured(everyone, mix, screens)


def _tokens(everyone: list[Shop], mix: Mix) -> list[str]:
    """Shop by shop, its screens then its customers; head office last."""
    issued = []
    for shop in everyone:
        asked = [*islice(cycle(PAGES), mix.screens), *([_order(number)] for number in range(mix.customers))]
        issued += [tokens.issue(scope=shop.schema_name, topics=topics) for topics in asked]
    return issued + [tokens.issue(scope="public", topics=["group"]) for _screen in range(HEAD_OFFICE)]


def _order(number: int) -> str:
    return f"order-{number:032d}"


def _measured(everyone: list[Shop], mix: Mix, screens: Screens) -> Iterator[Line]:
    told = dict.fromkeys(screens.all, 0)
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    with closing(BareNotify()) as bare:
        for _round in range(ROUNDS):
            ours.append([])
            theirs.append([])
            for _commit in range(mix.commits):
                position, number = random.randrange(SHOPS), random.randrange(max(mix.customers, 1))
                topics = ["orders", _order(number)]
                hearers = _hearers(screens.all, mix, position, number)
                screens.read_for(random.uniform(0.005, 0.015))  # so that it falls anywhere among the beats
                start = _committed(everyone[position], topics)
                ours[-1] += [1000 * (moment - start) for moment in screens.heard(hearers)]
                theirs[-1].append(bare.round_trip(everyone[position], topics))
                for screen in hearers:
                    told[screen] += 1
    screens.all_beat()
    wrong = sum(screen.counts[HINT] != count for screen, count in told.items())
    expect("streams that heard more or less than they should", found=wrong, wanted=0)
    commits = ROUNDS * mix.commits
    for percent in (50, 99):
        yield Line(
            work=f"live: commit to hint, p{percent}, {len(screens.all):,} streams, {mix.hearers} to tell",
            reference="bare LISTEN/NOTIFY round trip",
            unit="ms",
            ours=[_percentile(samples, percent) for samples in ours],
            theirs=[_percentile(samples, percent) for samples in theirs],
            checked=f"{commits} commits, {sum(told.values())} hints read by those they were for, none by another stream",
            target=Target("<= +", 10) if percent == 99 else None,
        )


def _hearers(all_screens: list[Screen], mix: Mix, position: int, number: int) -> list[Screen]:
    """Of an act on that order of that shop."""
    first = position * OF_A_SHOP
    of_the_shop = all_screens[first : first + mix.screens]
    customer = [all_screens[first + mix.screens + number]] if mix.customers else []
    return [*of_the_shop, *customer, *all_screens[-HEAD_OFFICE:]]


def _committed(shop: Shop, topics: list[str]) -> float:
    """Just before the COMMIT."""
    with transaction.atomic():
        hints.changed(scope=shop.schema_name, topics=topics, group=True)
        return time.perf_counter()


def _percentile(samples: list[float], percent: int) -> float:
    return statistics.quantiles(samples, n=100)[percent - 1]


class BareNotify:
    """Two connections, on a channel of their own."""

    CHANNEL = "bench"

    def __init__(self) -> None:
        self._listener, self._sender = database.connect(role=None), database.connect(role=None)
        self._sender.autocommit = False
        with self._listener.cursor() as cursor:
            cursor.execute(f"LISTEN {self.CHANNEL}")

    def round_trip(self, shop: Shop, topics: list[str]) -> float:
        """Milliseconds, from just before the COMMIT."""
        words = " ".join([*(f"{shop.schema_name}:{topic}" for topic in topics), hints.GROUP])
        with self._sender.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [self.CHANNEL, words])
        start = time.perf_counter()
        self._sender.commit()
        while not self._listener.notifies:
            select.select([self._listener], [], [], 1)
            self._listener.poll()
        taken = time.perf_counter() - start
        expect("what was heard", found=[self._listener.notifies.pop().payload], wanted=[words])
        return 1000 * taken

    def close(self) -> None:
        self._listener.close()
        self._sender.close()
