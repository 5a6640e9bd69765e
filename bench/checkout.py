"""Placing an order over HTTP: the POST of a filled checkout through gunicorn, against pgbench as in `placing`.

The work: a guest with three pizzas in the basket sends the form that the page gave, to collect as soon as possible; host,
schema and role, CSRF, basket, the form checked against the hours, the slots and the stock, the order placed as in `placing`,
the basket emptied, and the answer, which leads to the order's page (that page is not counted). Every POST has a basket of
its own, filled beforehand. Each client is a process with a connection kept open; all share the machine with gunicorn.
pgbench writes what such an order wrote, without the basket, in shops of its own: its thousands of open orders would be read
by our page.
"""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from django.conf import settings
from django_tenants.utils import schema_context

from bench import serving, shops
from bench.one_statement import last_task, placing_statement
from bench.placing import ROUNDS, Run, check, heard, pgbench, prepared, processes, served, some, tasks_queued
from bench.reporting import Line, expect
from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket, BasketLine
from shared_apps.onboarding.simulation.browser import Browser
from tenant_apps.orders.models import Order
from tenants.hosts import Shop

SHOPS = 8
CLIENTS = (1, 16)
BASKETS = 200  # of a shop in a round: several times what a round orders
PAGE = "/commander/a-emporter/"


@dataclass(frozen=True, slots=True)
class Form:
    """The checkout of one shop as its page gave it, filled; it serves every basket with the same three pizzas."""

    host: str
    cookies: dict[str, str]
    fields: dict[str, str]

    def body(self, basket: Basket) -> str:
        return urlencode(self.fields | {"submission": str(basket.submission)})

    def headers(self, basket: Basket) -> dict[str, str]:
        cookies = self.cookies | {baskets.COOKIE: str(basket.token)}
        return {
            "Host": self.host,
            "Origin": f"http://{self.host}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }


def lines() -> Iterator[Line]:
    own, other = (prepared(SHOPS, kind=kind) for kind in ("web", "webref"))
    queued_before, emptied_before = tasks_queued(), _emptied()
    total = over_http = len(own) + len(other)  # the first order of each
    with TemporaryDirectory() as folder, serving.gunicorn(serving.OURS, "/", {"Host": _host(own[0])}) as site:
        forms = {shop.id: _first_order(shop, site.port)[0] for shop in own}
        scripts = [_script(Path(folder), shop, site.port) for shop in other]
        for clients in CLIENTS:
            ours: list[Run] = []
            theirs: list[Run] = []
            for _round in range(ROUNDS):
                customers = Customers(site.port, forms, {shop.id: _filled_baskets(shop) for shop in own})
                ours.append(heard(partial(served, customers.order, own, clients)))
                theirs.append(heard(partial(pgbench, scripts, clients)))
            total += sum(run.placed for run in (*ours, *theirs))
            over_http += sum(run.placed for run in ours)
            checked = check([*own, *other], total, tasks_queued() - queued_before)
            expect("baskets emptied", found=_emptied() - emptied_before, wanted=over_http)
            yield Line(
                work=f"POST of a filled checkout, gunicorn: {some(clients, 'client')}, {some(SHOPS, 'shop')}",
                reference="pgbench, one prepared statement",
                unit="orders/s",
                ours=[run.rate for run in ours],
                theirs=[run.rate for run in theirs],
                checked=f"{checked}; {over_http} over HTTP, each answered by the way to its page, its basket emptied",
            )


def _script(folder: Path, shop: Shop, port: int) -> Path:
    since_task = last_task()
    _form, order = _first_order(shop, port)
    path = folder / f"{shop.schema_name}.sql"
    path.write_text(placing_statement(shop, order, since_task=since_task), encoding="utf-8")
    return path


def _host(shop: Shop) -> str:
    return f"{shop.slug}.{settings.BASE_DOMAIN}"


def _emptied() -> int:
    return Basket.objects.filter(lines=None).count()


def _first_order(shop: Shop, port: int) -> tuple[Form, Order]:
    """By a customer who reads the page, fills in the form and is led to the order."""
    customer = Browser(host=_host(shop), address=f"127.0.0.1:{port}")
    basket = baskets.create(pizzeria_id=shop.id)
    with schema_context(shop.schema_name):
        baskets.fill(basket=basket, lines=[(line.configuration, line.quantity) for line in shops.three_pizzas()])
    customer.cookies[baskets.COOKIE] = str(basket.token)
    form = customer.get(PAGE).form(f"^{PAGE}$")
    contact = shops.CONTACT
    who = {"name": contact.name, "phone": contact.phone, "email": contact.email}
    kept = {name: value for name, value in customer.cookies.items() if name == settings.CSRF_COOKIE_NAME}
    page = customer.submit(form, **who)
    with schema_context(shop.schema_name):
        order = Order.objects.select_related("slot").get()
    expect("where the first order leads", found=page.path, wanted=f"/commande/{order.reference}/")
    return Form(customer.host, kept, form.fields | who), order


def _filled_baskets(shop: Shop) -> list[Basket]:
    """As the first customer's was, by set statements."""
    filled = Basket.objects.bulk_create([Basket(pizzeria_id=shop.id) for _basket in range(BASKETS)])
    three = shops.three_pizzas()
    BasketLine.objects.bulk_create(
        BasketLine(basket=basket, variant_id=line.configuration.variant_id, quantity=line.quantity)
        for basket in filled
        for line in three
    )
    return filled


class Customers:
    """Each order takes the next basket of its shop, whichever process places it."""

    def __init__(self, port: int, forms: dict[int, Form], filled: dict[int, list[Basket]]) -> None:
        self._port, self._forms, self._baskets = port, forms, filled
        self._taken = {shop_id: processes.Value("i", 0) for shop_id in filled}
        self._over: http.client.HTTPConnection | None = None  # of the process that first orders: after the fork

    def order(self, shop: Shop) -> None:
        form, basket = self._forms[shop.id], self._next(shop)
        self._over = self._over or http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        self._over.request("POST", PAGE, form.body(basket), form.headers(basket))
        answer = self._over.getresponse()
        answer.read()
        leads = (answer.getheader("Location") or "").startswith("/commande/")
        expect("the answer", found=(answer.status, leads), wanted=(302, True))

    def _next(self, shop: Shop) -> Basket:
        with self._taken[shop.id].get_lock():
            number = self._taken[shop.id].value
            self._taken[shop.id].value += 1
        return self._baskets[shop.id][number]
