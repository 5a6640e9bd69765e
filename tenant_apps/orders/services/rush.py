"""Rush mode and closed channels: a tap on a screen that changes what is promised from now on, and who did it is kept."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.calendar import business_day, day_bounds
from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from tenant_apps.orders.services import estimating
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings, TradingChange
from tenants.hosts import Shop

RUSH_MINUTES = (0, 10, 20, 30)
CLOSED_MINUTES = (30, 60)
TOPIC = "rush"
KEPT = ("rush_minutes", "rush_until_at", "web_delivery_closed_until_at", "web_collection_closed_until_at")
CLOSED_UNTIL = {
    ServiceMode.DELIVERY: "web_delivery_closed_until_at",
    ServiceMode.COLLECTION: "web_collection_closed_until_at",
}


class UnknownRush(RuleError):
    """Not one of the rushes or closures that the screens offer."""

    def __init__(self) -> None:
        super().__init__(_("This is not one of the choices."))


@transaction.atomic
def set_rush(*, shop: Shop, minutes: int, by: By, now: dt.datetime) -> ShopSettings:
    """Adds minutes to what is promised until the service ends; 0 ends it. Raises UnknownRush."""
    if minutes not in RUSH_MINUTES:
        raise UnknownRush
    until_at = shop_queries.situation(now).hours.end_of_service(now) if minutes else None
    return _change(shop, {"rush_minutes": minutes, "rush_until_at": until_at}, by, now)


@transaction.atomic
def close_web(
    *, shop: Shop, modes: Iterable[ServiceMode], minutes: int | None, by: By, now: dt.datetime
) -> ShopSettings:
    """Takes no web order of these modes for some minutes, or until the service ends (None). Raises UnknownRush."""
    modes = list(modes)
    if minutes not in (*CLOSED_MINUTES, None) or not modes or set(modes) - set(CLOSED_UNTIL):
        raise UnknownRush
    if minutes is None:
        until_at = shop_queries.situation(now).hours.end_of_service(now)
    else:
        until_at = min(now + dt.timedelta(minutes=minutes), day_bounds(business_day(now))[1])
    return _change(shop, {CLOSED_UNTIL[mode]: until_at for mode in modes}, by, now)


@transaction.atomic
def reopen_web(*, shop: Shop, modes: Iterable[ServiceMode], by: By, now: dt.datetime) -> ShopSettings:
    """Takes the web orders of these modes again. Raises UnknownRush."""
    modes = list(modes)
    if not modes or set(modes) - set(CLOSED_UNTIL):
        raise UnknownRush
    return _change(shop, {CLOSED_UNTIL[mode]: None for mode in modes}, by, now)


def _change(shop: Shop, values: dict[str, object], by: By, now: dt.datetime) -> ShopSettings:
    settings = ShopSettings.objects.select_for_update().get()
    before = _kept(settings)
    for name, value in values.items():
        setattr(settings, name, value)
    if _kept(settings) == before:  # tapped twice
        return settings
    settings.save(update_fields=list(values))
    TradingChange.objects.create(at=now, actor_id=by.user_id, before=before, after=_kept(settings))
    moved = estimating.move_estimates(shop=shop, now=now)
    topics = [TOPIC, *(["orders"] if moved else []), *(f"order-{order.reference}" for order in moved)]
    hints.changed(scope=shop.schema_name, topics=topics)
    return settings


def _kept(settings: ShopSettings) -> dict[str, object]:
    values = {name: getattr(settings, name) for name in KEPT}
    return {key: value.isoformat() if isinstance(value, dt.datetime) else value for key, value in values.items()}
