"""When open orders will really be there: one statement over all of them, at each minute and after each rush.

An estimate is only ever told later, by ten minutes at least: a time that moves back and forth helps nobody.
Nothing here moves an order: its steps are acts of people.
"""

import datetime as dt

from django.db import connection, transaction

from shared_apps.live import hints
from shared_apps.messages.models import Message
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import telling
from tenant_apps.shop import services as shop_services
from tenants.hosts import Shop

TOLD_FROM_MINUTES = 10  # a move by less is not worth a message
ROUNDED_TO_MINUTES = 5

# The kitchen makes what is promised first; an order is out of it after its usual preparation, or once all that comes
# before it and itself are made, whichever is later, then the rush. A delivery adds its way; on the road it waits for the
# stops of its driver. An order that somebody holds at this very moment is left to the next minute, so that no lock is
# waited for.
MOVED = """
    WITH kitchen AS (
        SELECT orders.id, sum(orders.work) OVER (ORDER BY slot.starts_at, orders.id) AS work
        FROM orders_order AS orders JOIN shop_slot AS slot ON slot.id = orders.slot_id
        WHERE orders.state IN ('accepted', 'preparing')
    ), shop AS (
        SELECT make_interval(mins => preparation_minutes) AS preparation,
            interval '1 minute' * make_minutes / (100.0 * oven_places) AS per_work,
            make_interval(mins => CASE WHEN %(now)s < rush_until_at THEN rush_minutes ELSE 0 END) AS rush
        FROM shop_shopsettings
    ), estimate AS (
        SELECT orders.id, orders.state, coalesce(orders.estimated_until_at, slot.ends_at) AS told, CASE
            WHEN orders.state IN ('accepted', 'preparing') THEN shop.rush + greatest(
                coalesce(orders.claimed_at, %(now)s) + shop.preparation, %(now)s + kitchen.work * shop.per_work)
            ELSE greatest(coalesce(orders.left_at, %(now)s), %(now)s - make_interval(mins => orders.travel_minutes))
            END + make_interval(mins => orders.travel_minutes) AS until_at, orders.arrives_at
        FROM orders_order AS orders JOIN shop_slot AS slot ON slot.id = orders.slot_id CROSS JOIN shop
        LEFT JOIN kitchen ON kitchen.id = orders.id
        WHERE orders.state IN ('accepted', 'preparing')
            OR orders.mode = 'delivery' AND orders.state IN ('ready', 'on_the_way')
    ), later AS (
        SELECT id, state, date_bin(step, until_at + step - interval '1 second', 'epoch') AS until_at
        FROM (SELECT id, state, told, CASE WHEN arrives_at IS NULL THEN until_at ELSE greatest(arrives_at, %(now)s) END
              AS until_at FROM estimate) AS estimate, make_interval(mins => %(rounded_to)s) AS step
        WHERE until_at >= told + make_interval(mins => %(told_from)s)
    ), held AS (
        SELECT orders.id FROM orders_order AS orders JOIN later ON later.id = orders.id AND later.state = orders.state
        ORDER BY orders.id FOR UPDATE OF orders SKIP LOCKED
    ), moved AS (
        UPDATE orders_order AS orders SET estimated_until_at = later.until_at FROM later JOIN held USING (id)
        WHERE orders.id = later.id AND orders.state = later.state RETURNING orders.id, orders.state, later.until_at
    ), event AS (
        INSERT INTO orders_orderevent (order_id, at, from_state, to_state, capacity, reason, detail)
        SELECT id, %(now)s, state, state, 'system', 'delayed', jsonb_build_object('until_at', until_at) FROM moved
    )
    SELECT id FROM moved ORDER BY id
"""


@transaction.atomic
def re_estimate(*, shop: Shop, now: dt.datetime) -> list[Order]:
    """The orders whose customers now know a later time; each is told once of each move."""
    shop_services.follow_drivers(now=now)
    moved = move_estimates(shop=shop, now=now)
    if moved:
        topics = ["orders", *(f"order-{order.reference}" for order in moved)]
        hints.changed(scope=shop.schema_name, topics=topics)
    return moved


def move_estimates(*, shop: Shop, now: dt.datetime) -> list[Order]:
    """What `re_estimate` does to orders, for those who send the transaction's one hint themselves."""
    with connection.cursor() as cursor:
        cursor.execute(MOVED, {"now": now, "told_from": TOLD_FROM_MINUTES, "rounded_to": ROUNDED_TO_MINUTES})
        numbers = [number for (number,) in cursor.fetchall()]
    moved = list(Order.objects.select_related("slot").filter(pk__in=numbers).order_by("pk")) if numbers else []
    for order in moved:
        # The delay names the move: the task sends one message for it however often it is delivered.
        telling.tell_customer(shop=shop, order=order, kind=Message.Kind.DELAYED, version=order.delay_minutes)
    return moved
