from typing import Any

from django.core.management.commands import migrate

from tenants import roles
from tenants.backend.base import OWNER


class Command(migrate.Command):
    """Django's `migrate` on the public schema, as its owner, with the roles before and the grants after."""

    help = "Migre le schéma public (les pizzerias : migrate_schemas)."

    def handle(self, *args: Any, **options: Any) -> None:
        roles.prepare_database()
        with roles.acting_as(OWNER):
            super().handle(*args, **options)
            roles.grant_public()
