"""What the group keeps of its one Stripe account. The payments themselves are in the shops."""

from django.db import models

from tenants.models import Pizzeria


class GatewayEvent(models.Model):
    """An event that Stripe has told us of: each is followed once, however often it is sent. Nothing of its content."""

    event_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=60)
    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, null=True, related_name="+")
    order_number = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="event_by_received")]


class GatewayOutage(models.Model):
    """The breaker: after a failure nobody is sent to Stripe before `until`, so that only one customer waited for it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()


class FollowUp(models.Model):
    """An order whose online payment must be looked at again, whatever dies meanwhile: written with what makes it so."""

    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    order_number = models.BigIntegerField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pizzeria", "order_number"], name="one_follow_up_per_order")]
        indexes = [models.Index(fields=["due_at"], name="follow_up_by_due")]
