from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from tenant_apps.orders import expected_sales, invariants
from tenants.models import Pizzeria

REBUILD = f"""
    DELETE FROM sales_ordersummary WHERE pizzeria_id = %(pizzeria)s;
    INSERT INTO sales_ordersummary (pizzeria_id, number, reference, customer_id, state, mode, placed_at,
                                    promised_until_at, handed_over_at, total_cents)
    SELECT %(pizzeria)s, expected.* FROM ({expected_sales.SUMMARIES}) AS expected;
    DELETE FROM sales_hourlysales WHERE pizzeria_id = %(pizzeria)s;
    INSERT INTO sales_hourlysales (pizzeria_id, bucket, day, hour, channel, mode, orders, ordered_cents, taken_cents,
                                   turnover_cents)
    SELECT %(pizzeria)s, 0, expected.* FROM ({expected_sales.HOURLY}) AS expected;
    DELETE FROM sales_productsales WHERE pizzeria_id = %(pizzeria)s;
    INSERT INTO sales_productsales (pizzeria_id, bucket, day, product_id, quantity_hundredths)
    SELECT %(pizzeria)s, 0, expected.* FROM ({expected_sales.PRODUCTS}) AS expected;
    DELETE FROM sales_stockalert WHERE pizzeria_id = %(pizzeria)s AND ingredient_id NOT IN ({expected_sales.ALERTS});
    INSERT INTO sales_stockalert (pizzeria_id, ingredient_id, since)
    SELECT %(pizzeria)s, expected.ingredient_id, %(now)s FROM ({expected_sales.ALERTS}) AS expected ON CONFLICT DO NOTHING
"""


class Command(BaseCommand):
    help = (
        "Refait la vue du groupe (commandes, heures, produits, alertes) depuis les pizzerias, et dit ce qui différait."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", help="pizzerias à refaire (toutes par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        shops = Pizzeria.objects.with_schema().order_by("slug")
        if options["slugs"]:
            shops = shops.filter(slug__in=options["slugs"])
        for shop in shops:
            differed = self._rebuild(shop)
            for row in differed:
                self.stdout.write(f"{shop.slug} : {row.invariant} : {row.detail}")
            self.stdout.write(f"{shop.slug} : {len(differed)} écart(s), vue refaite.")

    def _rebuild(self, shop: Pizzeria) -> list[invariants.Broken]:
        with schema_context(shop.schema_name), transaction.atomic(), connection.cursor() as cursor:
            # Orders and payments wait a moment: what is counted must not change under the counting.
            tables = "orders_order, payments_payment, stock_stocklevel, till_journalhead"
            cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
            differed = [row for row in invariants.broken(pizzeria_id=shop.pk) if row.invariant.startswith("the group")]
            cursor.execute(REBUILD, {"pizzeria": shop.pk, "now": timezone.now()})
        return differed
