"""Money taken for orders and given back. The database is the last guard: see the names of the constraints."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenant_apps.payments.checkouts import OnlinePayment as OnlinePayment

CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, none that is read as another


def new_code() -> str:
    """The unguessable name of a credit note, to be typed: `K7PD-4WXN-R2QM` is 60 bits."""
    letters = [secrets.choice(CODE_LETTERS) for _letter in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


class CreditNote(models.Model):
    """« Avoir »: money that the shop owes to whoever brings the code. Of this shop only, used in one or several times."""

    code = models.CharField(max_length=16, unique=True)
    initial_cents = models.PositiveIntegerField()
    balance_cents = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    expires_on = models.DateField()  # the last day of it
    submission = models.UUIDField(unique=True)

    class Meta:
        ordering = ("-issued_at",)
        constraints = [
            models.CheckConstraint(condition=Q(initial_cents__gt=0), name="credit_note_is_positive"),
            models.CheckConstraint(
                condition=Q(balance_cents__gte=0, balance_cents__lte=F("initial_cents")),
                name="credit_note_never_spent_twice",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_credit_note_has_a_reason"),
        ]

    def __str__(self) -> str:
        return self.code


class Payment(models.Model):
    """Money taken for an order. An order may have several, of any means; together they sum to its total."""

    class Means(models.TextChoices):
        CASH = "cash", _("Cash")
        CARD_TERMINAL = "card_terminal", _("Card")
        ONLINE_CARD = "online_card", _("Card, online")
        CHEQUE = "cheque", _("Cheque")
        MEAL_VOUCHER_CARD = "voucher_card", _("Meal voucher, card")
        MEAL_VOUCHER_PAPER = "voucher_paper", _("Meal voucher, paper")
        CREDIT_NOTE = "credit_note", _("Credit note")

    # What the staff takes by hand; the others are taken by the site or with the note's code.
    BY_HAND = (
        Means.CASH, Means.CARD_TERMINAL, Means.CHEQUE, Means.MEAL_VOUCHER_CARD, Means.MEAL_VOUCHER_PAPER,
    )  # fmt: skip
    MEAL_VOUCHERS = frozenset({Means.MEAL_VOUCHER_CARD, Means.MEAL_VOUCHER_PAPER})

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="payments")
    means = models.CharField(_("means of payment"), max_length=16, choices=Means)
    amount_cents = models.PositiveIntegerField()
    # Cash handed and the change given of it; a tip is neither.
    tendered_cents = models.PositiveIntegerField(null=True)
    change_cents = models.PositiveIntegerField(default=0, db_default=0)
    # What went back of it, or is about to: one that fails is taken off again.
    refunded_cents = models.PositiveIntegerField(default=0, db_default=0)
    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, null=True, related_name="payments")
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    # One act of taking money makes one payment, however often it is sent.
    submission = models.UUIDField(unique=True)

    class Meta:
        ordering = ("taken_at", "id")
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payment_is_positive"),
            models.CheckConstraint(
                condition=Q(refunded_cents__lte=F("amount_cents")), name="never_refunded_above_what_was_taken"
            ),
            models.CheckConstraint(
                condition=Q(tendered_cents=None, change_cents=0)
                | Q(means="cash", tendered_cents__gte=F("amount_cents") + F("change_cents")),
                name="change_is_given_on_cash_only",
            ),
            models.CheckConstraint(
                condition=Q(means="credit_note", credit_note__isnull=False)
                | ~Q(means="credit_note") & Q(credit_note=None),
                name="a_payment_by_credit_note_names_it",
            ),
        ]
        indexes = [models.Index(fields=["-taken_at"], name="payment_by_taken")]

    @property
    def kept_cents(self) -> int:
        return self.amount_cents - self.refunded_cents


class Tip(models.Model):
    """Left with a payment for whoever took it: no turnover, no VAT, in no drawer."""

    append_only = True

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="tip")
    amount_cents = models.PositiveIntegerField()
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_cents__gt=0), name="tip_is_positive")]


class Reversal(models.Model):
    """Some of a sale taken back: what of the order is owed no longer, why and who decided. Never edited.

    The lines say what came back; the delivery and a gesture (a sum for no line) are sums of their own.
    """

    append_only = True

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="reversals")
    amount_cents = models.PositiveIntegerField()  # of all of it
    delivery_cents = models.PositiveIntegerField(default=0)
    gesture_cents = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    submission = models.UUIDField(unique=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="reversal_is_positive"),
            models.CheckConstraint(
                condition=Q(amount_cents__gte=F("delivery_cents") + F("gesture_cents")),
                name="reversal_is_the_sum_of_its_parts",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_reversal_has_a_reason"),
        ]


class ReversalLine(models.Model):
    """Pieces of a line that are paid back, and what becomes of them. Never edited."""

    append_only = True

    class Fate(models.TextChoices):
        RETURNED = "returned", _("Back in stock")
        WASTED = "wasted", _("Thrown away")
        KEPT = "kept", _("Left to the customer")

    reversal = models.ForeignKey(Reversal, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="reversals")
    quantity = models.PositiveSmallIntegerField()
    amount_cents = models.PositiveIntegerField()
    fate = models.CharField(max_length=8, choices=Fate)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["reversal", "line"], name="one_reversed_line_per_reversal"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="reversed_quantity_is_positive"),
        ]


class Refund(models.Model):
    """Money given back of one payment, by its own means or as a credit note.

    What an online card gets back is PENDING until the bank has it (`orders.services.online`); the rest is done
    in the act. With a reversal it belongs to a return; without one the order was cancelled, or changed to cost less.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Under way")
        DONE = "done", _("Given back")
        FAILED = "failed", _("Failed")

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    reversal = models.ForeignKey(Reversal, on_delete=models.PROTECT, null=True, related_name="refunds")
    means = models.CharField(_("means of payment"), max_length=16, choices=Payment.Means)
    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, null=True, related_name="refunds")
    amount_cents = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=State)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    # In what capacity: a customer is named in nothing that is sealed.
    asked_as = models.CharField(max_length=10, blank=True, db_default="")
    concluded_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    # One act of giving back, which may draw on several payments.
    submission = models.UUIDField()

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="refund_is_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_refund_has_a_reason"),
            models.UniqueConstraint(fields=["submission", "payment"], name="one_refund_per_act_and_payment"),
            models.CheckConstraint(
                condition=Q(state="pending", concluded_at=None) | ~Q(state="pending") & Q(concluded_at__isnull=False),
                name="a_refund_is_concluded_or_pending",
            ),
            models.CheckConstraint(
                condition=~Q(means="credit_note") | Q(credit_note__isnull=False),
                name="a_refund_by_credit_note_names_it",
            ),
        ]
        indexes = [models.Index(fields=["-asked_at"], name="refund_by_asked")]
