"""What must be true in every shop at every moment. Each is one statement that names the rows which break it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from tenant_apps.orders import expected_sales

INVARIANTS: dict[str, str] = {
    "movements sum to balances": """
        SELECT format('%%s : %%s en stock, %%s d''après ses mouvements', ingredient.name, level.on_hand, moved.sum)
        FROM stock_stocklevel AS level JOIN catalogue_ingredient AS ingredient ON ingredient.id = level.ingredient_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(delta), 0) AS sum FROM stock_movement AS movement
                            WHERE movement.ingredient_id = level.ingredient_id) AS moved
        WHERE level.on_hand <> moved.sum""",
    "reserved is what reservations hold": """
        SELECT format('%%s : %%s réservé, %%s d''après les réservations', ingredient.name, level.reserved, held.sum)
        FROM stock_stocklevel AS level JOIN catalogue_ingredient AS ingredient ON ingredient.id = level.ingredient_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS sum FROM stock_reservation AS reservation
                            WHERE reservation.ingredient_id = level.ingredient_id AND reservation.day IS NULL) AS held
        WHERE level.reserved <> held.sum""",
    "later days promise what reservations hold": """
        SELECT format('%%s le %%s : %%s promis, %%s d''après les réservations', ingredient.name, promise.day,
                      promise.promised, held.sum)
        FROM stock_daypromise AS promise JOIN catalogue_ingredient AS ingredient ON ingredient.id = promise.ingredient_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS sum FROM stock_reservation AS reservation
                            WHERE reservation.ingredient_id = promise.ingredient_id
                            AND reservation.day = promise.day) AS held
        WHERE promise.promised <> held.sum""",
    "only accepted orders hold reservations": """
        SELECT format('commande %%s : %%s et des réservations', orders.id, orders.state)
        FROM orders_order AS orders WHERE orders.state <> 'accepted'
        AND EXISTS (SELECT FROM stock_reservation AS reservation WHERE reservation.order_id = orders.id)""",
    "every accepted order holds reservations": """
        SELECT format('commande %%s : acceptée sans réservation', orders.id)
        FROM orders_order AS orders WHERE orders.state = 'accepted' AND orders.work > 0
        AND NOT EXISTS (SELECT FROM stock_reservation AS reservation WHERE reservation.order_id = orders.id)""",
    "order totals equal their lines": """
        SELECT format('commande %%s : %%s centimes, %%s d''après ses lignes', orders.id, orders.items_cents, lines.sum)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(quantity * unit_price_cents), 0) AS sum FROM orders_orderline AS line
                            WHERE line.order_id = orders.id) AS lines
        WHERE orders.items_cents <> lines.sum""",
    "a remake names an order and sells nothing": """
        SELECT format('commande %%s : refait la %%s, %%s centimes', orders.id, orders.remakes_id, orders.total_cents)
        FROM orders_order AS orders JOIN orders_order AS first ON first.id = orders.remakes_id
        WHERE orders.total_cents <> 0 OR first.remakes_id IS NOT NULL
        OR EXISTS (SELECT FROM payments_payment AS payment WHERE payment.order_id = orders.id)""",
    "slots hold the work of their orders": """
        SELECT format('créneau du %%s : %%s pris, %%s d''après ses commandes', slot.starts_at, slot.taken, work.sum)
        FROM shop_slot AS slot
        CROSS JOIN LATERAL (SELECT coalesce(sum(orders.work), 0) AS sum FROM orders_order AS orders
                            WHERE orders.slot_id = slot.id AND orders.state <> 'cancelled') AS work
        WHERE slot.taken <> work.sum""",
    "slots hold the deliveries of their orders": """
        SELECT format('créneau du %%s : %%s livraisons prises, %%s d''après ses commandes', slot.starts_at,
                      slot.deliveries, held.count)
        FROM shop_slot AS slot
        CROSS JOIN LATERAL (SELECT count(*) AS count FROM orders_order AS orders WHERE orders.slot_id = slot.id
                            AND orders.mode = 'delivery' AND orders.state <> 'cancelled') AS held
        WHERE slot.deliveries <> held.count""",
    "an order is where its last event took it": """
        SELECT format('commande %%s : %%s, dernier événement %%s', orders.id, orders.state, last.to_state)
        FROM orders_order AS orders
        LEFT JOIN LATERAL (SELECT to_state FROM orders_orderevent AS event WHERE event.order_id = orders.id
                           ORDER BY event.id DESC LIMIT 1) AS last ON true
        WHERE last.to_state IS DISTINCT FROM orders.state""",
    "payments never pass the total, and reach it at handover": """
        SELECT format('commande %%s : %%s centimes payés sur %%s', orders.id, paid.sum, orders.total_cents)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0) AS sum FROM payments_payment AS payment
                            WHERE payment.order_id = orders.id) AS paid
        WHERE paid.sum > orders.total_cents OR orders.state = 'handed_over' AND paid.sum <> orders.total_cents""",
    "the group knows every order as it is": f"""
        WITH expected AS ({expected_sales.SUMMARIES}), kept AS (
            SELECT number, reference, customer_id, state, mode, placed_at, promised_until_at, handed_over_at, total_cents
            FROM sales_ordersummary WHERE pizzeria_id = %(pizzeria)s)
        SELECT DISTINCT format('commande %%s', number)
        FROM ((TABLE expected EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE expected)) AS differ""",
    "the group's hours equal the shop's orders and payments": f"""
        WITH expected AS ({expected_sales.HOURLY}), kept AS (
            SELECT day, hour, channel, mode, sum(orders)::bigint AS orders, sum(ordered_cents)::bigint AS ordered_cents,
                   sum(taken_cents)::bigint AS taken_cents
            FROM sales_hourlysales WHERE pizzeria_id = %(pizzeria)s GROUP BY day, hour, channel, mode
            HAVING sum(orders) <> 0 OR sum(ordered_cents) <> 0 OR sum(taken_cents) <> 0)
        SELECT DISTINCT format('%%s à %%s h, %%s, %%s', day, hour, channel, mode)
        FROM ((TABLE expected EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE expected)) AS differ""",
    "the group's products equal the shop's lines": f"""
        WITH expected AS ({expected_sales.PRODUCTS}), kept AS (
            SELECT day, product_id, sum(quantity_hundredths)::bigint AS quantity_hundredths
            FROM sales_productsales WHERE pizzeria_id = %(pizzeria)s GROUP BY day, product_id
            HAVING sum(quantity_hundredths) <> 0)
        SELECT DISTINCT format('%%s, %%s', day, product.name)
        FROM ((TABLE expected EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE expected)) AS differ
        JOIN catalogue_product AS product ON product.id = differ.product_id""",
    "the group's alerts are the shop's low levels": f"""
        WITH expected AS ({expected_sales.ALERTS}), kept AS (
            SELECT ingredient_id FROM sales_stockalert WHERE pizzeria_id = %(pizzeria)s)
        SELECT DISTINCT ingredient.name
        FROM ((TABLE expected EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE expected)) AS differ
        JOIN catalogue_ingredient AS ingredient ON ingredient.id = differ.ingredient_id""",
}


@dataclass(frozen=True, slots=True)
class Broken:
    invariant: str
    detail: str


def broken_alone() -> Iterator[Broken]:
    """What breaks the invariants that concern the current schema alone: it may not be that of a pizzeria yet."""
    for invariant, statement in INVARIANTS.items():
        if "the group" not in invariant:
            yield from _rows(invariant, statement, None)


def broken(*, pizzeria_id: int) -> Iterator[Broken]:
    """Every row of the shop, whose schema is current, that breaks an invariant."""
    for invariant, statement in INVARIANTS.items():
        yield from _rows(invariant, statement, pizzeria_id)


def _rows(invariant: str, statement: str, pizzeria_id: int | None) -> list[Broken]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"pizzeria": pizzeria_id})
        return [Broken(invariant, detail) for (detail,) in cursor.fetchall()]
