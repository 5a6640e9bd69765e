from django.db import models
from django.utils.translation import gettext_lazy as _

from tenant_apps.orders.models import Order


class PrintJob(models.Model):
    """Something to print about one version of an order; a copy asked for by hand is another row."""

    class Kind(models.TextChoices):
        KITCHEN = "kitchen", _("Kitchen ticket")
        CHANGED = "changed", _("Changed ticket")
        CANCELLED = "cancelled", _("Cancelled ticket")
        BAG = "bag", _("Bag label")
        RECEIPT = "receipt", _("Receipt")

    class Fault(models.TextChoices):
        UNREACHABLE = "unreachable", _("The printer cannot be reached")
        CUT = "cut", _("The printer was cut off")
        # Everything was sent: trying again by itself could print it twice.
        UNANSWERED = "unanswered", _("The printer does not say that it printed")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="print_jobs")
    kind = models.CharField(max_length=12, choices=Kind)
    version = models.PositiveSmallIntegerField()
    copy = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=12, choices=Fault, blank=True)
    failed_at = models.DateTimeField(null=True)  # the first time
    printed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "version", "copy"], name="printed_once_unless_asked_again")
        ]
        indexes = [models.Index(fields=["-printed_at"], name="print_job_by_printed")]
