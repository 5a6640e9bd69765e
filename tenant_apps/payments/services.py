import datetime as dt
import uuid

from tenant_apps.payments.models import Payment


def take(
    *,
    order_id: int,
    means: Payment.Means,
    amount_cents: int,
    taken_by_id: int | None,
    submission: uuid.UUID,
    now: dt.datetime,
) -> tuple[Payment, bool]:
    """Records money taken; the same submission again returns the first payment and False."""
    return Payment.objects.get_or_create(
        submission=submission,
        defaults={
            "order_id": order_id,
            "means": means,
            "amount_cents": amount_cents,
            "taken_by_id": taken_by_id,
            "taken_at": now,
        },
    )
