"""What the address of the comparison asks: periods, one shop or all, the order of the rows; and the links to ask otherwise."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shared_apps.core.calendar import business_day
from shared_apps.headoffice.forms import FreePeriodForm
from shared_apps.sales import spans
from shared_apps.sales.comparing import ShopFacts
from shared_apps.sales.spans import Against, Comparison

PRESETS: Mapping[str, Promise] = {
    "jour": _("Today"),
    "semaine": _("This week"),
    "mois": _("This month"),
    "mois-dernier": _("Last month"),
    "30-jours": _("Last 30 days"),
    "annee": _("This year"),
}
FREE = "libre"
AGAINST: Mapping[Against, Promise] = {Against.BEFORE: _("The period just before"), Against.YEAR: _("A year before")}
Key = Callable[[ShopFacts], int | str | None]
ORDERS: Mapping[str, tuple[Promise, Key]] = {
    "pizzeria": (_("Pizzeria"), lambda shop: shop.pizzeria.name),
    "ca": (_("Turnover"), lambda shop: shop.facts.turnover.now),
    "evolution": (_("Evolution"), lambda shop: shop.facts.turnover.permille),
    "commandes": (_("Orders"), lambda shop: shop.facts.orders.now),
    "panier": (_("Average order"), lambda shop: shop.facts.average.now),
}
NAMES = "pizzeria"  # the one order that begins with its least
DEFAULT_ORDER = "-ca"


@dataclass(frozen=True, slots=True)
class Link:
    label: str | Promise
    query: str
    is_current: bool
    direction: str = ""  # as aria-sort says it


@dataclass(frozen=True, slots=True)
class Asked:
    preset: str  # of PRESETS, or FREE with its two days as they were typed
    days: tuple[str, str]
    against: Against
    slug: str  # of one pizzeria; empty for all
    order: str  # of ORDERS, after a hyphen when the greatest comes first

    @property
    def query(self) -> str:
        """The address that asks this again."""
        period = {"du": self.days[0], "au": self.days[1]} if self.preset == FREE else {"periode": self.preset}
        wanted = period | {"avec": str(self.against), "pizzeria": self.slug, "tri": self.order}
        return urlencode({name: value for name, value in wanted.items() if value})

    @property
    def presets(self) -> list[Link]:
        return [Link(label, replace(self, preset=name).query, name == self.preset) for name, label in PRESETS.items()]

    @property
    def choices(self) -> list[Link]:
        return [Link(label, replace(self, against=name).query, name == self.against) for name, label in AGAINST.items()]

    @property
    def orders(self) -> list[Link]:
        """The order that stands, turned round by its link; the others from their better end."""
        return [self._order(name, label) for name, (label, _key) in ORDERS.items()]

    def _order(self, name: str, label: Promise) -> Link:
        if name != self.order.lstrip("-"):
            return Link(label, replace(self, order=name if name == NAMES else f"-{name}").query, False)
        is_falling = self.order.startswith("-")
        turned = replace(self, order=name if is_falling else f"-{name}").query
        return Link(label, turned, True, "descending" if is_falling else "ascending")

    @property
    def of_all(self) -> str:
        return replace(self, slug="").query

    def of_shop(self, slug: str) -> str:
        return replace(self, slug=slug).query

    def sort(self, shops: list[ShopFacts]) -> list[ShopFacts]:
        """Those of which it cannot be said come last, either way round."""
        key = ORDERS[self.order.lstrip("-")][1]
        known = [shop for shop in shops if key(shop) is not None]
        rest = [shop for shop in shops if key(shop) is None]
        return sorted(known, key=key, reverse=self.order.startswith("-")) + rest  # type: ignore[arg-type]


def read(query: Mapping[str, str]) -> Asked:
    """What is not understood is asked as by default."""
    preset, against, order = query.get("periode", ""), query.get("avec", ""), query.get("tri", "")
    return Asked(
        preset=FREE if "du" in query or "au" in query else preset if preset in PRESETS else next(iter(PRESETS)),
        days=(query.get("du", ""), query.get("au", "")),
        against=Against(against) if against in AGAINST else Against.BEFORE,
        slug=query.get("pizzeria", ""),
        order=order if order.removeprefix("-") in ORDERS else DEFAULT_ORDER,
    )


def form(asked: Asked, now: dt.datetime) -> FreePeriodForm:
    """Bound when free days are asked, else with those of the preset to begin from."""
    today = business_day(now)
    if asked.preset == FREE:
        return FreePeriodForm({"du": asked.days[0], "au": asked.days[1]}, today=today)
    span = spans.PRESETS[asked.preset](now, asked.against).now
    return FreePeriodForm(initial={"du": span.starts_on, "au": span.ends_on}, today=today)


def comparison(asked: Asked, free: FreePeriodForm, now: dt.datetime) -> Comparison | None:
    """None when the days that were typed are wrong: the form says how."""
    if asked.preset != FREE:
        return spans.PRESETS[asked.preset](now, asked.against)
    return spans.between(*free.days, now, asked.against) if free.is_valid() else None
