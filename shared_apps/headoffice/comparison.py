"""The rows of the comparison, on the page and in its file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.money import decimal
from shared_apps.headoffice.asking import Asked
from shared_apps.sales.comparing import Compared, Facts, Pair, Point, ShopFacts
from tenant_apps.orders.models import Order
from tenant_apps.till.archive.tables import table
from tenants.models import Pizzeria

MODES, CHANNELS = dict(ServiceMode.choices), dict(Order.Channel.choices)
BEST_HOURS = 5
STATES: Mapping[str, str | Promise] = {
    Pizzeria.State.TRADING: "",
    Pizzeria.State.SUSPENDED: gettext_lazy("Suspended"),
    Pizzeria.State.CLOSED: gettext_lazy("Closed"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a turnover, now and before."""

    label: str
    part: Pair
    whole: Pair


@dataclass(frozen=True, slots=True)
class Row:
    """A shop, or the group without a name."""

    facts: Facts
    name: str = ""
    query: str = ""
    state: str | Promise = ""  # in words, when it is not simply trading
    is_new: bool = False

    @property
    def shares(self) -> list[Share]:
        """By mode, then by channel."""
        return [
            Share(str(label), parts.get(name, Pair(0, 0)), self.facts.turnover)
            for names, parts in ((MODES, self.facts.modes), (CHANNELS, self.facts.channels))
            for name, label in names.items()
        ]


def rows(compared: Compared, asked: Asked) -> list[Row]:
    return [_row(shop, asked) for shop in asked.sort(compared.shops)]


def _row(shop: ShopFacts, asked: Asked) -> Row:
    state = gettext_lazy("New shop") if shop.is_new else STATES[shop.pizzeria.state]
    return Row(shop.facts, shop.pizzeria.name, asked.of_shop(shop.pizzeria.slug), state, shop.is_new)


def best_hours(points: Iterable[Point]) -> list[Point]:
    """Those in which most is ordered now, the best first."""
    ordered = sorted(points, key=lambda point: (-point.now.orders, point.nth))
    return [point for point in ordered if point.now.orders > 0][:BEST_HOURS]


HEAD = ("du", "au", "du_avant", "au_avant", "jusqu_a", "pizzeria", "etat",
        "chiffre_affaires", "chiffre_affaires_avant", "chiffre_affaires_evolution_pour_cent",
        "commandes", "commandes_avant", "commandes_evolution_pour_cent",
        "panier_moyen", "panier_moyen_avant", "panier_moyen_evolution_pour_cent")  # fmt: skip


def file(shops: Iterable[Row], compared: Compared) -> str:
    """The table of the page, CSV; each line says of which days, and of the last one until which hour."""
    found = [*shops, Row(compared.total, _("The group"))]
    now, before = compared.comparison.now, compared.comparison.before
    days = [now.starts_on, now.ends_on, before.starts_on, before.ends_on, None if now.is_whole else f"{now.until} h"]
    names = [f"ca_{slugify(share.label).replace('-', '_')}" for share in found[0].shares]
    head = [*HEAD, *(f"{name}{when}" for name in names for when in ("", "_avant"))]
    return table(head, [[*days, *_cells(row)] for row in found])


def _cells(row: Row) -> list[Any]:
    cells: list[Any] = [row.name, str(row.state)]
    cells += [*_euros(row.facts.turnover), _percent(row.facts.turnover)]
    cells += [row.facts.orders.now, row.facts.orders.before, _percent(row.facts.orders)]
    cells += [*_euros(row.facts.average), _percent(row.facts.average)]
    for share in row.shares:
        cells += _euros(share.part)
    return cells


def _euros(pair: Pair) -> tuple[str, str]:
    return decimal(pair.now), decimal(pair.before)


def _percent(pair: Pair) -> str:
    """`-12,5`; empty where there is nothing to divide by."""
    if pair.permille is None:
        return ""
    units, tenths = divmod(abs(pair.permille), 10)
    return f"{'-' if pair.permille < 0 else ''}{units},{tenths}"
