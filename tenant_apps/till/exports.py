"""What accountants and the tax administration are given, from closings alone: so each file equals its Z. Pure."""

import datetime as dt
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
        for words, cents in (("encaissements", row["taken_cents"]), ("remboursements", -row["refunded_cents"])):
            if cents:
                rows.append((*start, words, name, "", "", "", decimal(cents), row["count"]))
        if row["tips_cents"]:
            rows.append((*start, "pourboires", name, "", "", "", decimal(row["tips_cents"]), ""))
    return rows


def _three(row: dict[str, Any]) -> tuple[str, str, str]:
    return decimal(row["net_cents"]), decimal(row["vat_cents"]), decimal(row["gross_cents"])


def e_reporting(closings: Iterable[tuple[str, Closed]]) -> str:
    """Sales to consumers of each SIREN, day by day: the shops of one company are one. `closings` come with the SIREN."""
    sums: dict[tuple[str, dt.date, str, int], list[int]] = {}
    for siren, closing in closings:
        for row in closing.figures["vat"]:
            found = sums.setdefault((siren, closing.starts_on, row["category"], row["rate"]), [0, 0, 0])
            for index, name in enumerate(("net_cents", "vat_cents", "transactions")):
                found[index] += row[name]
    return table(
        ("siren", "date", "categorie", "taux", "base_ht", "tva", "nombre_de_transactions", "devise"),
        (
            (siren, day, CATEGORIES[category], rate(basis_points), decimal(net), decimal(tax), transactions, "EUR")
            for (siren, day, category, basis_points), (net, tax, transactions) in sorted(sums.items())
        ),
    )
