"""The evening itself: customers at their moments, the shop's people at their screens, until everything is handed over."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from shared_apps.onboarding.simulation.browser import Browser, Failed
from shared_apps.onboarding.simulation.crew import Clerk, Cook, Driver, Manager, Member, Pace
from shared_apps.onboarding.simulation.customers import Customer
from shared_apps.onboarding.simulation.evening import Channel, Guest, Turn
from shared_apps.onboarding.simulation.notes import Notes
from tenants.hosts import Shop

CUSTOMERS_AT_ONCE = 8
COOKS, CLERKS, DRIVERS = 4, 2, 4
LATE_EVERY = 7  # deliveries of the one driver who gets stuck in traffic
AFTER_THE_EVENING = 0.6  # of the evening, at most, to hand over what is still promised


@dataclass(frozen=True, slots=True)
class Site:
    host: str  # of the shop, with its port, as browsers name it
    address: str  # where it listens: host:port
    password: str  # of the shop's staff


@dataclass(frozen=True, slots=True)
class Stock:
    pars: dict[int, str]  # ingredient id → what is received of it at a time, in its unit
    missing: int  # the ingredient that runs out


class Service:
    """One evening in one shop."""

    def __init__(
        self, *, shop: Shop, site: Site, guests: Sequence[Guest], seconds: float, pace: Pace, stock: Stock
    ) -> None:
        self.shop, self.site, self.guests, self.seconds, self.pace, self.stock = (
            shop,
            site,
            guests,
            seconds,
            pace,
            stock,
        )
        self.notes, self.stop = Notes(), threading.Event()
        self.calls: queue.Queue[Guest] = queue.Queue()

    def play(self, *, progress: Callable[[int, int], None], open_orders: Callable[[], int]) -> Notes:
        """`progress(done, all)` is called as orders come; `open_orders()` says how many are not over yet."""
        crew = [threading.Thread(target=member.run, daemon=True) for member in self._crew()]
        for thread in crew:
            thread.start()
        with ThreadPoolExecutor(CUSTOMERS_AT_ONCE) as customers:
            self._let_in(customers, progress)
        self._finish(open_orders)
        self.stop.set()
        for thread in crew:
            thread.join(30)
        return self.notes

    def _browser(self) -> Browser:
        return Browser(host=self.site.host, address=self.site.address)

    def _crew(self) -> list[Member]:
        def session(name: str) -> dict[str, Any]:
            email = f"{name}@{self.shop.slug}.example"
            return {
                "browser": self._browser(), "email": email, "password": self.site.password,
                "notes": self.notes, "stop": self.stop,
            }  # fmt: skip

        place = {"postcode": self.shop.postcode, "city": self.shop.city}
        return [
            *(Cook(pace=self.pace, **session("cuisine")) for _cook in range(COOKS)),
            *(Clerk(calls=self.calls, **place, **session("comptoir")) for _clerk in range(CLERKS)),
            *(
                Driver(pace=self.pace, late_every=0 if number else LATE_EVERY, **session(f"livreur{number or ''}"))
                for number in (0, *range(2, DRIVERS + 1))
            ),
            Manager(
                evening_seconds=self.seconds, pars=self.stock.pars, missing=self.stock.missing, **session("responsable")
            ),
        ]

    def _let_in(self, customers: ThreadPoolExecutor, progress: Callable[[int, int], None]) -> None:
        visits: list[Future[None]] = []
        for number, guest in enumerate(self.guests, start=1):
            time.sleep(max(0, guest.at * self.seconds - self.notes.elapsed()))
            if guest.channel == Channel.WEB:
                visits.append(customers.submit(self._visit, guest))
            else:
                self.calls.put(guest)
            progress(number, len(self.guests))
        for visit in visits:
            visit.result()
        self._wait(lambda: self.calls.unfinished_tasks > 0)  # nobody waits for ever on a line that nobody answers

    def _visit(self, guest: Guest) -> None:
        customer = Customer(guest, self._browser(), self.notes, postcode=self.shop.postcode, city=self.shop.city)
        try:
            if customer.order() and guest.turn != Turn.KEEP:
                time.sleep(guest.turn_after * self.seconds)
                customer.turn()
        except (Failed, OSError) as fault:
            self.notes.fault(f"client : {fault}")

    def _finish(self, open_orders: Callable[[], int]) -> None:
        """The last orders are made and delivered; what is then still open is in the report."""
        self._wait(lambda: open_orders() > 0)

    def _wait(self, something_left: Callable[[], bool]) -> None:
        until = time.monotonic() + max(30.0, AFTER_THE_EVENING * self.seconds)
        while time.monotonic() < until and something_left():
            time.sleep(1)
