"""Recording money taken. The rules of an order (what is due, what a voucher pays) are `orders.services.settlement`'s."""

import datetime as dt
import uuid

from tenant_apps.payments.models import CreditNote, Payment, Tip


def take(
    *,
    order_id: int,
    means: Payment.Means,
    amount_cents: int,
    taken_by_id: int | None,
    submission: uuid.UUID,
    now: dt.datetime,
    tendered_cents: int | None = None,
    tip_cents: int = 0,
    credit_note: CreditNote | None = None,
) -> tuple[Payment, bool]:
    """Records money taken; the same submission again returns the first payment and False.

    Of the cash `tendered_cents`, what is neither the payment nor the tip is the change.
    """
    payment, is_new = Payment.objects.get_or_create(
        submission=submission,
        defaults={
            "order_id": order_id,
            "means": means,
            "amount_cents": amount_cents,
            "tendered_cents": tendered_cents,
            "change_cents": 0 if tendered_cents is None else tendered_cents - amount_cents - tip_cents,
            "credit_note": credit_note,
            "taken_by_id": taken_by_id,
            "taken_at": now,
        },
    )
    if is_new and tip_cents:
        Tip.objects.create(payment=payment, amount_cents=tip_cents, received_by_id=taken_by_id)
    return payment, is_new
