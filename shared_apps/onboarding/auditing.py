"""What the operators' commands do to a whole pizzeria, in the same log as everybody's sensitive acts."""

from collections.abc import Mapping

from shared_apps.accounts.models import AuditEntry
from tenants.models import Pizzeria


def record(*, pizzeria: Pizzeria, act: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """By nobody with an account: whoever may log in on the server."""
    AuditEntry.objects.create(
        pizzeria=pizzeria, act=act, subject=pizzeria.name[:120], before=dict(before), after=dict(after)
    )
