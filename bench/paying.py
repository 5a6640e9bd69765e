"""Placing an order and paying it through the till in one act, against pgbench writing the same rows as one statement.

The work is that of `placing`, taken at the counter and paid by card: a payment, two entries sealed in the shop's journal
(the payment, the sale), the journal's head, which is one row that all the clients of a shop wait for, and the group's copy
of it. Ours signs each entry over the one before; pgbench writes signatures that it is given. Each has shops of its own, so
that our journals are verified after, entry by entry.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django_tenants.utils import schema_context

from bench import database, shops
from bench.one_statement import last_task, paying_statement
from bench.placing import ROUNDS, Run, heard, pgbench, prepared, served, some
from bench.reporting import Line, expect
from tenant_apps.orders.quoting import Asked
from tenant_apps.till import verification
from tenants.hosts import Shop

SHOPS = (4, 1)
CLIENTS = (1, 16)


def lines() -> Iterator[Line]:
    own, other = (prepared(max(SHOPS), kind=kind) for kind in ("till", "tillref"))
    asked = shops.three_pizzas()
    pay = partial(shops.place_and_pay, lines=asked)
    done = 0
    with TemporaryDirectory() as folder:
        scripts = [_script(Path(folder), shop, asked) for shop in other]
        for shop_count in SHOPS:
            for clients in CLIENTS:
                ours: list[Run] = []
                theirs: list[Run] = []
                for _round in range(ROUNDS):
                    ours.append(heard(partial(served, pay, own[:shop_count], clients)))
                    theirs.append(heard(partial(pgbench, scripts[:shop_count], clients)))
                done += sum(run.placed for run in ours)
                yield Line(
                    work=f"place and pay through the till: {some(clients, 'client')}, {some(shop_count, 'shop')}",
                    reference="pgbench, one prepared statement",
                    unit="orders/s",
                    ours=[run.rate for run in ours],
                    theirs=[run.rate for run in theirs],
                    checked=_check(own, other, done),
                )


def _script(folder: Path, shop: Shop, asked: Sequence[Asked]) -> Path:
    since_task = last_task()
    order = shops.place_and_pay(shop, asked)
    path = folder / f"{shop.schema_name}.sql"
    path.write_text(paying_statement(shop, order, since_task=since_task), encoding="utf-8")
    return path


COUNTS = """
    SELECT (SELECT count(*) FROM {schema}.orders_order),
           (SELECT count(*) FROM {schema}.payments_payment),
           (SELECT count(*) FROM {schema}.till_entry WHERE kind = 'payment'),
           (SELECT count(*) FROM {schema}.till_entry WHERE kind = 'sale'),
           (SELECT number FROM {schema}.till_journalhead WHERE chain = 'till') / 2,
           (SELECT max(receipt_number) FROM {schema}.till_entry),
           (SELECT sum(total_cents) FROM {schema}.orders_order),
           (SELECT sum(amount_cents) FROM {schema}.payments_payment),
           (SELECT sum(turnover_cents) FROM {schema}.till_entry),
           (SELECT perpetual_cents FROM sales_tillanchor WHERE pizzeria_id = {key} AND chain = 'till'),
           (SELECT sum(turnover_cents) FROM sales_hourlysales WHERE pizzeria_id = {key})
"""


def _check(own: Sequence[Shop], other: Sequence[Shop], done: int) -> str:
    """Every order left its payment and its two entries on both sides; our journals verify. Raises NotDone."""
    placed = 0
    for shop in (*own, *other):
        (counts,) = database.asked(COUNTS.format(schema=shop.schema_name, key=shop.id))
        orders, *others = counts[:6]
        expect("payments, entries, numbers", found=others, wanted=[orders] * 5 if orders else others)
        expect("takings, turnover, the group's copies", found=list(counts[7:]), wanted=[counts[6]] * 4)
        placed += orders if shop in own else 0
    expect("orders of ours", found=placed, wanted=done)
    entries = sum(_verified(shop) for shop in own)
    expect("entries of ours that verify", found=entries, wanted=2 * done)
    return f"{done} orders of ours since the start, each with its payment and two entries; all the journals verify"


def _verified(shop: Shop) -> int:
    with schema_context(shop.schema_name), transaction.atomic():
        chains = verification.verify(pizzeria_id=shop.id)
    expect("faults in a journal", found=[str(chain.fault) for chain in chains if chain.fault], wanted=[])
    return sum(chain.entries for chain in chains)
