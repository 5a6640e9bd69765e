from django.db import models
from django.db.models import Q, Sum


class OnlinePaymentQuerySet(models.QuerySet["OnlinePayment"]):
    def live(self) -> "OnlinePaymentQuerySet":
        return self.filter(state__in=OnlinePayment.LIVE)

    def held_cents(self) -> int:
        """Authorised on cards and not yet captured."""
        held = self.filter(state=OnlinePayment.State.AUTHORISED)
        return held.aggregate(sum=Sum("amount_cents"))["sum"] or 0


class OnlinePayment(models.Model):
    """One attempt to pay an order, or the difference after a change, on Stripe's page.

    The card is only authorised there: the money is a `Payment` from its capture on. Every value but the first comes
    from what Stripe showed of it.
    """

    class State(models.TextChoices):
        OPENING = "opening"  # written before Stripe is asked: whatever dies, the same key finds the same session
        OPEN = "open"
        AUTHORISED = "authorised"  # the sum is held on the card
        CLOSING = "closing"  # no longer wanted: Stripe is to expire it or to let the sum go
        CAPTURED = "captured"
        CLOSED = "closed"

    # Something may still come of them; PENDING ones wait for the customer.
    LIVE = (State.OPENING, State.OPEN, State.AUTHORISED, State.CLOSING)
    PENDING = (State.OPENING, State.OPEN)

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="online_payments")
    attempt = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPENING)
    amount_cents = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    session_id = models.CharField(max_length=100, unique=True, null=True)
    url = models.TextField(blank=True)  # of the page, while it is open
    intent_id = models.CharField(max_length=60, unique=True, null=True)
    authorised_at = models.DateTimeField(null=True)
    capture_before_at = models.DateTimeField(null=True)
    payment = models.OneToOneField("payments.Payment", on_delete=models.PROTECT, null=True, related_name="online")
    # The payout of Stripe's to the bank that the money was in, once reconciled.
    payout_id = models.CharField(max_length=60, blank=True)

    objects = OnlinePaymentQuerySet.as_manager()

    class Meta:
        ordering = ("order_id", "attempt")
        constraints = [
            models.UniqueConstraint(fields=["order", "attempt"], name="one_online_payment_per_attempt"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(state__in=("opening", "open")), name="one_open_online_payment_per_order"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="online_payment_is_positive"),
            models.CheckConstraint(
                condition=Q(state="captured", payment__isnull=False) | ~Q(state="captured") & Q(payment=None),
                name="captured_online_payment_is_a_payment",
            ),
            models.CheckConstraint(
                condition=~Q(state="authorised") | Q(intent_id__isnull=False, authorised_at__isnull=False),
                name="authorised_online_payment_has_an_intent",
            ),
        ]

    @property
    def is_pending(self) -> bool:
        return self.state in self.PENDING

    @property
    def key(self) -> str:
        """What names this attempt to Stripe; an act on it adds its own word."""
        return f"{self.order.reference}-{self.attempt}"
