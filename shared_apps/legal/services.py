"""Publishing a legal page, and keeping what somebody writes until then."""

import datetime as dt
from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.core.errors import RuleError
from shared_apps.legal import markup, placeholders, queries
from shared_apps.legal.markup import Text
from shared_apps.legal.models import Draft, Version

ACT = "legal_page"


class Unfit(RuleError):
    """A placeholder that does not exist, one that the page must have, a link that leads nowhere good."""


class PublishedMeanwhile(RuleError):
    """Somebody else published this page since it was opened."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody published this page while you were writing: see below what changed. What you typed is kept.")
            + " "
            + _("Publish again to put it in place of theirs.")
        )


class SameText(RuleError):
    """It is the version in force, to the letter."""

    def __init__(self) -> None:
        super().__init__(_("This is already the text in force: nothing was published."))


class TermsChanged(RuleError):
    """The terms that the page of the order showed are no longer those in force."""

    def __init__(self) -> None:
        super().__init__(_("The terms of sale have just changed: read them, linked beside the button, then order."))


def check(*, page: str, source: str) -> Text:
    """The text as the page would show it now. Raises Unfit, with every reason."""
    text = markup.read(source, placeholders.values())
    if problems := list(_problems(page, source, text)):
        raise Unfit(" ".join(problems))
    return text


def _problems(page: str, source: str, text: Text) -> Iterator[str]:
    used, known = markup.placeholders(source), {one.name for one in placeholders.ALL}
    for name in sorted(used - known):
        yield _("{%(name)s} is none of the names listed below.") % {"name": name}
    for name in placeholders.required(page):
        if name not in used:
            yield _("{%(name)s} is missing: this page must say it.") % {"name": name}
    for link in text.refused_links:
        yield _("The link « %(link)s » is refused: a link begins with https://, mailto:, tel: or /.") % {"link": link}


def publish(
    *, page: str, source: str, applies_on: dt.date | None, seen: int, user_id: int, now: dt.datetime
) -> Version:
    """A new version, which applies from the first hour of a day to come, else at once; its author's draft is done with.

    `seen` is the number of the version that it was written from. Raises Unfit, PublishedMeanwhile, SameText.
    """
    check(page=page, source=source)
    before, effective_at = queries.last(page=page), _effective_at(applies_on, now)
    if before.number != seen:
        raise PublishedMeanwhile
    values = placeholders.values()
    if (before.source, values | before.values) == (source, values) and before.effective_at <= now:
        raise SameText
    try:
        with transaction.atomic():
            version = Version.objects.create(
                page=page,
                number=seen + 1,
                name=_name(page, effective_at),
                source=source,
                values=values,
                author_id=user_id,
                published_at=now,
                effective_at=effective_at,
            )
            AuditEntry.objects.create(
                actor_id=user_id,
                act=ACT,
                subject=page,
                before={"version": before.name},
                after={"version": version.name, "effective_at": effective_at.isoformat()},
            )
            drop_draft(page=page, user_id=user_id)
    except IntegrityError:
        raise PublishedMeanwhile from None  # at the same moment
    return version


def _effective_at(applies_on: dt.date | None, now: dt.datetime) -> dt.datetime:
    if applies_on is None:
        return now
    return max(now, timezone.make_aware(dt.datetime.combine(applies_on, dt.time())))


def _name(page: str, effective_at: dt.datetime) -> str:
    """`2027-01-01`, then `2027-01-01-2`."""
    day = timezone.localdate(effective_at).isoformat()
    others = Version.objects.filter(page=page, name__startswith=day).count()
    return f"{day}-{others + 1}" if others else day


def keep_draft(*, page: str, source: str, based_on: int, user_id: int, now: dt.datetime) -> None:
    Draft.objects.update_or_create(
        page=page, author_id=user_id, defaults={"source": source, "based_on": based_on, "saved_at": now}
    )


def drop_draft(*, page: str, user_id: int) -> None:
    Draft.objects.filter(page=page, author_id=user_id).delete()


def accept_terms(*, shown: str | None, now: dt.datetime) -> str:
    """The name of the terms that an order is placed under: those that the customer was shown. Raises TermsChanged."""
    in_force = queries.terms_in_force(now=now)
    if shown not in (None, in_force):
        raise TermsChanged
    return in_force
