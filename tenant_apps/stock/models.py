"""Stock by ingredient. The database is the last guard: these constraints hold whatever the code does (ADR 0009)."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Ingredient


class StockLevel(models.Model):
    """What the shop has of an ingredient now, and what of it is promised to orders of the current business day."""

    ingredient = models.OneToOneField(Ingredient, on_delete=models.DO_NOTHING, primary_key=True, related_name="+")
    on_hand = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    reserved = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # Less is there than is promised: a count or a waste said so, and reality wins. Nothing more is sold of it.
    shortage = models.BooleanField(default=False)
    low_threshold = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # What the shop restocks to each day: what orders of a later day may count on.
    par = models.DecimalField(max_digits=12, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_never_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_never_negative"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand")) | Q(shortage=True), name="reserved_within_stock_unless_short"
            ),
        ]

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.reserved

    @property
    def is_low(self) -> bool:
        return self.shortage or self.available <= self.low_threshold


class DayPromise(models.Model):
    """What orders of a later business day were promised of an ingredient, against what the shop expects to have then."""

    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    day = models.DateField()
    expected = models.DecimalField(max_digits=12, decimal_places=2)
    promised = models.DecimalField(max_digits=12, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "ingredient"], name="one_promise_per_ingredient_and_day"),
            models.CheckConstraint(condition=Q(promised__gte=0), name="promised_never_negative"),
            models.CheckConstraint(condition=Q(promised__lte=F("expected")), name="promised_within_expected"),
        ]


class Reservation(models.Model):
    """What an open order still needs of an ingredient: gone once consumed or released."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="reservations")
    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    quantity = models.DecimalField(max_digits=12, decimal_places=2)
    needed_at = models.DateTimeField()
    # The business day whose promise holds it; none when it counts in StockLevel.reserved.
    day = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "ingredient"], name="one_reservation_per_order_and_ingredient"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reserved_quantity_is_positive"),
        ]
        indexes = [models.Index(fields=["ingredient", "-needed_at"], name="reservation_by_need")]


class StockCount(models.Model):
    """One act of counting, of some ingredients or all: what was expected and what was found. Never edited."""

    append_only = True

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)


class CountedLevel(models.Model):
    append_only = True

    count = models.ForeignKey(StockCount, on_delete=models.PROTECT, related_name="levels")
    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    expected = models.DecimalField(max_digits=12, decimal_places=2)
    counted = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        ordering = ("ingredient__name",)
        constraints = [
            models.UniqueConstraint(fields=["count", "ingredient"], name="one_result_per_ingredient_and_count")
        ]

    @property
    def difference(self) -> Decimal:
        return self.counted - self.expected


class Movement(models.Model):
    """One change of a level, never edited nor deleted: their sum is what is on hand."""

    append_only = True

    class Reason(models.TextChoices):
        OPENING = "opening", _("Opening stock")
        RECEPTION = "reception", _("Reception")
        CONSUMPTION = "consumption", _("Consumption")
        UNDONE = "undone", _("Claim undone")
        WASTE = "waste", _("Waste")
        COUNT = "count", _("Count")

    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    delta = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=12, choices=Reason)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["ingredient", "-at"], name="movement_by_ingredient")]
