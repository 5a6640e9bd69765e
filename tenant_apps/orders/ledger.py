"""An order's money as its page shows it: what came in, what went back, what may still be taken or given back."""

from dataclasses import dataclass

from django.db.models import Sum

from tenant_apps.orders import meal_vouchers, reversing
from tenant_apps.orders.meal_vouchers import Eligible
from tenant_apps.orders.models import Order
from tenant_apps.orders.reversing import Reversible
from tenant_apps.payments.models import Payment, Refund, ReversalLine

HANDED = (500, 1000, 2000, 5000, 10_000)  # what customers hold out: a note, or the notes above


@dataclass(frozen=True, slots=True)
class Ledger:
    payments: list[Payment]
    refunds: list[Refund]
    lines: list[Reversible]
    delivery_left_cents: int
    vouchers: Eligible

    @property
    def handed(self) -> list[int]:
        """Sums of cash that are likely to be held out for what is due, in cents."""
        due = self.vouchers.due_cents
        return sorted({-(-due // note) * note for note in HANDED} - {due})[:4] if due else []

    @property
    def returnable_means(self) -> list[tuple[str, str]]:
        """The means that still may give something back."""
        kept = {payment.means: payment.get_means_display() for payment in self.payments if payment.kept_cents}
        return list(kept.items())


def ledger(*, order: Order, due_cents: int) -> Ledger:
    payments = list(order.payments.select_related("taken_by", "tip", "credit_note").order_by("taken_at", "id"))
    return Ledger(
        payments,
        list(order.refunds.select_related("asked_by", "credit_note")),
        reversible_lines(order),
        delivery_left_cents(order),
        meal_vouchers.eligible(order=order, payments=payments, due_cents=due_cents),
    )


def reversible_lines(order: Order) -> list[Reversible]:
    lines = list(order.lines.select_related("variant", "variant__product"))
    back = ReversalLine.objects.filter(line__order=order).values_list("line_id").annotate(Sum("quantity"))
    return reversing.reversible(order=order, lines=lines, reversed_pieces=dict(back.order_by()))


def delivery_left_cents(order: Order) -> int:
    """Of the fee, what was not paid back."""
    back = order.reversals.aggregate(sum=Sum("delivery_cents"))["sum"] or 0
    return order.delivery_fee_cents - back
