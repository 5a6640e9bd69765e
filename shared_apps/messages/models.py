from django.db import models

from tenants.models import Pizzeria


class Message(models.Model):
    """What was told to a customer: one row per (order, kind, channel), so that nothing is told twice.

    No address here: the order has it, in its shop.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation"
        CHANGED = "changed"
        ALLERGENS = "allergens"
        CANCELLED = "cancelled"
        DELAYED = "delayed"
        READY = "ready"
        ON_THE_WAY = "on_the_way"
        LATE = "late"
        REFUNDED = "refunded"
        UNDELIVERED = "undelivered"
        SECOND_DELIVERY = "second_delivery"
        PAID_LATE = "paid_late"

    class Channel(models.TextChoices):
        EMAIL = "email"
        SMS = "sms"

    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, related_name="+")
    order_number = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    channel = models.CharField(max_length=8, choices=Channel)
    # Tells apart the messages of one kind about successive versions of the order.
    version = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    # Kept before anything is handed over: with no `sent_at` after it, whoever was sending died, and it may have left.
    attempted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    # Steps a customer may do without; the others say what was ordered, owed or promised.
    STEPS = frozenset({Kind.READY, Kind.ON_THE_WAY, Kind.LATE, Kind.DELAYED})

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pizzeria", "order_number", "kind", "channel", "version"], name="told_once")
        ]
