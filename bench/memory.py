"""What a web worker and an open stream take in memory, as Linux counts it: no target, it says how many fit in a machine.

Proportional set size (PSS): what is shared with other processes is divided among them. The buffers of sockets, which are
the kernel's, and PostgreSQL's own processes are not in it.
The web worker: the only one of a gunicorn with four threads, after eight readers in parallel have read the menus of eight
shops for a second each; beside it, the same worker when it had served its health page alone. The live process: before any
stream, then with all of them open, when each has had a hint and a beat. BENCH_FULL=1 opens 5,000.
"""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import requests
from django.conf import settings
from django.db import transaction

from bench import load, serving, shops, streams
from bench.reporting import Line, expect
from bench.streams import HINT, Screens
from shared_apps.catalogue.models import Product
from shared_apps.live import hints, stream, tokens

SHOPS = 8
STREAMS = 5000 if os.environ.get("BENCH_FULL") else 1000


def lines() -> Iterator[Line]:
    yield _web_worker()
    yield _stream()


def _pss_kb(pid: int) -> int:
    (found,) = re.findall(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"), re.M)
    return int(found)


def _web_worker() -> Line:
    everyone = shops.opened(SHOPS, kind="memory")
    products = Product.objects.filter(published=True).count()
    served = 0.0
    with serving.gunicorn(serving.OURS, "/sante/", {"Host": settings.BASE_DOMAIN}, workers=1) as site:
        (worker,) = Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text(encoding="ascii").split()
        before = _pss_kb(int(worker))
        for shop in everyone:
            page = load.Page(site.port, "/", {"Host": f"{shop.slug}.{settings.BASE_DOMAIN}"})
            with closing(page.connect()) as over:
                body = page.fetch(over).decode()
            expect("dishes on the menu", found=body.count('<li class="card dish'), wanted=products)
            expect("whose menu it is", found=f"OC Pizza {shop.slug}" in body, wanted=True)
            served += load.rate(page, seconds=1)
        after = _pss_kb(int(worker))
    return Line(
        work=f"memory of a web worker, menus of {SHOPS} shops",
        reference="the same worker before",
        unit="MB",
        ours=[after / 1024],
        theirs=[before / 1024],
        checked=f"about {served:.0f} menus served by one process, each shop's its own, of {products} products; all answers 200",
    )


def _stream() -> Line:
    (shop,) = shops.opened(1, kind="memory")
    topics = [f"order-{number:032d}" for number in range(STREAMS)]
    issued = [tokens.issue(scope=shop.schema_name, topics=[topic]) for topic in topics]
    with streams.live_process() as live:
        before = _pss_kb(live.pid)
        with Screens(live.port, issued) as screens:
            for first in range(0, STREAMS, 100):  # a notification holds 8,000 bytes
                with transaction.atomic():
                    hints.changed(scope=shop.schema_name, topics=topics[first : first + 100])
            screens.all_beat()
            after = _pss_kb(live.pid)
            health = requests.get(f"http://127.0.0.1:{live.port}{stream.HEALTH}", timeout=streams.PATIENCE).json()
            hinted = sum(screen.counts[HINT] for screen in screens.all)
    expect("streams open, hints read", found=(health["clients"], hinted), wanted=(STREAMS, STREAMS))
    return Line(
        work=f"memory of a stream in the live process, {STREAMS:,} open",
        reference="",
        unit="kB",
        ours=[(after - before) / STREAMS],
        theirs=[],
        checked=f"{before / 1024:.1f} MB before, {after / 1024:.1f} MB with {STREAMS} streams open, a hint and a beat on each",
    )
