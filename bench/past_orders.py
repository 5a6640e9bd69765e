"""A month of orders for a shop, written by set statements as the services would have left them: rows and read model.

Every order is a copy of one that the real service placed, with its own moment, state, amount and products.
"""

import psycopg2.extensions
from django.conf import settings

from bench import shops
from tenants.hosts import Shop

ORDERS = 2000
DAYS = 30
STILL_OPEN = 15

ROWS = """
SET search_path = {schema}, public;
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT number, placed_at, date_bin('15 minutes', placed_at + interval '30 minutes', 'epoch') AS starts_at,
       1500 + number * 37 %% 3000 AS cents,
       (ARRAY['web', 'web', 'phone', 'counter'])[1 + number %% 4] AS channel,
       (ARRAY['delivery', 'delivery', 'collection', 'eat_in'])[1 + number / 4 %% 4] AS mode,
       CASE WHEN number > {orders} - {still_open}
                THEN (ARRAY['accepted', 'preparing', 'ready', 'on_the_way'])[1 + number %% 4]
            WHEN number %% 50 = 0 THEN 'cancelled' ELSE 'handed_over' END AS state
FROM (SELECT number, %(now)s - ({orders} - number) * (interval '{days} days' / {orders}) AS placed_at
      FROM generate_series(2, {orders}) AS number) AS moment;

INSERT INTO shop_slot (starts_at, ends_at, capacity, taken, delivery_capacity, deliveries)
SELECT DISTINCT starts_at, starts_at + interval '15 minutes', 100000, 0, 30000, 0 FROM past ON CONFLICT DO NOTHING;

INSERT INTO orders_order SELECT copy.* FROM past JOIN shop_slot AS slot USING (starts_at)
JOIN orders_order AS model ON model.id = 1, LATERAL jsonb_populate_record(model, jsonb_build_object(
    'id', past.number, 'reference', md5(past.number::text || %(pizzeria)s), 'submission', gen_random_uuid(),
    'state', past.state, 'channel', past.channel, 'mode', past.mode, 'slot_id', slot.id, 'placed_at', past.placed_at,
    'items_cents', past.cents, 'total_cents', past.cents, 'latitude', 50.63, 'longitude', 3.06, 'city', 'Lille',
    'handed_over_at', CASE past.state WHEN 'handed_over' THEN past.placed_at + interval '45 minutes' END)) AS copy;

INSERT INTO orders_orderline SELECT copy.* FROM past CROSS JOIN generate_series(0, 1) AS place
JOIN orders_orderline AS model ON model.order_id = 1 AND model.position = 0
CROSS JOIN (SELECT array_agg(id) AS ids FROM catalogue_variant) AS variant,
LATERAL jsonb_populate_record(model, jsonb_build_object(
    'id', past.number * 2 + place, 'order_id', past.number, 'position', place,
    'variant_id', variant.ids[1 + (past.number * 2 + place) %% cardinality(variant.ids)])) AS copy;

INSERT INTO payments_payment (order_id, means, amount_cents, taken_at, taken_by_id, submission)
SELECT number, 'cash', cents, placed_at + interval '45 minutes', NULL, gen_random_uuid()
FROM past WHERE state = 'handed_over';

UPDATE stock_stocklevel SET low_threshold = on_hand
WHERE ingredient_id IN (SELECT ingredient_id FROM stock_stocklevel ORDER BY ingredient_id LIMIT 3);
ANALYZE orders_order, payments_payment, shop_slot, stock_stocklevel;
"""

# The business day of a moment: it ends at the cut-off, Europe/Paris (shared_apps.core.calendar).
DAY = f"(({{moment}} AT TIME ZONE 'Europe/Paris') - interval '{settings.BUSINESS_DAY_CUTOFF_HOUR} hours')::date"
HOUR = "extract(hour FROM {moment} AT TIME ZONE 'Europe/Paris')"

READ_MODEL = f"""
DELETE FROM sales_ordersummary WHERE pizzeria_id = %(pizzeria)s;
DELETE FROM sales_hourlysales WHERE pizzeria_id = %(pizzeria)s;
DELETE FROM sales_productsales WHERE pizzeria_id = %(pizzeria)s;

INSERT INTO sales_ordersummary (pizzeria_id, number, reference, customer_id, state, mode, placed_at,
                                promised_until_at, handed_over_at, total_cents)
SELECT %(pizzeria)s, placed.id, reference, customer_id, state, mode, placed_at, slot.ends_at, handed_over_at, total_cents
FROM orders_order AS placed JOIN shop_slot AS slot ON slot.id = placed.slot_id;

INSERT INTO sales_hourlysales (pizzeria_id, day, hour, channel, mode, bucket, orders, ordered_cents, taken_cents,
                               turnover_cents)
SELECT %(pizzeria)s, day, hour, channel, mode, bucket, sum(orders), sum(ordered_cents), sum(taken_cents), sum(taken_cents)
FROM (
    SELECT {DAY.format(moment="placed_at")} AS day, {HOUR.format(moment="placed_at")} AS hour, channel, mode,
           id %% 16 AS bucket, 1 AS orders, total_cents AS ordered_cents, 0 AS taken_cents
    FROM orders_order WHERE state <> 'cancelled'
    UNION ALL
    SELECT {DAY.format(moment="taken_at")}, {HOUR.format(moment="taken_at")}, channel, mode,
           placed.id %% 16, 0, 0, amount_cents
    FROM payments_payment JOIN orders_order AS placed ON placed.id = order_id
) AS part GROUP BY day, hour, channel, mode, bucket;

INSERT INTO sales_productsales (pizzeria_id, day, product_id, bucket, quantity_hundredths)
SELECT %(pizzeria)s, {DAY.format(moment="placed_at")}, product_id, placed.id %% 16, sum(100 * quantity)
FROM orders_order AS placed JOIN orders_orderline AS line ON line.order_id = placed.id
JOIN catalogue_variant AS variant ON variant.id = line.variant_id
WHERE state <> 'cancelled' GROUP BY 2, 3, 4;

INSERT INTO sales_stockalert (pizzeria_id, ingredient_id, since)
SELECT %(pizzeria)s, ingredient_id, %(now)s FROM stock_stocklevel
WHERE shortage OR on_hand - reserved <= low_threshold;
"""


def fill(shop: Shop, by: psycopg2.extensions.connection) -> None:
    """Gives a new shop its month of orders up to noon of today, `by` a connection of the owner."""
    shops.place(shop, shops.three_pizzas())
    rows = ROWS.format(schema=shop.schema_name, orders=ORDERS, days=DAYS, still_open=STILL_OPEN)
    with by.cursor() as cursor:
        cursor.execute(rows + READ_MODEL, {"now": shops.noon(), "pizzeria": shop.id})
