"""Credit notes that the shop gives by hand: a gesture, not the money of an order."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.services import bookkeeping, refunding
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import CreditNote
from tenant_apps.payments.services import credit_notes
from tenant_apps.till.services import sealing
from tenants.hosts import Shop


class CannotBeIssued(RuleError):
    """Of nothing, without a reason, or not by the shop."""

    def __init__(self) -> None:
        super().__init__(_("The counter or the manager gives a credit note, of a sum and for a reason."))


@transaction.atomic
def issue(*, shop: Shop, amount_cents: int, reason: str, submission: uuid.UUID, by: By, now: dt.datetime) -> CreditNote:
    """Within what the role may give back of an order. The same submission again returns the note it made.

    Raises CannotBeIssued, BeyondRefundLimit.
    """
    already = CreditNote.objects.filter(submission=submission).first()
    if already:
        return already
    if by.capacity not in (Actor.COUNTER, Actor.MANAGER) or amount_cents <= 0 or not reason.strip():
        raise CannotBeIssued
    refunding.check_limit(by=by, cents=amount_cents)
    note = credit_notes.issue(
        amount_cents=amount_cents, reason=reason, issued_by_id=by.user_id, submission=submission, now=now
    )
    detail = {"cents": amount_cents, "reason": note.reason}  # not its code, which is worth the money
    sealing.log_technical(
        shop=shop, event="credit_note_given", now=now, operator=bookkeeping.name_of(by), detail=detail
    )
    return note
