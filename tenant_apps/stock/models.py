"""Stock by ingredient. The database is the last guard: these constraints hold whatever the code does (ADR 0009)."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Ingredient


class Substitution(models.Model):
    """An ingredient that another stands for, from a moment until another or until somebody ends it (ADR 0028)."""

    replaced = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    replacement = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    ratio = models.DecimalField(
        max_digits=8, decimal_places=4
    )  # of the replacement for 1 of the replaced, in their units
    reason = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    until_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["replaced"],
                condition=Q(ended_at=None),
                name="one_substitution_under_way_per_ingredient",
            ),
            models.CheckConstraint(condition=~Q(replaced=F("replacement")), name="nothing_stands_for_itself"),
            models.CheckConstraint(condition=Q(ratio__gt=0), name="substitution_ratio_is_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_substitution_has_a_reason"),
        ]


class StockLevel(models.Model):
    """What the shop has of an ingredient now, what of it is promised to open orders, and what is on its way."""

    ingredient = models.OneToOneField(Ingredient, on_delete=models.DO_NOTHING, primary_key=True, related_name="+")
    on_hand = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # Promised out of what is on hand: to the orders needed first. The rest waits for a reception: `awaited`.
    reserved = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    awaited = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # The sum of the receptions that orders may count on.
    expected = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # At some moment there will be less than is promised by then: a count, a waste or a reception said so, and reality
    # wins. Nothing more is sold of it before that moment is past or mended.
    shortage = models.BooleanField(default=False)
    low_threshold = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # What the shop restocks to.
    par = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # Weighted average of what was paid for what is on hand, in cents per kilogram, litre or piece.
    average_cost = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    # The substitution that replaces it now: on this row, so that whoever reserves meets it under the lock they take.
    substitution = models.ForeignKey(Substitution, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_never_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_never_negative"),
            models.CheckConstraint(condition=Q(awaited__gte=0), name="awaited_never_negative"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand")) | Q(shortage=True), name="reserved_within_stock_unless_short"
            ),
            models.CheckConstraint(
                condition=Q(awaited__lte=F("expected")) | Q(shortage=True),
                name="awaited_within_receptions_unless_short",
            ),
        ]

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.reserved

    @property
    def is_low(self) -> bool:
        return self.shortage or self.available <= self.low_threshold


class Reservation(models.Model):
    """What an open order still needs of an ingredient: gone once consumed or released."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="reservations")
    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    quantity = models.DecimalField(max_digits=12, decimal_places=2)
    needed_at = models.DateTimeField()  # when the kitchen begins it
    # The part of it that a reception must bring, what is on hand going to the orders needed before: StockLevel.awaited.
    awaited = models.DecimalField(max_digits=12, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "ingredient"], name="one_reservation_per_order_and_ingredient"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reserved_quantity_is_positive"),
            models.CheckConstraint(
                condition=Q(awaited__gte=0, awaited__lte=F("quantity")), name="awaited_is_a_part_of_the_quantity"
            ),
        ]
        indexes = [models.Index(fields=["ingredient", "-needed_at"], name="reservation_by_need")]


class StandIn(models.Model):
    """What of an order's ingredients stands for another: kept once the kitchen took it, since that is what is in it."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="stand_ins")
    substitution = models.ForeignKey(Substitution, on_delete=models.PROTECT, related_name="stand_ins")
    replaced_quantity = models.DecimalField(max_digits=12, decimal_places=2)
    quantity = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "substitution"], name="one_stand_in_per_order_and_substitution"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, replaced_quantity__gt=0), name="stand_in_quantities_are_positive"
            ),
        ]


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
        RETURNED = "returned", _("Returned by a customer")

    class WasteReason(models.TextChoices):
        OUT_OF_DATE = "out_of_date", _("Out of date")
        SPOILT = "spoilt", _("Spoilt")
        DROPPED = "dropped", _("Dropped")
        BURNT = "burnt", _("Burnt")
        MISTAKE = "mistake", _("Mistake in an order")
        RETURNED = "returned", _("Given back by a customer")
        OTHER = "other", _("Other reason")

    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    delta = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=12, choices=Reason)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    waste_reason = models.CharField(max_length=11, choices=WasteReason, blank=True)
    submission = models.UUIDField(null=True, unique=True)  # of the form: sent twice it moves the stock once

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason="waste") | ~Q(waste_reason=""), name="a_waste_has_a_reason")
        ]
        indexes = [models.Index(fields=["ingredient", "-at"], name="movement_by_ingredient")]


class Supplier(models.Model):
    """Who brings ingredients: a merchant, or the shop itself for what it makes ahead, such as its dough balls."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)  # E.164
    email = models.EmailField(_("e-mail"), blank=True)
    makes_it_here = models.BooleanField(_("made by the pizzeria itself"), default=False)
    # Usual days (Monday is 0), and the time of day at the latest.
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    delivers_by = models.TimeField(_("delivered at the latest at"))
    lead_days = models.PositiveSmallIntegerField(_("days between order and delivery"), default=1)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SupplierItem(models.Model):
    """An ingredient as its supplier sells it: each has one supplier at a time, so that what to order has one address."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="items")
    ingredient = models.OneToOneField(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    pack = models.DecimalField(max_digits=12, decimal_places=2)  # what one pack holds, in the ingredient's unit
    # Packs that come on each usual day without being ordered; none when everything is ordered each time.
    usual_packs = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("ingredient__name",)
        constraints = [models.CheckConstraint(condition=Q(pack__gt=0), name="a_pack_holds_something")]


class Reception(models.Model):
    """What a supplier is to bring, then what it brought. Orders count on it while it is expected and not late."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        EXPECTED = "expected", _("Expected")
        RECEIVED = "received", _("Received")
        CANCELLED = "cancelled", _("Cancelled")

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="receptions")
    state = models.CharField(max_length=9, choices=State)
    expected_at = models.DateTimeField()  # at the latest
    usual_day = models.DateField(null=True)  # made from the supplier's usual days
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    ordered_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)  # when the letter that orders it was sent
    # It was not there in time: no order counts on it until somebody says its new time.
    missed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    submission = models.UUIDField(null=True, unique=True)  # of one that nobody expected: sent twice it came once

    class Meta:
        ordering = ("expected_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["supplier", "usual_day"], name="one_usual_reception_per_supplier_and_day"),
            models.CheckConstraint(
                condition=~Q(state="received") | Q(received_at__isnull=False), name="a_reception_came_at_a_moment"
            ),
        ]
        indexes = [models.Index(fields=["expected_at"], condition=Q(state="expected"), name="reception_expected")]

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.DRAFT, self.State.EXPECTED)


class ReceptionLine(models.Model):
    """An ingredient of a reception: expected, then what was taken in and what was refused."""

    class Fault(models.TextChoices):
        MISSING = "missing", _("Not delivered")
        DAMAGED = "damaged", _("Damaged")
        OUT_OF_DATE = "out_of_date", _("Too near its date")
        TOO_WARM = "too_warm", _("Cold chain broken")
        WRONG = "wrong", _("Not what was ordered")

    reception = models.ForeignKey(Reception, on_delete=models.CASCADE, related_name="lines")
    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, related_name="+")
    expected = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    received = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    fault = models.CharField(max_length=11, choices=Fault, blank=True)  # why less was taken in than was expected
    lot = models.CharField(max_length=40, blank=True)
    use_by = models.DateField(null=True)
    price_cents = models.PositiveIntegerField(null=True)  # per kilogram, litre or piece

    class Meta:
        ordering = ("ingredient__name",)
        constraints = [
            models.UniqueConstraint(fields=["reception", "ingredient"], name="one_line_per_reception_and_ingredient"),
            models.CheckConstraint(
                condition=Q(expected__gte=0) & (Q(received=None) | Q(received__gte=0)),
                name="a_reception_brings_no_less_than_nothing",
            ),
            models.CheckConstraint(
                condition=Q(received=None) | Q(received__gte=F("expected")) | ~Q(fault=""),
                name="less_than_expected_has_a_reason",
            ),
        ]
