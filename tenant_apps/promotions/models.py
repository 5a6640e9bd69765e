"""Promotional codes of a shop."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Voucher(models.Model):
    """A code that takes something off an order: a percentage or a sum, for a time, so many times."""

    code = models.CharField(max_length=20, unique=True)  # in capitals
    label = models.CharField(max_length=80)  # what the customer reads
    percent = models.PositiveSmallIntegerField(null=True)
    amount_cents = models.PositiveIntegerField(null=True)
    minimum_cents = models.PositiveIntegerField(default=0)  # of the items, before it
    first_date = models.DateField()
    last_date = models.DateField()
    uses_limit = models.PositiveIntegerField(null=True)  # none is without limit
    uses = models.PositiveIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    by_head_office = models.BooleanField(_("of head office"), default=False)

    class Meta:
        ordering = ("-last_date", "code")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=False, amount_cents=None) | Q(percent=None, amount_cents__gt=0),
                name="a_voucher_is_a_percentage_or_a_sum",
            ),
            models.CheckConstraint(
                condition=Q(percent=None) | Q(percent__gte=1, percent__lte=100), name="a_percentage_is_1_to_100"
            ),
            models.CheckConstraint(
                condition=Q(uses_limit=None) | Q(uses__lte=F("uses_limit")),
                name="a_voucher_is_never_used_beyond_its_limit",
            ),
            models.CheckConstraint(condition=Q(last_date__gte=F("first_date")), name="a_voucher_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.code

    def worth(self, items_cents: int) -> int:
        """What it takes off, in cents: a percentage to the nearest cent, never more than the items."""
        return worth(percent=self.percent, amount_cents=self.amount_cents, items_cents=items_cents)


def worth(*, percent: int | None, amount_cents: int | None, items_cents: int) -> int:
    off = (items_cents * percent + 50) // 100 if percent is not None else amount_cents or 0
    return min(off, items_cents)
