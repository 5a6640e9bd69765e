from tenants.management.commands import migrate_pizzerias


class Command(migrate_pizzerias.Command):
    """The name that django-tenants gives it; its own, which plans for every schema, is out of reach."""
