"""The group's read model: what head office and a customer's history read, kept in the same transaction as the order.

Everything here can be rebuilt from the shops (`manage.py rebuild_sales`), and `check_invariants` says what differs.
"""

from django.db import models
from django.db.models import Q

from shared_apps.catalogue.models import Ingredient, Product
from shared_apps.customers.models import Customer
from tenants.models import Pizzeria

OPEN_STATES = ("accepted", "preparing", "ready", "on_the_way", "failed")
# A total is split over this many rows, so that the orders of a busy shop do not queue for one row.
BUCKETS = 16


class OrderSummary(models.Model):
    """One row per order of the group."""

    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField()
    reference = models.CharField(max_length=32)
    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, related_name="orders")
    state = models.CharField(max_length=16)
    mode = models.CharField(max_length=12)
    placed_at = models.DateTimeField()
    promised_until_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)
    total_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pizzeria", "number"], name="one_summary_per_order")]
        indexes = [
            models.Index(fields=["pizzeria", "state"], condition=Q(state__in=OPEN_STATES), name="summary_open"),
            models.Index(fields=["customer", "-placed_at"], name="summary_by_customer"),
        ]


class HourlySales(models.Model):
    """Orders placed and money taken in one hour of a business day. Sums over `bucket` are the figures."""

    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=8)
    mode = models.CharField(max_length=12)
    bucket = models.PositiveSmallIntegerField()
    orders = models.IntegerField(default=0)  # accepted and not cancelled
    ordered_cents = models.BigIntegerField(default=0)
    taken_cents = models.BigIntegerField(default=0)
    # Sealed sales minus refunds, of the business day of the till that sealed them: the day's sum is its Z.
    turnover_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "pizzeria", "hour", "channel", "mode", "bucket"], name="one_hourly_row_per_bucket"
            )
        ]


class ProductSales(models.Model):
    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    bucket = models.PositiveSmallIntegerField()
    # Hundredths of a product: half a pizza counts 50 for each of its halves.
    quantity_hundredths = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "pizzeria", "product", "bucket"], name="one_product_row_per_bucket")
        ]


class StockAlert(models.Model):
    """An ingredient of a shop at or under its threshold, or short of what is promised."""

    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    ingredient = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    # When the managers were written to; one that recovers and falls again is another alert.
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pizzeria", "ingredient"], name="one_alert_per_ingredient")]


class TillAnchor(models.Model):
    """Where each chain of a shop's sealed journal stands, kept out of its schema: an end taken away there shows here."""

    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    chain = models.CharField(max_length=8)
    number = models.PositiveBigIntegerField()
    signature = models.CharField(max_length=64)
    perpetual_cents = models.BigIntegerField()
    closed_day = models.DateField(null=True)
    seal = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pizzeria", "chain"], name="one_anchor_per_chain")]


class TillClosing(models.Model):
    """A shop's closing as the group keeps it: what its exports read, and a second witness of the shop's journal."""

    append_only = True

    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=5)
    number = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    figures = models.JSONField()
    signature = models.CharField(max_length=64)  # of the entry of the journal that seals it

    class Meta:
        ordering = ("starts_on",)
        constraints = [
            models.UniqueConstraint(
                fields=["pizzeria", "period", "starts_on"], name="one_closing_of_the_group_per_period"
            )
        ]
