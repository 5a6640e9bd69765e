from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from tenants import schemas


class Command(BaseCommand):
    help = "Migre le schéma public, puis celui de chaque pizzeria ; relancée, reprend là où elle s'était arrêtée."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shops-only", action="store_true", help="laisse le schéma public tel quel")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["shops_only"]:
            call_command("migrate", verbosity=options["verbosity"], interactive=False)
        outcomes = schemas.migrate_all(report=self._report)
        failed = [outcome.schema_name for outcome in outcomes if outcome.error]
        if failed:
            raise CommandError(f"{len(failed)} schéma(s) non migré(s) : {', '.join(failed)}")
        self.stdout.write(f"{len(outcomes)} pizzeria(s) à jour.")

    def _report(self, outcome: schemas.Outcome) -> None:
        if outcome.error:
            self.stderr.write(f"{outcome.schema_name} : {outcome.error}")
        elif outcome.migrations:
            self.stdout.write(f"{outcome.schema_name} : {outcome.migrations} migration(s)")
