"""Drivers at work: their shifts and the cash they carry, their rounds and the doors in them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenant_apps.orders.models import FailureReason, Order


class Shift(models.Model):
    """From the float a driver takes to the cash they hand in."""

    driver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+")
    started_at = models.DateTimeField()
    float_cents = models.PositiveIntegerField()
    ended_at = models.DateTimeField(null=True)
    # What the float and the cash of the deliveries make together, and what was counted at the end.
    expected_cents = models.PositiveIntegerField(null=True)
    counted_cents = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    # Since when the driver lets their phone say where it is, on their rounds of this shift; none is no.
    position_shared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)
        constraints = [
            models.UniqueConstraint(fields=["driver"], condition=Q(ended_at=None), name="one_open_shift_per_driver"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(expected_cents__isnull=False, counted_cents__isnull=False),
                name="a_shift_ends_with_a_count",
            ),
        ]

    @property
    def difference_cents(self) -> int:
        """What was counted more than expected; below zero it is missing."""
        return (self.counted_cents or 0) - (self.expected_cents or 0)


class Round(models.Model):
    """« Tournée »: what a driver takes along in one go. Planned, then on the road, then closed with its last door."""

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="rounds")
    opened_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # The driver chose the order of the doors: it is no longer computed.
    by_hand = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["shift"], condition=Q(left_at=None, closed_at=None), name="one_planned_round_per_shift"
            ),
            models.UniqueConstraint(
                fields=["shift"],
                condition=Q(left_at__isnull=False, closed_at=None),
                name="one_round_on_the_road_per_shift",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(left_at__isnull=False, closed_at__gte=F("left_at")),
                name="a_round_leaves_before_it_closes",
            ),
        ]


class Stop(models.Model):
    """An order in a round."""

    class State(models.TextChoices):
        WAITING = "waiting", _("To deliver")
        ARRIVED = "arrived", _("At the door")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Not delivered")
        RETURNED = "returned", _("Brought back")

    OPEN = (State.ARRIVED, State.WAITING)

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="stops")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="stops")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    assigned_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=16, choices=FailureReason, blank=True)
    failure_words = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("position", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state__in=("arrived", "waiting")), name="an_order_is_in_one_open_round"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("arrived", "waiting"), done_at=None)
                | ~Q(state__in=("arrived", "waiting")) & Q(done_at__isnull=False),
                name="a_stop_is_done_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") & ~Q(failure="") | ~Q(state="failed") & Q(failure=""),
                name="a_failed_stop_has_a_reason",
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Act(models.Model):
    """What a driver did on their phone: kept once, however often it is sent, and refused in words when it came too late."""

    append_only = True

    class Kind(models.TextChoices):
        LEFT = "left", _("Left")
        ARRIVED = "arrived", _("Arrived")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Not delivered")
        RETURNED = "returned", _("Brought back")

    submission = models.UUIDField(unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="acts")
    stop = models.ForeignKey(Stop, on_delete=models.PROTECT, null=True, related_name="acts")
    # When the driver tapped, never after it came here nor before they left; and when it came here.
    made_at = models.DateTimeField()
    received_at = models.DateTimeField()
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(made_at__lte=F("received_at")), name="an_act_is_made_before_it_comes"),
        ]


class Position(models.Model):
    """Where the driver of a round was last seen, with their consent: one row, gone with the round."""

    round = models.OneToOneField(Round, on_delete=models.CASCADE, primary_key=True, related_name="position")
    latitude = models.FloatField()
    longitude = models.FloatField()
    at = models.DateTimeField()
