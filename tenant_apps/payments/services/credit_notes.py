"""Issuing and using credit notes."""

import datetime as dt
import uuid

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from tenant_apps.payments.models import CODE_LETTERS, CreditNote, new_code

LASTS = dt.timedelta(days=365)  # (U) a choice of the house: no law sets it


class UnknownNote(RuleError):
    """No credit note of this shop has this code."""

    def __init__(self) -> None:
        super().__init__(_("This pizzeria has no credit note of this code."))


class NoteOver(RuleError):
    """Expired, or not that much left on it."""


def issue(
    *, amount_cents: int, reason: str, issued_by_id: int | None, submission: uuid.UUID, now: dt.datetime
) -> CreditNote:
    """The same submission again returns the note it made."""
    note, _is_new = CreditNote.objects.get_or_create(
        submission=submission,
        defaults={
            "code": new_code(),
            "initial_cents": amount_cents,
            "balance_cents": amount_cents,
            "reason": reason.strip()[:200],
            "issued_by_id": issued_by_id,
            "issued_at": now,
            "expires_on": timezone.localdate(now + LASTS),
        },
    )
    return note


def find(*, code: str) -> CreditNote:
    """However it is typed: small letters, no dash, spaces. Raises UnknownNote."""
    letters = [letter for letter in code.upper() if letter in CODE_LETTERS]
    groups = ("".join(letters[start : start + 4]) for start in (0, 4, 8))
    found = CreditNote.objects.filter(code="-".join(groups)).first() if len(letters) == 12 else None
    if found is None:
        raise UnknownNote
    return found


def redeem(*, code: str, amount_cents: int, now: dt.datetime) -> CreditNote:
    """Takes a part or all of what is left on it, under its lock. Raises UnknownNote, NoteOver."""
    note = CreditNote.objects.select_for_update().get(pk=find(code=code).pk)
    if timezone.localdate(now) > note.expires_on:
        raise NoteOver(_("This credit note ended on %(date)s.") % {"date": note.expires_on.strftime("%d/%m/%Y")})
    if amount_cents > note.balance_cents:
        raise NoteOver(_("%(left)s is left on this credit note.") % {"left": euros(note.balance_cents)})
    note.balance_cents -= amount_cents
    note.save(update_fields=["balance_cents"])
    return note


def restore(*, note_id: int, amount_cents: int, now: dt.datetime) -> CreditNote:
    """What was paid with it comes back onto it; one that is over meanwhile lasts again."""
    note = CreditNote.objects.select_for_update().get(pk=note_id)
    note.balance_cents += amount_cents
    note.expires_on = max(note.expires_on, timezone.localdate(now + LASTS))
    note.save(update_fields=["balance_cents", "expires_on"])
    return note
