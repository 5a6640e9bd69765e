from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Payment(models.Model):
    """Money taken for an order. An order may have several, of any means; together they sum to its total."""

    class Means(models.TextChoices):
        CASH = "cash", _("Cash")
        CARD_TERMINAL = "card_terminal", _("Card")
        CHEQUE = "cheque", _("Cheque")
        MEAL_VOUCHER = "meal_voucher", _("Meal voucher")

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="payments")
    means = models.CharField(_("means of payment"), max_length=16, choices=Means)
    amount_cents = models.PositiveIntegerField()
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    # One act of taking money makes one payment, however often it is sent.
    submission = models.UUIDField(unique=True)

    class Meta:
        ordering = ("taken_at", "id")
        constraints = [models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payment_is_positive")]
