from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shared_apps.core.errors import RuleError
from shared_apps.onboarding.backups import restoring


class Command(BaseCommand):
    help = "Restaure tout le groupe dans une base vide (après manage.py migrate), vérifié ; tout, ou rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--identity", type=Path, help="fichier de la clé age (BACKUP_AGE_IDENTITY par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        identity = options["identity"] or (settings.BACKUP_AGE_IDENTITY and Path(settings.BACKUP_AGE_IDENTITY)) or None
        if not options["file"].is_file():
            raise CommandError(f"Aucun fichier {options['file']}.")
        try:
            shops = restoring.restore_group(path=options["file"], identity=identity)
        except RuleError as refusal:
            raise CommandError(f"{refusal} Rien n'a changé.") from None
        self.stdout.write(
            f"{len(shops)} pizzeria(s) restaurées et vérifiées : {', '.join(shop.slug for shop in shops)}."
        )
