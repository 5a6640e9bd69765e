from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from shared_apps.core import addresses
from shared_apps.onboarding import demo
from shared_apps.onboarding.demo import Login
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = (
        "Prépare la démonstration : base à jour, carte, cinq pizzerias, leur personnel, un client, le siège. "
        "Relancée, ne fait que compléter. Jamais en production."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("La démonstration n'existe pas en production.")
        call_command("migrate_pizzerias", verbosity=0, stdout=StringIO())
        for command in ("load_catalogue", "schedule_tasks"):
            call_command(command, stdout=StringIO())
        logins = demo.prepare()
        self.stdout.write(f"\nLe groupe      {addresses.group_url('/')}")
        for pizzeria in Pizzeria.objects.filter(state=Pizzeria.State.TRADING).order_by("name"):
            self.stdout.write(f"{pizzeria.name:<28} {pizzeria.url}/")
        self.stdout.write(f"\nConnexions (mot de passe « {demo.PASSWORD} ») :")
        self._show(logins)
        self.stdout.write("  client        client@ocpizza.example")
        self.stdout.write("  et de même responsable@, comptoir@, cuisine@, livreur@ suivis de <slug>.example.\n")

    def _show(self, logins: list[Login]) -> None:
        for login in logins[: 1 + len(demo.STAFF)]:
            self.stdout.write(f"  {login.role:<13} {login.email:<36} {login.url}")
