"""What suppliers bring, and the orders that count on it: those that a reception no longer covers become cases."""

import datetime as dt
import uuid
from collections.abc import Mapping

from django.db import transaction

from tenant_apps.orders.services import cases
from tenant_apps.shop import queries as shop_queries
from tenant_apps.stock.models import Reception, Supplier
from tenant_apps.stock.services import receptions, suppliers
from tenant_apps.stock.services.movements import Where
from tenant_apps.stock.services.receptions import Quantities, Taken
from tenant_apps.stock.services.suppliers import Sold, Terms
from tenants.hosts import Shop


@transaction.atomic
def change(
    *,
    shop: Shop,
    reception_id: int,
    expected_at: dt.datetime,
    quantities: Quantities,
    actor_id: int | None,
    now: dt.datetime,
) -> Reception:
    """Another moment, other quantities. Raises NotOpen, WrongQuantity, InThePast."""
    reception = receptions.change(
        where=_where(shop),
        reception_id=reception_id,
        expected_at=expected_at,
        quantities=quantities,
        actor_id=actor_id,
        now=now,
    )
    cases.review_shortages(now=now)
    return reception


@transaction.atomic
def order(
    *, shop: Shop, reception_id: int, actor_id: int | None, now: dt.datetime, by_letter: bool = False
) -> Reception:
    """It takes the place of the usual delivery of its day, and may bring less. Raises NotOpen, InThePast.

    `by_letter` writes to the supplier, when it has an address.
    """
    reception = receptions.order(
        where=_where(shop), reception_id=reception_id, actor_id=actor_id, now=now, by_letter=by_letter
    )
    cases.review_shortages(now=now)
    return reception


@transaction.atomic
def cancel(*, shop: Shop, reception_id: int, actor_id: int | None, now: dt.datetime) -> Reception:
    """It will not come. Raises NotOpen."""
    reception = receptions.cancel(where=_where(shop), reception_id=reception_id, actor_id=actor_id, now=now)
    cases.review_shortages(now=now)
    return reception


@transaction.atomic
def receive(
    *, shop: Shop, reception_id: int, taken: Mapping[int, Taken], actor_id: int | None, now: dt.datetime
) -> Reception:
    """What really came. Sent twice it is received once. Raises NotOpen, WrongQuantity, NoReason."""
    reception = receptions.receive(
        where=_where(shop), reception_id=reception_id, taken=taken, actor_id=actor_id, now=now
    )
    cases.review_shortages(now=now)
    return reception


@transaction.atomic
def receive_unexpected(
    *,
    shop: Shop,
    supplier_id: int,
    submission: uuid.UUID,
    taken: Mapping[int, Taken],
    actor_id: int | None,
    now: dt.datetime,
) -> Reception:
    """What nobody expected; it may cover orders that lacked it. Sent twice it is received once. Raises WrongQuantity."""
    reception = receptions.receive_unexpected(
        where=_where(shop), supplier_id=supplier_id, submission=submission, taken=taken, actor_id=actor_id, now=now
    )
    cases.review_shortages(now=now)
    return reception


@transaction.atomic
def miss_late(*, shop: Shop, now: dt.datetime) -> list[Reception]:
    """Every minute: what did not come in time covers nothing any more."""
    late = receptions.miss_late(where=_where(shop), now=now)
    if late:
        cases.review_shortages(now=now)
    return late


@transaction.atomic
def keep_supplier(
    *,
    shop: Shop,
    supplier_id: int | None,
    terms: Terms,
    items: Mapping[int, Sold],
    actor_id: int | None,
    now: dt.datetime,
) -> Supplier:
    """A supplier made or changed, with its usual deliveries to come. Raises NameTaken."""
    supplier = suppliers.keep(
        where=_where(shop),
        supplier_id=supplier_id,
        terms=terms,
        items=items,
        days_ahead=shop_queries.settings().days_ahead,
        actor_id=actor_id,
        now=now,
    )
    cases.review_shortages(now=now)
    return supplier


@transaction.atomic
def begin_day(*, shop: Shop, now: dt.datetime) -> None:
    """The usual deliveries of one more day are expected."""
    suppliers.plan_usual(where=_where(shop), days_ahead=shop_queries.settings().days_ahead, now=now)
    cases.review_shortages(now=now)


def _where(shop: Shop) -> Where:
    return Where(shop.id, shop.schema_name)
