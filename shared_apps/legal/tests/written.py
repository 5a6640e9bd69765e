"""Versions as head office publishes them, for tests."""

import datetime as dt

from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.accounts.models import User
from shared_apps.legal import queries, services
from shared_apps.legal.models import Page, Version
from tenants.backend.base import OWNER
from tenants.roles import acting_as


def publish(user: User, *, page: str = Page.TERMS, added: str = "Un mot de plus.", **changes: object) -> Version:
    """The last version and a sentence more, at once unless changed."""
    with schema_context("public"):
        last = queries.last(page=page)
        values: dict[str, object] = {
            "page": page,
            "source": f"{last.source}\n\n{added}",
            "applies_on": None,
            "seen": last.number,
            "user_id": user.pk,
            "now": timezone.now(),
        }
        return services.publish(**(values | changes))  # type: ignore[arg-type]


def in_days(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def forget_publications() -> None:
    """What a test has committed; a version is kept for ever by everybody else."""
    with schema_context("public"), acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("DELETE FROM legal_version WHERE number > 1")
        cursor.execute("DELETE FROM accounts_auditentry WHERE act = %s", [services.ACT])
