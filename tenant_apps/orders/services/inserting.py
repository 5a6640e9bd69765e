"""A new order written down (ADR 0008)."""

import datetime as dt

from django.db import connection

from shared_apps.core import sql
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders import quoting
from tenant_apps.orders.models import Order
from tenant_apps.orders.quoting import Quote
from tenant_apps.orders.services import acts
from tenant_apps.orders.services.acts import By
from tenants.hosts import Shop


def insert(shop: Shop, order: Order, promised_until: dt.datetime, quote: Quote, by: By) -> None:
    """The order, its lines, its first event and its row in the read model, in one statement."""
    event = acts.event(order=order, by=by, now=order.placed_at, from_state="")
    summary = OrderSummary(
        pizzeria_id=shop.id,
        reference=order.reference,
        customer_id=order.customer_id,
        state=order.state,
        mode=order.mode,
        placed_at=order.placed_at,
        promised_until_at=promised_until,
        total_cents=order.total_cents,
    )
    placed = sql.insertion([order])
    of_order = {"order_id": "placed.id"}
    parts = [
        sql.insertion(quoting.rows(order_id=0, quote=quote), source="placed", replaced=of_order),
        sql.insertion([event], source="placed", replaced=of_order),
        sql.insertion([summary], source="placed", replaced={"number": "placed.id"}),
    ]
    statement = (
        f"WITH placed AS ({placed.text} RETURNING id), lines AS ({parts[0].text}), event AS ({parts[1].text}),"
        f" summary AS ({parts[2].text}) SELECT id FROM placed"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*placed.values, *(value for part in parts for value in part.values)])
        order.pk = cursor.fetchone()[0]
    order._state.adding = False
