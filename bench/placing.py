"""Placing an order by our service, against pgbench running the same writes as one prepared statement.

The work: 3 lines, 12 ingredients, to collect in the current business day. Ours reads the card, the hours and the slots,
prices the order, then writes it; pgbench only writes, with values that our service wrote for a first order. Each client
is a process, as a worker of the site is; it takes a shop at random for every order and enters its schema.
Stock and slots are made deep enough never to run out, and all orders of a shop want the same slot and ingredients: the
most that they can be in each other's way. One connection listens to the hints, as the live process does.
"""

import contextlib
import multiprocessing
import random
import re
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection, connections
from django_tenants.utils import schema_context

from bench import database, shops
from bench.one_statement import last_task, placing_statement
from bench.reporting import Line, Target, expect
from shared_apps.live import hints
from tenant_apps.orders.quoting import Asked
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import StockLevel
from tenants.hosts import Shop

SHOPS = (8, 1)
TARGETS = {1: Target(">=", 0.45), 4: None, 16: Target(">=", 0.65)}
ROUNDS = 3
SECONDS = 3
LINES, INGREDIENTS = 3, 12
NEVER_BUSY = 15_000  # places in the oven, deliveries of a driver in a slot
NEVER_OUT = 2_000_000_000  # of an ingredient, in its unit; the menu counts what it allows in four bytes

processes = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Run:
    placed: int  # in all, with the warming up
    rate: float  # orders a second once warm


def lines() -> Iterator[Line]:
    everyone = prepared(max(SHOPS), kind="place")
    asked = shops.three_pizzas()
    queued_before = tasks_queued()
    total = len(everyone)
    with TemporaryDirectory() as folder:
        scripts = [_script(Path(folder), shop, asked) for shop in everyone]
        for shop_count in SHOPS:
            chosen = everyone[:shop_count]
            for clients, target in TARGETS.items():
                ours, theirs = [], []
                for _round in range(ROUNDS):
                    ours.append(heard(partial(served, partial(shops.place, lines=asked), chosen, clients)))
                    theirs.append(heard(partial(pgbench, scripts[:shop_count], clients)))
                total += sum(run.placed for run in (*ours, *theirs))
                yield Line(
                    work=f"place an order: {some(clients, 'client')}, {some(shop_count, 'shop')}",
                    reference="pgbench, one prepared statement",
                    unit="orders/s",
                    ours=[run.rate for run in ours],
                    theirs=[run.rate for run in theirs],
                    checked=check(everyone, total, tasks_queued() - queued_before),
                    target=target,
                )


def some(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def prepared(count: int, *, kind: str) -> list[Shop]:
    everyone = shops.opened(count, kind=kind)
    for shop in everyone:
        with schema_context(shop.schema_name):
            ShopSettings.objects.update(oven_places=NEVER_BUSY, make_minutes=1, deliveries_per_driver=NEVER_BUSY)
            StockLevel.objects.update(on_hand=NEVER_OUT)
    return everyone


def served(act: Callable[[Shop], object], chosen: Sequence[Shop], clients: int) -> Run:
    """Our service, by so many processes."""
    connections.close_all()  # a connection does not survive the fork
    ready = processes.Barrier(clients)
    outcomes = processes.SimpleQueue()

    def client() -> None:
        for shop in chosen:
            act(shop)
        ready.wait(timeout=60)
        start, placed = time.perf_counter(), 0
        while time.perf_counter() < start + SECONDS:
            act(random.choice(chosen))
            placed += 1
        outcomes.put((placed, time.perf_counter() - start))
        connection.close()

    running = [processes.Process(target=client) for _client in range(clients)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    expect("clients that failed", found=sum(process.exitcode != 0 for process in running), wanted=0)
    done = [outcomes.get() for _client in range(clients)]
    warming_up = clients * len(chosen)
    return Run(warming_up + sum(placed for placed, _ in done), sum(placed / seconds for placed, seconds in done))


def _script(folder: Path, shop: Shop, asked: Sequence[Asked]) -> Path:
    """Places a first order, and keeps what it wrote as one statement."""
    since_task = last_task()
    order = shops.place(shop, asked)
    path = folder / f"{shop.schema_name}.sql"
    path.write_text(placing_statement(shop, order, since_task=since_task), encoding="utf-8")
    return path


def pgbench(scripts: Sequence[Path], clients: int) -> Run:
    """Its first second, when each connection plans the statement, does not count."""
    files = [argument for script in scripts for argument in ("-f", str(script))]
    command = [database.program("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2))]
    done = subprocess.run(
        [*command, "-T", str(SECONDS + 1), "-P", "1", *files],
        env=database.client_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    expect("pgbench's complaints", found=re.findall(r"(?:ERROR|FATAL).*", done.stderr), wanted=[])
    expect("pgbench's failures", found=re.findall(r"failed transactions: (\d+)", done.stdout)[:1], wanted=["0"])
    each_second = [float(rate) for rate in re.findall(r"progress: .*? s, ([\d.]+) tps", done.stderr)]
    placed, *_by_script = re.findall(r"actually processed: (\d+)", done.stdout)
    return Run(int(placed), sum(each_second[1:]) / len(each_second[1:]))


def heard(run: Callable[[], Run]) -> Run:
    """The run, while somebody listens: there must be one hint for each order."""
    with contextlib.closing(Listener()) as listener:
        done = run()
        expect("hints heard", found=listener.heard(done.placed), wanted=done.placed)
    return done


class Listener(threading.Thread):
    """Counts the hints, on a connection of its own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.count = 0
        self.over = False
        self.connection = database.connect(role=None)
        with self.connection.cursor() as cursor:
            cursor.execute(f"LISTEN {hints.CHANNEL}")
        self.start()

    def run(self) -> None:
        while not self.over:
            select.select([self.connection], [], [], 0.05)
            self.connection.poll()
            self.count += len(self.connection.notifies)
            self.connection.notifies.clear()

    def heard(self, wanted: int) -> int:
        """How many came, once those wanted are there or two seconds have passed."""
        patience = time.monotonic() + 2
        while self.count < wanted and time.monotonic() < patience:
            time.sleep(0.01)
        return self.count

    def close(self) -> None:
        self.over = True
        self.join()
        self.connection.close()


COUNTS = """
    SELECT (SELECT count(*) FROM {schema}.orders_order),
           (SELECT count(*) FROM {schema}.orders_orderline),
           (SELECT count(*) FROM {schema}.orders_orderevent),
           (SELECT count(*) FROM {schema}.stock_reservation),
           (SELECT sum(reserved) FROM {schema}.stock_stocklevel),
           (SELECT sum(quantity) FROM {schema}.stock_reservation),
           (SELECT sum(taken) FROM {schema}.shop_slot),
           (SELECT sum(work) FROM {schema}.orders_order),
           (SELECT count(*) FROM sales_ordersummary WHERE pizzeria_id = {key}),
           (SELECT sum(orders) FROM sales_hourlysales WHERE pizzeria_id = {key}),
           (SELECT sum(quantity_hundredths) / 100 FROM sales_productsales WHERE pizzeria_id = {key})
"""


def tasks_queued() -> int:
    """Tasks that wait for a worker: the confirmations of the orders, that nobody sends here."""
    ((count,),) = database.asked("SELECT count(*) FROM django_q_ormq")
    return count


def check(everyone: Sequence[Shop], total: int, queued: int) -> str:
    """Every order left all its rows, and the sums agree. Raises NotDone."""
    orders = 0
    for shop in everyone:
        (counts,) = database.asked(COUNTS.format(schema=shop.schema_name, key=shop.id))
        placed, *others, reserved, quantity, taken, work, summaries, hourly, products = counts
        expect("lines, events, reservations", found=others, wanted=[placed * LINES, placed, placed * INGREDIENTS])
        expect("stock reserved", found=reserved, wanted=quantity)
        expect("work taken in the slots", found=taken, wanted=work)
        expect("read model", found=[summaries, hourly, products], wanted=[placed, placed, placed * LINES])
        orders += placed
    expect("orders in all, e-mails queued", found=[orders, queued], wanted=[total, total])
    return f"{total} orders since the start, each with its rows, stock, slot, sums, hint and e-mail to send"
