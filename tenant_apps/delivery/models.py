"""Drivers at work: their shifts and the cash they carry."""

from django.conf import settings
from django.db import models
from django.db.models import Q


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
