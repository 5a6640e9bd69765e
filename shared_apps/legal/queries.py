"""What the legal pages show, and when each of their versions binds."""

import datetime as dt
import difflib
from dataclasses import dataclass
from enum import StrEnum

from shared_apps.legal import markup, placeholders
from shared_apps.legal.markup import Text
from shared_apps.legal.models import Draft, Page, Version


class State(StrEnum):
    IN_FORCE = "in_force"
    AWAITED = "awaited"
    REPLACED = "replaced"
    NEVER = "never"  # another one was published, which applied before it or at the same time


@dataclass(frozen=True, slots=True)
class Dated:
    version: Version
    until_at: dt.datetime | None  # when one published after it applies
    state: State


def history(*, page: str, now: dt.datetime) -> list[Dated]:
    """Every version, the newest first, without its text."""
    found: list[Dated] = []
    until_at: dt.datetime | None = None
    versions = Version.objects.filter(page=page).select_related("author").defer("source", "values")
    for version in versions.order_by("-number"):
        found.append(Dated(version, until_at, _state(version, until_at, now)))
        until_at = min(until_at or version.effective_at, version.effective_at)
    return found


def _state(version: Version, until_at: dt.datetime | None, now: dt.datetime) -> State:
    if until_at and until_at <= version.effective_at:
        return State.NEVER
    if version.effective_at > now:
        return State.AWAITED
    return State.REPLACED if until_at and until_at <= now else State.IN_FORCE


def terms_in_force(*, now: dt.datetime) -> str:
    """The name of the version that an order is placed under."""
    return Version.objects.in_force(Page.TERMS, now).values_list("name", flat=True)[0]


def text(dated: Dated) -> Text:
    """With today's values; one that was replaced keeps those that it was published with."""
    was = dated.version.values if dated.state == State.REPLACED else {}
    return markup.read(dated.version.source, placeholders.values() | was)


def last(*, page: str) -> Version:
    """The last published: what the next one is written from."""
    return Version.objects.filter(page=page).order_by("-number")[0]


def draft(*, page: str, user_id: int) -> Draft | None:
    return Draft.objects.filter(page=page, author_id=user_id).first()


def published_since(*, page: str, number: int) -> list[tuple[str, str]]:
    """What the last version says otherwise than the one of this number."""
    seen = Version.objects.filter(page=page, number=number).first()
    return differences(seen.source if seen else "", last(page=page).source)


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """The lines taken out ("-") and put in ("+")."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [(line[0], line[1:]) for line in list(lines)[2:] if line[0] in "+-" and line[1:].strip()]
