"""What must be true in every shop at every moment. Each is one statement that names the rows which break it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from tenant_apps.orders import expected_sales

# The card still holds the sum, or it could not be taken and a person settles it.
AWAITED_FROM_STRIPE = """(
    EXISTS (SELECT FROM payments_onlinepayment AS online WHERE online.order_id = orders.id AND online.state = 'authorised')
    OR EXISTS (SELECT FROM orders_case AS "case" WHERE "case".order_id = orders.id AND "case".kind = 'to_collect'))"""

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
        CROSS JOIN LATERAL (SELECT coalesce(sum(quantity - awaited), 0) AS sum FROM stock_reservation AS reservation
                            WHERE reservation.ingredient_id = level.ingredient_id) AS held
        WHERE level.reserved <> held.sum""",
    "what awaits a reception is what reservations await": """
        SELECT format('%%s : %%s promis sur réception, %%s d''après les réservations', ingredient.name, level.awaited, held.sum)
        FROM stock_stocklevel AS level JOIN catalogue_ingredient AS ingredient ON ingredient.id = level.ingredient_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(awaited), 0) AS sum FROM stock_reservation AS reservation
                            WHERE reservation.ingredient_id = level.ingredient_id) AS held
        WHERE level.awaited <> held.sum""",
    "what is expected is what receptions will bring": """
        SELECT format('%%s : %%s attendu, %%s d''après les réceptions', ingredient.name, level.expected, coming.sum)
        FROM stock_stocklevel AS level JOIN catalogue_ingredient AS ingredient ON ingredient.id = level.ingredient_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(line.expected), 0) AS sum FROM stock_receptionline AS line
                            JOIN stock_reception AS reception ON reception.id = line.reception_id
                            WHERE line.ingredient_id = level.ingredient_id AND reception.state = 'expected'
                            AND reception.missed_at IS NULL) AS coming
        WHERE level.expected <> coming.sum""",
    "the orders needed first are covered by the stock": """
        SELECT format('%%s : commande %%s', ingredient.name, held.order_id)
        FROM (SELECT *, sum(quantity) OVER (PARTITION BY ingredient_id ORDER BY needed_at, order_id) AS upto
              FROM stock_reservation) AS held
        JOIN stock_stocklevel AS level ON level.ingredient_id = held.ingredient_id
        JOIN catalogue_ingredient AS ingredient ON ingredient.id = held.ingredient_id
        WHERE held.awaited <> CASE WHEN level.expected > 0
            THEN least(held.quantity, greatest(held.upto - level.on_hand, 0)) ELSE 0 END""",
    "nothing is promised beyond what will be there, unless it is said to be short": """
        SELECT DISTINCT format('%%s : %%s', ingredient.name,
                               CASE WHEN level.shortage THEN 'dit manquant sans l''être' ELSE 'manquera sans être dit' END)
        FROM stock_stocklevel AS level JOIN catalogue_ingredient AS ingredient ON ingredient.id = level.ingredient_id
        CROSS JOIN LATERAL (
            SELECT coalesce(bool_or(level.on_hand + came.sum < held.upto), false) AS short
            FROM (SELECT needed_at, sum(quantity) OVER (ORDER BY needed_at, order_id) AS upto
                  FROM stock_reservation WHERE ingredient_id = level.ingredient_id) AS held
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(line.expected), 0) AS sum FROM stock_receptionline AS line
                JOIN stock_reception AS reception ON reception.id = line.reception_id
                WHERE line.ingredient_id = level.ingredient_id AND reception.state = 'expected'
                AND reception.missed_at IS NULL AND reception.expected_at <= held.needed_at) AS came
        ) AS judged
        WHERE level.shortage <> judged.short""",
    "only orders to be made hold reservations": """
        SELECT format('commande %%s : %%s et des réservations', orders.id, orders.state)
        FROM orders_order AS orders WHERE orders.state NOT IN ('awaiting_payment', 'accepted')
        AND EXISTS (SELECT FROM stock_reservation AS reservation WHERE reservation.order_id = orders.id)""",
    "every order to be made holds reservations": """
        SELECT format('commande %%s : %%s sans réservation', orders.id, orders.state)
        FROM orders_order AS orders WHERE orders.state IN ('awaiting_payment', 'accepted') AND orders.work > 0
        AND NOT EXISTS (SELECT FROM stock_reservation AS reservation WHERE reservation.order_id = orders.id)""",
    "a level names the substitution that replaces it": """
        SELECT ingredient.name FROM stock_stocklevel AS level
        JOIN catalogue_ingredient AS ingredient ON ingredient.id = level.ingredient_id
        LEFT JOIN stock_substitution AS under_way ON under_way.replaced_id = level.ingredient_id
             AND under_way.ended_at IS NULL
        WHERE level.substitution_id IS DISTINCT FROM under_way.id""",
    "open orders hold what the recipes of now ask for": """
        SELECT format('commande %%s : %%s est remplacé', reservation.order_id, ingredient.name)
        FROM stock_reservation AS reservation
        JOIN catalogue_ingredient AS ingredient ON ingredient.id = reservation.ingredient_id
        JOIN stock_substitution AS substitution ON substitution.replaced_id = reservation.ingredient_id
        JOIN orders_order AS orders ON orders.id = reservation.order_id
        JOIN shop_slot AS slot ON slot.id = orders.slot_id
        WHERE substitution.ended_at IS NULL
        AND (substitution.until_at IS NULL OR slot.starts_at < substitution.until_at)
        UNION ALL
        SELECT format('commande %%s : %%s n''est plus remplacé', reservation.order_id, ingredient.name)
        FROM stock_standin AS stand_in
        JOIN stock_substitution AS substitution ON substitution.id = stand_in.substitution_id
        JOIN catalogue_ingredient AS ingredient ON ingredient.id = substitution.replaced_id
        JOIN stock_reservation AS reservation ON reservation.order_id = stand_in.order_id
             AND reservation.ingredient_id = substitution.replacement_id
        WHERE substitution.ended_at IS NOT NULL""",
    "what is in the oven is of an order in preparation": """
        SELECT format('commande %%s : %%s, et une ligne au four', orders.id, orders.state)
        FROM orders_order AS orders WHERE EXISTS (
            SELECT FROM orders_orderline AS line WHERE line.order_id = orders.id AND line.in_oven_at IS NOT NULL
            AND (orders.state = 'accepted'
                 OR line.out_of_oven_at IS NULL AND orders.state IN ('ready', 'on_the_way', 'handed_over')))""",
    "order totals equal their lines": """
        SELECT format('commande %%s : %%s centimes, %%s d''après ses lignes', orders.id, orders.items_cents, lines.sum)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(quantity * unit_price_cents), 0) AS sum FROM orders_orderline AS line
                            WHERE line.order_id = orders.id) AS lines
        WHERE orders.items_cents <> lines.sum""",
    "an order has the discounts that it names": """
        SELECT format('commande %%s : %%s centimes de remise, %%s d''après ses remises', orders.id,
                      orders.discount_cents, off.sum)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0) AS sum FROM orders_orderdiscount AS discount
                            WHERE discount.order_id = orders.id) AS off
        WHERE orders.discount_cents <> off.sum""",
    "a code was used by the orders that stand": """
        SELECT format('code %%s : %%s usages, %%s commandes', voucher.code, voucher.uses, used.count)
        FROM promotions_voucher AS voucher
        CROSS JOIN LATERAL (SELECT count(*) AS count FROM orders_orderdiscount AS discount
                            JOIN orders_order AS orders ON orders.id = discount.order_id
                            WHERE discount.voucher_id = voucher.id AND orders.state <> 'cancelled') AS used
        WHERE voucher.uses <> used.count""",
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
                            AND orders.mode = 'delivery' AND orders.state <> 'cancelled'
                            AND orders.remakes_id IS NULL) AS held
        WHERE slot.deliveries <> held.count""",
    "an order is where its last event took it": """
        SELECT format('commande %%s : %%s, dernier événement %%s', orders.id, orders.state, last.to_state)
        FROM orders_order AS orders
        LEFT JOIN LATERAL (SELECT to_state FROM orders_orderevent AS event WHERE event.order_id = orders.id
                           ORDER BY event.id DESC LIMIT 1) AS last ON true
        WHERE last.to_state IS DISTINCT FROM orders.state""",
    "taken less given back never passes what is owed, and reaches it at handover": f"""
        SELECT format('commande %%s : %%s centimes gardés, %%s dus', orders.id, kept.sum, owed.sum)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0)
                            - (SELECT coalesce(sum(amount_cents), 0) FROM payments_refund AS refund
                               WHERE refund.order_id = orders.id AND refund.state <> 'failed') AS sum
                            FROM payments_payment AS payment WHERE payment.order_id = orders.id) AS kept
        CROSS JOIN LATERAL (SELECT CASE WHEN orders.state = 'cancelled' THEN 0
                            ELSE orders.total_cents - orders.reversed_cents END AS sum) AS owed
        WHERE kept.sum < owed.sum AND orders.state = 'handed_over' AND NOT {AWAITED_FROM_STRIPE}
        OR kept.sum > owed.sum AND NOT EXISTS (
            SELECT FROM orders_case AS "case" WHERE "case".order_id = orders.id AND "case".kind = 'money_back'
            AND "case".closed_at IS NULL)""",
    "a payment gives back what its refunds say": """
        SELECT format('paiement %%s : %%s centimes rendus, %%s d''après ses remboursements', payment.id,
                      payment.refunded_cents, given.sum)
        FROM payments_payment AS payment
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0) AS sum FROM payments_refund AS refund
                            WHERE refund.payment_id = payment.id AND refund.state <> 'failed') AS given
        WHERE payment.refunded_cents <> given.sum""",
    "a refund goes back by the means of its payment": """
        SELECT format('remboursement %%s : %%s pour un paiement %%s', refund.id, refund.means, payment.means)
        FROM payments_refund AS refund JOIN payments_payment AS payment ON payment.id = refund.payment_id
        WHERE refund.means NOT IN (payment.means, 'credit_note') OR refund.order_id <> payment.order_id""",
    "an order is reversed by what its reversals say": """
        SELECT format('commande %%s : %%s centimes repris, %%s d''après ses retours', orders.id, orders.reversed_cents,
                      taken_back.sum)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0) AS sum FROM payments_reversal AS reversal
                            WHERE reversal.order_id = orders.id) AS taken_back
        WHERE orders.reversed_cents <> taken_back.sum""",
    "no line is reversed beyond its pieces and its price": """
        SELECT format('ligne %%s : %%s pièces et %%s centimes repris', line.id, sum(back.quantity), sum(back.amount_cents))
        FROM payments_reversalline AS back JOIN orders_orderline AS line ON line.id = back.line_id
        GROUP BY line.id, line.quantity, line.unit_price_cents
        HAVING sum(back.quantity) > line.quantity OR sum(back.amount_cents) > line.quantity * line.unit_price_cents""",
    "credit notes hold what they gave less what they paid": """
        SELECT format('avoir %%s : %%s centimes restants, %%s d''après ses paiements', note.id, note.balance_cents,
                      note.initial_cents - spent.sum)
        FROM payments_creditnote AS note
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents - refunded_cents), 0) AS sum
                            FROM payments_payment AS payment WHERE payment.credit_note_id = note.id) AS spent
        WHERE note.balance_cents <> note.initial_cents - spent.sum""",
    "every payment is sealed, once": """
        SELECT format('commande %%s : %%s centimes payés, %%s scellés', orders.id, paid.sum, sealed.sum)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0) AS sum FROM payments_payment AS payment
                            WHERE payment.order_id = orders.id) AS paid
        CROSS JOIN LATERAL (SELECT coalesce(sum(taken_cents), 0) AS sum FROM till_entry AS entry
                            WHERE entry.order_number = orders.id AND chain = 'till' AND kind = 'payment') AS sealed
        WHERE paid.sum <> sealed.sum""",
    "every refund that is done is sealed, once": """
        SELECT format('commande %%s : %%s centimes rendus, %%s scellés', orders.id, given.sum, sealed.sum)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0) AS sum FROM payments_refund AS refund
                            WHERE refund.order_id = orders.id AND refund.state = 'done') AS given
        CROSS JOIN LATERAL (SELECT coalesce(-sum(taken_cents), 0) AS sum FROM till_entry AS entry
                            WHERE entry.order_number = orders.id AND chain = 'till' AND kind = 'refund') AS sealed
        WHERE given.sum <> sealed.sum""",
    "an order's turnover never passes what is kept of its money, and is nothing when all went back": """
        SELECT format('commande %%s : %%s centimes de ventes scellés, %%s gardés', order_number, sum(turnover_cents),
                      sum(taken_cents))
        FROM till_entry WHERE chain = 'till' AND order_number IS NOT NULL
        GROUP BY order_number HAVING sum(turnover_cents) NOT BETWEEN 0 AND sum(taken_cents)""",
    "what is paid online is followed until it is over": """
        SELECT format('commande %%s : %%s, plus suivie', orders.id, orders.state)
        FROM orders_order AS orders
        WHERE (orders.state = 'awaiting_payment'
               OR EXISTS (SELECT FROM payments_onlinepayment AS online WHERE online.order_id = orders.id
                          AND online.state NOT IN ('captured', 'closed'))
               OR EXISTS (SELECT FROM payments_refund AS refund WHERE refund.order_id = orders.id
                          AND refund.state = 'pending'))
        AND NOT EXISTS (SELECT FROM gateway_followup AS kept
                        WHERE kept.pizzeria_id = %(pizzeria)s AND kept.order_number = orders.id)""",
    "an order handed over is a sealed sale, once, for its total": f"""
        SELECT format('commande %%s : remise, %%s ticket(s), %%s centimes sur %%s', orders.id, sealed.count, sealed.sum,
                      orders.total_cents)
        FROM orders_order AS orders
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE kind = 'sale') AS count,
                                   coalesce(sum(turnover_cents) FILTER (WHERE kind <> 'refund'), 0) AS sum
                            FROM till_entry AS entry WHERE entry.order_number = orders.id AND chain = 'till') AS sealed
        WHERE orders.state = 'handed_over' AND orders.remakes_id IS NULL AND NOT {AWAITED_FROM_STRIPE}
        AND (sealed.count <> 1 OR sealed.sum <> orders.total_cents)""",
    "the journal ends where the group last saw it": """
        SELECT format('%%s : écriture %%s, %%s d''après le groupe', head.chain, head.number, anchor.number)
        FROM till_journalhead AS head
        LEFT JOIN sales_tillanchor AS anchor ON anchor.pizzeria_id = %(pizzeria)s AND anchor.chain = head.chain
        WHERE (head.number, head.signature, head.perpetual_cents, head.seal)
            IS DISTINCT FROM (anchor.number, anchor.signature, anchor.perpetual_cents, anchor.seal)""",
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
    "a drawer was expected to hold what came in less what went out": """
        SELECT format('caisse ouverte le %%s : %%s attendu, %%s d''après ses mouvements', session.opened_at,
                      session.expected_cents, moved.sum)
        FROM drawer_drawersession AS session
        CROSS JOIN LATERAL (SELECT coalesce(sum(delta_cents), 0) AS sum FROM drawer_cashmovement AS movement
                            WHERE movement.session_id = session.id) AS moved
        WHERE session.closed_at IS NOT NULL AND session.expected_cents <> moved.sum""",
    "cash in a drawer is its float, its payments and its refunds": """
        SELECT format('caisse ouverte le %%s : %%s %%s centimes', session.opened_at, movement.kind, movement.delta_cents)
        FROM drawer_cashmovement AS movement JOIN drawer_drawersession AS session ON session.id = movement.session_id
        LEFT JOIN payments_payment AS payment ON payment.id = movement.payment_id
        LEFT JOIN payments_refund AS refund ON refund.id = movement.refund_id
        WHERE movement.kind = 'payment' AND (payment.means <> 'cash' OR movement.delta_cents <> payment.amount_cents
              OR payment.tendered_cents - payment.change_cents < movement.delta_cents)
        OR movement.kind = 'refund' AND (refund.means <> 'cash' OR movement.delta_cents <> -refund.amount_cents)
        OR movement.kind = 'float' AND movement.delta_cents <> session.float_cents""",
    "the group knows every order as it is": f"""
        WITH expected AS ({expected_sales.SUMMARIES}), kept AS (
            SELECT number, reference, customer_id, state, mode, placed_at, promised_until_at, handed_over_at, total_cents
            FROM sales_ordersummary WHERE pizzeria_id = %(pizzeria)s)
        SELECT DISTINCT format('commande %%s', number)
        FROM ((TABLE expected EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE expected)) AS differ""",
    "the group's hours equal the shop's orders and journal": f"""
        WITH expected AS ({expected_sales.HOURLY}), kept AS (
            SELECT day, hour, channel, mode, sum(orders)::bigint AS orders, sum(ordered_cents)::bigint AS ordered_cents,
                   sum(taken_cents)::bigint AS taken_cents, sum(turnover_cents)::bigint AS turnover_cents
            FROM sales_hourlysales WHERE pizzeria_id = %(pizzeria)s GROUP BY day, hour, channel, mode
            HAVING sum(orders) <> 0 OR sum(ordered_cents) <> 0 OR sum(taken_cents) <> 0 OR sum(turnover_cents) <> 0)
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
