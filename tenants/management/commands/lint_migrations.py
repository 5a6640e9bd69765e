from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from tenants import expansion

RELEASED = Path("deploy/released_migrations.txt")
HEADER = "# Migrations of the releases in service: manage.py lint_migrations --released writes them, and reads what came after.\n"


class Command(BaseCommand):
    help = (
        "Refuse une migration qui retirerait quelque chose à la version en service (ADR 0038). "
        "--released note celles d'aujourd'hui comme en service."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--released", action="store_true", help="à chaque version mise en service")

    def handle(self, *args: Any, **options: Any) -> None:
        loader, path = MigrationLoader(None), settings.BASE_DIR / RELEASED
        if options["released"]:
            names = sorted(".".join(key) for key in expansion.ours(loader))
            path.write_text(HEADER + "\n".join(names) + "\n", encoding="utf-8")
            self.stdout.write(f"{len(names)} migrations en service.")
            return
        found = expansion.problems(loader, released=set(path.read_text(encoding="utf-8").split("\n")))
        for problem in found:
            if problem.waiver:
                self.stdout.write(f"{problem} — admis : {problem.waiver}")
        refused = [str(problem) for problem in found if not problem.waiver]
        if refused:
            raise CommandError(
                "\n".join(refused) + '\nEn deux versions, ou dites pourquoi dans la migration : contracts = "…". '
                "Si aucune version n'est encore en service : manage.py lint_migrations --released"
            )
