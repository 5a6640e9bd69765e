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
    "an order on its way is in one round on the road": """
        SELECT format('commande %%s : en route, dans %%s tournée(s)', orders.id, carried.count)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT count(*) AS count FROM delivery_stop AS stop
                            JOIN delivery_round AS round ON round.id = stop.round_id
                            WHERE stop.order_id = orders.id AND stop.done_at IS NULL
                            AND round.left_at IS NOT NULL AND round.closed_at IS NULL) AS carried
        WHERE orders.state = 'on_the_way' AND carried.count <> 1""",
    "stops agree with their orders": """
        SELECT format('commande %%s : %%s, arrêt %%s', orders.id, orders.state, stop.state)
        FROM delivery_stop AS stop JOIN delivery_round AS round ON round.id = stop.round_id
        JOIN orders_order AS orders ON orders.id = stop.order_id
        WHERE stop.done_at IS NULL AND round.left_at IS NOT NULL AND orders.state <> 'on_the_way'
        OR stop.done_at IS NULL AND round.left_at IS NULL AND orders.state IN ('on_the_way', 'handed_over', 'failed')
        OR stop.state = 'delivered' AND orders.state <> 'handed_over'""",
    "a round on the road has a door to visit, a closed one none": """
        SELECT format('tournée %%s : %%s arrêt(s) restant(s)', round.id, waiting.count)
        FROM delivery_round AS round
        CROSS JOIN LATERAL (SELECT count(*) AS count FROM delivery_stop AS stop
                            WHERE stop.round_id = round.id AND stop.done_at IS NULL) AS waiting
        WHERE round.closed_at IS NOT NULL AND waiting.count > 0
        OR round.closed_at IS NULL AND round.left_at IS NOT NULL AND waiting.count = 0""",
    "a shift ends after its rounds": """
        SELECT format('service %%s : fini, tournée %%s en cours', shift.id, round.id)
        FROM delivery_shift AS shift JOIN delivery_round AS round ON round.shift_id = shift.id
        WHERE shift.ended_at IS NOT NULL AND (round.left_at IS NOT NULL AND round.closed_at IS NULL
            OR EXISTS (SELECT FROM delivery_stop AS stop WHERE stop.round_id = round.id AND stop.done_at IS NULL))""",
    "an order that was not delivered waits for a decision or for its remake": """
        SELECT format('commande %%s : non livrée, personne n''en décide', orders.id)
        FROM orders_order AS orders WHERE orders.state = 'failed'
        AND NOT EXISTS (SELECT FROM orders_case AS case_ WHERE case_.order_id = orders.id AND case_.closed_at IS NULL
                        AND case_.kind = 'failed_delivery')
        AND NOT EXISTS (SELECT FROM orders_order AS remake WHERE remake.remakes_id = orders.id
                        AND remake.state NOT IN ('handed_over', 'cancelled'))""",
    "a position is kept only on the road": """
        SELECT format('tournée %%s : finie, et une position', position.round_id)
        FROM delivery_position AS position JOIN delivery_round AS round ON round.id = position.round_id
        WHERE round.closed_at IS NOT NULL OR round.left_at IS NULL""",
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


def broken(*, pizzeria_id: int) -> Iterator[Broken]:
    """Every row of the shop, whose schema is current, that breaks an invariant."""
    for invariant, statement in INVARIANTS.items():
        with connection.cursor() as cursor:
            cursor.execute(statement, {"pizzeria": pizzeria_id})
            for (detail,) in cursor.fetchall():
                yield Broken(invariant, detail)
