"""What an evening needs of the shop and takes back after: its clock quicker, its kitchen as large as its Friday."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from shared_apps.onboarding.simulation.crew import Pace
from shared_apps.onboarding.simulation.evening import REAL_MINUTES, Guest
from shared_apps.onboarding.simulation.service import COOKS, DRIVERS, Stock
from tenant_apps.shop import configuration
from tenant_apps.shop import queries as shop_queries
from tenant_apps.stock import queries as stock_queries
from tenants.hosts import Shop

SLOT_MINUTES, PREPARATION_MINUTES = 15, 20
LOAD = 0.85  # of what the kitchen can do over the evening
MISSING = "champignons"


@dataclass(frozen=True, slots=True)
class Stage:
    """An evening of REAL_MINUTES played in `minutes`."""

    minutes: float
    guests: Sequence[Guest]

    @property
    def factor(self) -> float:
        return REAL_MINUTES / self.minutes

    @property
    def pieces(self) -> int:
        return sum(piece.quantity for guest in self.guests for piece in guest.pieces)

    @property
    def per_minute(self) -> float:
        """Pizzas the kitchen makes in a minute of the clock."""
        return max(1.0, self.pieces / (LOAD * self.minutes))

    @property
    def slot_minutes(self) -> int:
        return max(1, round(SLOT_MINUTES / self.factor))

    @property
    def preparation_minutes(self) -> int:
        return max(1, round(PREPARATION_MINUTES / self.factor))

    @property
    def deliveries(self) -> int:
        return max(1, sum(guest.delivered for guest in self.guests))

    @property
    def pace(self) -> Pace:
        return Pace(
            per_pizza=0.9 * 60 * COOKS / self.per_minute,
            errand=0.8 * 60 * self.minutes * DRIVERS / self.deliveries,
            ahead=60.0 * (self.slot_minutes + self.preparation_minutes),
        )

    @contextmanager
    def set(self, shop: Shop) -> Iterator[None]:
        """The shop's settings for the evening, and as they were after it; in the schema of the shop."""
        settings = shop_queries.settings()
        evening = {
            "slot_minutes": self.slot_minutes,
            "preparation_minutes": self.preparation_minutes,
            "oven_places": math.ceil(self.per_minute),
            "make_minutes": 1,
            "usual_drivers": DRIVERS,
            "deliveries_per_driver": math.ceil(1.5 * self.deliveries * self.slot_minutes / self.minutes / DRIVERS),
        }
        before = {name: getattr(settings, name) for name in evening}
        configuration.change_settings(shop=shop, values=evening, user_id=None)
        try:
            yield
        finally:
            configuration.change_settings(shop=shop, values=before, user_id=None)


def stock() -> Stock:
    levels = list(stock_queries.levels())
    missing = next((level.pk for level in levels if level.ingredient.code == MISSING), levels[0].pk)
    return Stock({level.pk: f"{level.par or 1:.2f}".replace(".", ",") for level in levels}, missing)
