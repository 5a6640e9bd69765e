import random
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_apps.core.reporting import EVERY_WEEK, monitored
from shared_apps.onboarding.backups import keeping


class Command(BaseCommand):
    help = (
        "Exercice : restaure une sauvegarde à côté, la vérifie, dit en combien de temps ; le siège en voit le résultat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from", dest="folder", type=Path, default=settings.BACKUP_DIR, help="BACKUP_DIR par défaut"
        )
        parser.add_argument("--newest", action="store_true", help="la plus récente plutôt qu'une au hasard")

    @monitored("restore-drill", EVERY_WEEK)
    def handle(self, *args: Any, **options: Any) -> None:
        found = keeping.kept(options["folder"])
        if not found:
            raise CommandError(f"Aucune sauvegarde dans {options['folder']}.")
        path = found[0] if options["newest"] else random.choice(found)  # noqa: S311  any of them must restore
        drill = keeping.drill(path=path, now=timezone.now())
        if drill.fault:
            raise CommandError(f"{path.name} ne se restaure pas : {drill.fault}")
        self.stdout.write(
            f"{path.name}, {drill.pizzeria} : {drill.rows} lignes restaurées et vérifiées en {drill.seconds:.1f} s."
        )
