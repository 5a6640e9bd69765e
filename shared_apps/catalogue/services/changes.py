"""What every change of the card on screen has in common: who saw what before, and the history."""

import hashlib
import json
from collections.abc import Mapping

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from shared_apps.accounts.models import AuditEntry
from shared_apps.core.errors import RuleError

SPREAD = "shared_apps.catalogue.tasks.spread_ingredients"
Facts = dict[str, object]  # what there is to say of a product or an ingredient, by name: what the history keeps


class ChangedMeanwhile(RuleError):
    """Somebody else saved it since this form was shown."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody changed it while you were writing: see its history below. What you typed is kept here.")
            + " "
            + _("Keep it again to put it in place of theirs.")
        )


class Incomplete(RuleError):
    """What is on sale lacks something; `problems` says what, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class NameTaken(RuleError):
    def __init__(self) -> None:
        super().__init__(_("There is already one of this name."))


def fingerprint(facts: Facts) -> str:
    """What a form shows, in short: posted back with it, it tells whether somebody changed it meanwhile."""
    written = json.dumps(facts, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:24]


def check_seen(*, seen: str, facts: Facts) -> None:
    """The row is locked. Raises ChangedMeanwhile."""
    if seen != fingerprint(facts):
        raise ChangedMeanwhile


def keep(*, act: str, subject: str, before: Mapping[str, object], after: Mapping[str, object], user_id: int) -> None:
    """Keeps what differs in the history."""
    names = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    AuditEntry.objects.create(
        actor_id=user_id,
        act=act,
        subject=subject,
        before={name: before[name] for name in names if name in before},
        after={name: after[name] for name in names if name in after},
    )


def stock_everywhere() -> None:
    """Every pizzeria has a stock level of every ingredient: a task that makes a task for each (ADR 0042)."""
    async_task(SPREAD)
