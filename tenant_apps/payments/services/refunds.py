"""Giving money back of payments. The order is locked already; the payments are, here, by id."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from tenant_apps.payments.models import CreditNote, Payment, Refund
from tenant_apps.payments.services import credit_notes

Means = Payment.Means


class MoreThanTaken(RuleError):
    """More would go back than was taken, by these means or in all."""

    def __init__(self, left_cents: int) -> None:
        super().__init__(_("At most %(left)s can be given back.") % {"left": euros(left_cents)})


@dataclass(frozen=True, slots=True)
class Act:
    """One act of giving back: why, by whom, when; a reversal when it is a return."""

    reason: str
    user_id: int | None
    submission: uuid.UUID
    now: dt.datetime
    reversal_id: int | None = None
    capacity: str = ""


def locked(*, order_id: int) -> list[Payment]:
    """The payments of a locked order, the first taken first."""
    return list(Payment.objects.select_for_update().filter(order_id=order_id).order_by("id"))


def allocate(
    *, payments: Sequence[Payment], amount_cents: int, first: Means | None = None
) -> list[tuple[Payment, int]]:
    """What each payment gives back: those of the means asked for, then the last taken first. Raises MoreThanTaken."""
    parts, left = [], amount_cents
    for payment in sorted(payments, key=lambda payment: (payment.means == first, payment.pk), reverse=True):
        part = min(left, payment.kept_cents)
        if part > 0:
            parts.append((payment, part))
            left -= part
    if left:
        raise MoreThanTaken(amount_cents - left)
    return parts


def give_back(*, payment: Payment, amount_cents: int, act: Act, as_credit_note: bool = False) -> Refund:
    """Of a locked payment, by its own means or as a credit note. An online card's is PENDING until Stripe has done it."""
    if amount_cents > payment.kept_cents:
        raise MoreThanTaken(payment.kept_cents)
    means = Means.CREDIT_NOTE if as_credit_note else Means(payment.means)
    note = _note(payment, amount_cents, act) if means == Means.CREDIT_NOTE else None
    waits = means == Means.ONLINE_CARD
    Payment.objects.filter(pk=payment.pk).update(refunded_cents=F("refunded_cents") + amount_cents)  # guarded
    return Refund.objects.create(
        order_id=payment.order_id,
        payment=payment,
        reversal_id=act.reversal_id,
        means=means,
        credit_note=note,
        amount_cents=amount_cents,
        reason=act.reason,
        state=Refund.State.PENDING if waits else Refund.State.DONE,
        asked_at=act.now,
        asked_by_id=act.user_id,
        asked_as=act.capacity,
        concluded_at=None if waits else act.now,
        submission=act.submission,
    )


def _note(payment: Payment, amount_cents: int, act: Act) -> CreditNote:
    if payment.credit_note_id is not None:
        return credit_notes.restore(note_id=payment.credit_note_id, amount_cents=amount_cents, now=act.now)
    name = uuid.uuid5(act.submission, f"note:{payment.pk}")
    return credit_notes.issue(
        amount_cents=amount_cents, reason=act.reason, issued_by_id=act.user_id, submission=name, now=act.now
    )


def conclude(*, refund: Refund, failure: str, now: dt.datetime) -> bool:
    """A pending refund is done, or failed and the money is still ours; False when that was known already."""
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    refund.refresh_from_db()
    if refund.state != Refund.State.PENDING:
        return False
    refund.state = Refund.State.FAILED if failure else Refund.State.DONE
    refund.failure, refund.concluded_at = failure[:200], now
    refund.save(update_fields=["state", "failure", "concluded_at"])
    if failure:
        payment.refunded_cents -= refund.amount_cents
        payment.save(update_fields=["refunded_cents"])
    return True
