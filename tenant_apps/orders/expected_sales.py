"""The group's read model as one shop's own tables say it should be: statements run in the shop's schema.

A remake sells nothing: it is no order of the group's, and stands in none of its figures; nor does one that awaits its
payment, which the customer may still abandon. Money taken and turnover are
those of the till's sealed journal, on the business day whose closing counts them.
`check_invariants` compares it with what the transactions kept, `rebuild_sales` replaces that with it.
"""

from django.conf import settings

# As `shared_apps.core.calendar.business_day` says it.
DAY = f"((({{moment}}) AT TIME ZONE 'Europe/Paris') - interval '{settings.BUSINESS_DAY_CUTOFF_HOUR} hours')::date"
HOUR = "extract(hour FROM ({moment}) AT TIME ZONE 'Europe/Paris')::int"
PLACED_DAY, PLACED_HOUR = DAY.format(moment="placed_at"), HOUR.format(moment="placed_at")
SEALED_HOUR = HOUR.format(moment="at")

SUMMARIES = """
    SELECT orders.id AS number, orders.reference, orders.customer_id, orders.state, orders.mode, orders.placed_at,
           slot.ends_at AS promised_until_at, orders.handed_over_at, orders.total_cents
    FROM orders_order AS orders JOIN shop_slot AS slot ON slot.id = orders.slot_id
    WHERE orders.remakes_id IS NULL
"""

HOURLY = f"""
    SELECT day, hour, channel, mode, sum(orders)::bigint AS orders, sum(ordered)::bigint AS ordered_cents,
           sum(taken)::bigint AS taken_cents, sum(turnover)::bigint AS turnover_cents
    FROM (
        SELECT {PLACED_DAY} AS day, {PLACED_HOUR} AS hour, channel, mode, 1 AS orders, total_cents AS ordered,
               0 AS taken, 0 AS turnover
        FROM orders_order WHERE state NOT IN ('awaiting_payment', 'cancelled') AND remakes_id IS NULL
        UNION ALL
        SELECT day, {SEALED_HOUR}, content->>'channel', content->>'mode', 0, 0, taken_cents, turnover_cents
        FROM till_entry WHERE chain = 'till' AND (taken_cents <> 0 OR turnover_cents <> 0)
    ) AS facts GROUP BY day, hour, channel, mode
    HAVING sum(orders) <> 0 OR sum(ordered) <> 0 OR sum(taken) <> 0 OR sum(turnover) <> 0
"""

PRODUCTS = f"""
    SELECT {PLACED_DAY} AS day, variant.product_id, sum(50 * line.quantity)::bigint AS quantity_hundredths
    FROM orders_orderline AS line
    JOIN orders_order AS orders ON orders.id = line.order_id AND orders.state NOT IN ('awaiting_payment', 'cancelled')
         AND orders.remakes_id IS NULL
    CROSS JOIN LATERAL (VALUES (line.variant_id), (coalesce(line.other_half_id, line.variant_id))) AS half (variant_id)
    JOIN catalogue_variant AS variant ON variant.id = half.variant_id
    GROUP BY 1, 2
"""

ALERTS = """
    SELECT ingredient_id FROM stock_stocklevel
    WHERE shortage OR on_hand - reserved <= low_threshold
"""
