from argparse import ArgumentParser
from collections.abc import Collection
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
        "Refuse une migration qui retirerait quelque chose à la version en service (ADR 0038) : celle de --serving, "
        "sinon celle que dit deploy/released_migrations.txt. --released note les migrations d'aujourd'hui comme en service."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--released", action="store_true", help="à chaque version mise en service")
        parser.add_argument("--serving", type=Path, help="dossier de la version en service ; le déploiement le donne")

    def handle(self, *args: Any, **options: Any) -> None:
        loader = MigrationLoader(None)
        if options["released"]:
            self._record(loader)
        elif options["serving"]:
            released = self._serving(options["serving"], loader)
            self._judge(loader, released)
            self._say_what_the_list_lacks(released)
        else:
            self._judge(loader, self._recorded())

    def _recorded(self) -> set[str]:
        return set((settings.BASE_DIR / RELEASED).read_text(encoding="utf-8").splitlines())

    def _record(self, loader: MigrationLoader) -> None:
        names = sorted(".".join(key) for key in expansion.ours(loader))
        (settings.BASE_DIR / RELEASED).write_text(HEADER + "\n".join(names) + "\n", encoding="utf-8")
        self.stdout.write(f"{len(names)} migrations en service.")

    def _serving(self, release: Path, loader: MigrationLoader) -> set[str]:
        known = expansion.known_to(release, loader)
        if not known:  # or every table would pass for a new one, to which anything may happen
            raise CommandError(f"{release} n'a aucune de nos migrations : ce n'est pas le dossier d'une version.")
        return known

    def _judge(self, loader: MigrationLoader, released: Collection[str]) -> None:
        found = expansion.problems(loader, released=released)
        for problem in found:
            if problem.waiver:
                self.stdout.write(f"{problem} — admis : {problem.waiver}")
        refused = [str(problem) for problem in found if not problem.waiver]
        if refused:
            raise CommandError(
                "\n".join(refused) + '\nEn deux versions, ou dites pourquoi dans la migration : contracts = "…". '
                "Si aucune version n'est encore en service : manage.py lint_migrations --released"
            )

    def _say_what_the_list_lacks(self, released: Collection[str]) -> None:
        """`make test` judges by the list: what it lacks it takes for new."""
        if late := sorted(set(released) - self._recorded()):
            self.stdout.write(f"{RELEASED} ignore {len(late)} migrations en service : lint_migrations --released")
