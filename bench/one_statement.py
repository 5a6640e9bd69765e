"""The writes of one placed order as a single SQL statement: what PostgreSQL itself needs, and so the limit.

It is made from the rows that our service wrote for an order of that shop, so it follows the models when they change.
"""

from dataclasses import dataclass

from bench import database
from shared_apps.live.hints import CHANNEL, GROUP
from tenant_apps.orders.models import Order
from tenants.hosts import Shop

Values = dict[str, str]  # column → SQL expression


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the rows in it of the order that serves as a model."""

    name: str
    where: str

    def rows(self, **replaced: str) -> list[Values]:
        """Literals of every column but the key, except those `replaced` by an expression."""
        schema, _, name = self.name.rpartition(".")
        columns = dict(
            database.asked(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attname <> 'id'",
                f"{schema or 'public'}.{name}",
            )
        )
        selected = ", ".join(f"{column}::text" for column in columns)
        return [
            {
                column: replaced.get(column, f"{_literal(text)}::{kind}")
                for (column, kind), text in zip(columns.items(), row, strict=True)
            }
            for row in database.asked(f"SELECT {selected} FROM {self.name} WHERE {self.where} ORDER BY id")
        ]

    def insertion(self, source: str, **replaced: str) -> str:
        """What inserts these rows again; nothing but a question without rows when there are none."""
        rows = self.rows(**replaced)
        if not rows:
            return f"SELECT FROM {source}"
        selects = " UNION ALL ".join(f"SELECT {', '.join(row.values())} FROM {source}" for row in rows)
        return f"INSERT INTO {self.name} ({', '.join(rows[0])}) {selects}"


def _literal(text: str | None) -> str:
    """In SQL, without a colon: pgbench takes what follows one for a variable."""
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"


def last_task() -> int:
    """The key of the last task in the queue."""
    ((key,),) = database.asked("SELECT coalesce(max(id), 0) FROM django_q_ormq")
    return key


def placing_statement(shop: Shop, order: Order, *, since_task: int, more: str = "") -> str:
    """A script for pgbench that places the shop's first order once more: its writes, tasks queued and hint."""
    schema, of_order = shop.schema_name, f"order_id = {order.pk}"
    insertion = Table(f"{schema}.orders_order", f"id = {order.pk}").insertion(
        "slot", reference="replace(gen_random_uuid()::text, '-', '')", submission="gen_random_uuid()"
    )
    line = Table(f"{schema}.orders_orderline", of_order)
    event = Table(f"{schema}.orders_orderevent", of_order)
    summary = Table("sales_ordersummary", f"pizzeria_id = {shop.id} AND number = {order.pk}")
    task = Table("django_q_ormq", f"id > {since_task}")
    needs = Table(f"{schema}.stock_reservation", of_order).rows()
    ingredients = ", ".join(need["ingredient_id"] for need in needs)
    needed_at = needs[0]["needed_at"]
    return f"""\\set bucket random(0, 15)
WITH slot AS (
  UPDATE {schema}.shop_slot SET taken = taken + {order.work}
  WHERE id = {order.slot_id} AND taken + {order.work} <= capacity RETURNING id
), placed AS (
  {insertion} RETURNING id, reference
), line AS (
  {line.insertion("placed", order_id="placed.id")}
), event AS (
  {event.insertion("placed", order_id="placed.id")}
), summary AS (
  {summary.insertion("placed", number="placed.id", reference="placed.reference")}
), task AS (
  {task.insertion("placed")}
), need (ingredient_id, quantity) AS (
  VALUES {", ".join(f"({need['ingredient_id']}, {need['quantity']})" for need in needs)}
), locked AS MATERIALIZED (
  SELECT level.ingredient_id FROM {schema}.stock_stocklevel AS level, placed
  WHERE level.ingredient_id = ANY(ARRAY[{ingredients}]) ORDER BY level.ingredient_id FOR UPDATE OF level
), held AS (
  UPDATE {schema}.stock_stocklevel AS level SET reserved = level.reserved + need.quantity
  FROM need JOIN locked USING (ingredient_id)
  WHERE level.ingredient_id = need.ingredient_id AND level.on_hand - level.reserved - level.awaited >= need.quantity
  RETURNING level.ingredient_id
), promised AS (
  INSERT INTO {schema}.stock_reservation (order_id, ingredient_id, quantity, needed_at, awaited)
  SELECT placed.id, need.ingredient_id, need.quantity, {needed_at}, 0 FROM placed, need
){more}, product AS (
  {_added("sales_productsales", shop, ("quantity_hundredths",))}
), hour AS (
  {_added("sales_hourlysales", shop, ("orders", "ordered_cents", "taken_cents", "turnover_cents"))}
)
SELECT pg_notify('{CHANNEL}', {_literal(f"{schema}:orders {schema}:order-")} || placed.reference
                 || {_literal(f" {schema}:stock {GROUP}")})
FROM placed WHERE 1 / ((SELECT count(*) FROM held) = {len(needs)})::int = 1;
"""


def _added(table: str, shop: Shop, figures: tuple[str, ...]) -> str:
    """The figures of the shop's first order, added once more to a row of the bucket drawn by pgbench."""
    rows = _merged(Table(table, f"pizzeria_id = {shop.id}").rows(bucket=":bucket::smallint"), figures)
    key = [column for column in rows[0] if column not in figures]
    values = ", ".join(f"({', '.join(row.values())})" for row in rows)
    sums = ", ".join(f"{figure} = kept.{figure} + excluded.{figure}" for figure in figures)
    return (
        f"INSERT INTO {table} AS kept ({', '.join(rows[0])}) VALUES {values}"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sums}"
    )


def _merged(rows: list[Values], figures: tuple[str, ...]) -> list[Values]:
    """One row for each key: what our service wrote in two buckets goes in the one drawn by pgbench."""
    merged: dict[tuple[str, ...], Values] = {}
    for row in rows:
        key = tuple(value for column, value in row.items() if column not in figures)
        kept = merged.setdefault(key, row)
        if kept is not row:
            kept.update({figure: f"({kept[figure]} + {row[figure]})" for figure in figures})
    return list(merged.values())


def paying_statement(shop: Shop, order: Order, *, since_task: int) -> str:
    """The same, paid: the payment, its entry and that of the sale in the till's journal, its head and the group's copy.

    Signatures are those of the first order: PostgreSQL is asked to write them, not to reckon them.
    """
    schema, of_order = shop.schema_name, f"order_id = {order.pk}"
    payment = Table(f"{schema}.payments_payment", of_order)
    sealed = f"order_number = {order.pk} AND kind = "
    taking, sale = (Table(f"{schema}.till_entry", f"{sealed}'{kind}'") for kind in ("payment", "sale"))
    own = {"order_number": "placed.id", "perpetual_cents": "head.perpetual_cents"}
    numbered = {"number": "head.number", "receipt_number": "head.receipt_number", **own}
    return placing_statement(
        shop,
        order,
        since_task=since_task,
        more=f""", payment AS (
  {payment.insertion("placed", order_id="placed.id", submission="gen_random_uuid()")}
), head AS (
  UPDATE {schema}.till_journalhead SET number = number + 2, receipt_number = receipt_number + 1,
    perpetual_cents = perpetual_cents + {order.total_cents} FROM placed WHERE chain = 'till'
  RETURNING number, receipt_number, perpetual_cents, chain, signature, seal, closed_day
), taking AS (
  {taking.insertion("placed, head", number="head.number - 1", **own)}
), sale AS (
  {sale.insertion("placed, head", **numbered)}
), anchor AS (
  INSERT INTO sales_tillanchor AS kept (pizzeria_id, chain, number, signature, perpetual_cents, seal, closed_day)
  SELECT {shop.id}, chain, number, signature, perpetual_cents, seal, closed_day FROM head
  ON CONFLICT (pizzeria_id, chain) DO UPDATE SET number = excluded.number, signature = excluded.signature,
    perpetual_cents = excluded.perpetual_cents, seal = excluded.seal, closed_day = excluded.closed_day
)""",
    )
