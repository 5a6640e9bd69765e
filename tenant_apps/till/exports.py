"""What accountants and the tax administration are given, from closings alone: so each file equals its Z. Pure."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from shared_apps.core.money import decimal
from tenant_apps.till import means
from tenant_apps.till.archive.tables import rate, table

CATEGORIES = {"goods": "TLB1", "services": "TPS1"}  # as the e-reporting of sales to consumers names them
WORDS = {"goods": "ventes à emporter et livrées", "services": "ventes sur place"}


class Closed(Protocol):
    """A closed day, as the shop or the group keeps it."""

    starts_on: dt.date
    number: int
    figures: dict[str, Any]


HEAD = ("journee", "cloture", "rubrique", "taux_ou_moyen", "categorie", "ht", "tva", "ttc", "nombre")


def figures(closings: Iterable[Closed]) -> str:
    """A day after another: sales by category and rate, takings and refunds by means, tips."""
    return table(HEAD, [row for closing in sorted(closings, key=_day) for row in _rows(closing)])


def group_figures(closings: Iterable[tuple[str, Closed]]) -> str:
    """The same of several shops, each named."""
    ordered = sorted(closings, key=lambda pair: (_day(pair[1]), pair[0]))
    return table(("pizzeria", *HEAD), [(name, *row) for name, closing in ordered for row in _rows(closing)])


def _day(closing: Closed) -> dt.date:
    return closing.starts_on


def _rows(closing: Closed) -> list[tuple[Any, ...]]:
    start, sums = (closing.starts_on, closing.number), closing.figures
    rows: list[tuple[Any, ...]] = [
        (*start, "TVA", rate(row["rate"]), WORDS[row["category"]], *_three(row), row["transactions"])
        for row in sums["vat"]
    ]
    rows.append((*start, "total des ventes", "", "", "", "", decimal(sums["turnover_cents"]), sums["sales"]))
    for row in sums["means"]:
        name = means.label(row["means"])
        for words, cents, count in (
            ("encaissements", row["taken_cents"], row.get("payments", row["count"])),
            ("remboursements", -row["refunded_cents"], row.get("refunds", row["count"])),
        ):
            if cents:
                rows.append((*start, words, name, "", "", "", decimal(cents), count))
        if row["tips_cents"]:
            rows.append((*start, "pourboires", name, "", "", "", decimal(row["tips_cents"]), ""))
    return rows


def _three(row: dict[str, Any]) -> tuple[str, str, str]:
    return decimal(row["net_cents"]), decimal(row["vat_cents"]), decimal(row["gross_cents"])


def e_reporting(closings: Iterable[tuple[str, Closed]]) -> str:
    """Sales to consumers of each SIREN, day by day: the shops of one company are one. `closings` come with the SIREN.

    A sale at two rates is one transaction: their number is that of the day and the category, said on each of its rates.
    """
    sums: dict[tuple[str, dt.date, str, int], list[int]] = {}
    counts: Counter[tuple[str, dt.date, str]] = Counter()
    for siren, closing in closings:
        for category, transactions in _transactions(closing).items():
            counts[siren, closing.starts_on, category] += transactions
        for row in closing.figures["vat"]:
            found = sums.setdefault((siren, closing.starts_on, row["category"], row["rate"]), [0, 0])
            for index, name in enumerate(("net_cents", "vat_cents")):
                found[index] += row[name]
    return table(
        ("siren", "date", "categorie", "taux", "base_ht", "tva", "nombre_de_transactions", "devise"),
        (
            (*key[:2], CATEGORIES[key[2]], rate(key[3]), decimal(net), decimal(tax), counts[key[:3]], "EUR")
            for key, (net, tax) in sorted(sums.items())
        ),
    )


def _transactions(closing: Closed) -> dict[str, int]:
    """By category; of a closing sealed before they were counted, at least as many as had one rate."""
    found = {row["category"]: row["transactions"] for row in closing.figures.get("categories", ())}
    for row in closing.figures["vat"] if "categories" not in closing.figures else ():
        found[row["category"]] = max(found.get(row["category"], 0), row["transactions"])
    return found
