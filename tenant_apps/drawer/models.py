"""The till's drawer: whose it is, every coin that comes in or goes out, and what was counted."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# What cash is made of in the euro area, in cents: notes, then coins.
DENOMINATIONS = (50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)


class DrawerSession(models.Model):
    """A drawer in one person's hands, from the float that they found to what they counted."""

    drawer = models.PositiveSmallIntegerField(default=1)
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    opened_at = models.DateTimeField()
    float_cents = models.PositiveIntegerField()
    # The one that was handed over to this one.
    follows = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="followed_by")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    expected_cents = models.IntegerField(null=True)
    counted_cents = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = [
            models.UniqueConstraint(fields=["drawer"], condition=Q(closed_at=None), name="one_open_session_per_drawer"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(expected_cents__isnull=False, counted_cents__isnull=False),
                name="a_drawer_closes_with_a_count",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(counted_cents=F("expected_cents")) | ~Q(reason=""),
                name="a_difference_has_a_reason",
            ),
        ]

    @property
    def difference_cents(self) -> int:
        """What was counted more than expected; below zero it is missing."""
        return (self.counted_cents or 0) - (self.expected_cents or 0)


class CashMovement(models.Model):
    """Cash in (+) or out (−) of a drawer. Never edited: their sum is what the drawer should hold."""

    append_only = True

    class Kind(models.TextChoices):
        FLOAT = "float", _("Float")
        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        PUT_IN = "put_in", _("Put in")
        TAKEN_OUT = "taken_out", _("Taken out")
        NO_SALE = "no_sale", _("Opened without a sale")
        TO_DRIVER = "to_driver", _("Float of a driver")
        FROM_DRIVER = "from_driver", _("Handed in by a driver")

    session = models.ForeignKey(DrawerSession, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=12, choices=Kind)
    delta_cents = models.IntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    payment = models.OneToOneField(
        "payments.Payment", on_delete=models.PROTECT, null=True, related_name="cash_movement"
    )
    refund = models.OneToOneField("payments.Refund", on_delete=models.PROTECT, null=True, related_name="cash_movement")
    submission = models.UUIDField(unique=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind__in=["put_in", "taken_out", "no_sale"]) | ~Q(reason=""),
                name="cash_moved_by_hand_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(kind="payment", payment__isnull=False, refund=None)
                | Q(kind="refund", refund__isnull=False, payment=None)
                | ~Q(kind__in=["payment", "refund"]) & Q(payment=None, refund=None),
                name="cash_of_an_order_names_its_act",
            ),
        ]


class DrawerCount(models.Model):
    """What somebody counted, coin by coin, before they knew what was expected. A second count is another row."""

    append_only = True

    session = models.ForeignKey(DrawerSession, on_delete=models.PROTECT, related_name="counts")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    pieces = models.JSONField()  # cents of a note or coin → how many
    counted_cents = models.PositiveIntegerField()
    expected_cents = models.IntegerField()

    class Meta:
        ordering = ("id",)

    @property
    def difference_cents(self) -> int:
        return self.counted_cents - self.expected_cents
