from typing import Any

from django.core.management.commands import migrate

from tenants import roles
from tenants.backend.base import LOGIN, OWNER


class Command(migrate.Command):
    """Django's `migrate` on the public schema, as its owner, with the roles before and the grants after."""

    help = "Migre le schéma public (les pizzerias : migrate_pizzerias)."

    def check(self, *args: Any, **options: Any) -> None:
        """As the login: before the first migration there is no other role, and a check asks the server's version."""
        with roles.acting_as(LOGIN):
            super().check(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        roles.prepare_database()
        with roles.acting_as(OWNER):
            super().handle(*args, **options)
            roles.grant_public()
