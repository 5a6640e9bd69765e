from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_apps.onboarding.backups import saving
from tenants.models import Pizzeria
from tenants.snapshots import NotMigrated


class Command(BaseCommand):
    help = "Sauvegarde une pizzeria dans un fichier : ses lignes, leur schéma, ce que le groupe sait d'elle."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--to", type=Path, default=settings.BACKUP_DIR, help="dossier (BACKUP_DIR par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        pizzeria = Pizzeria.objects.with_schema().filter(slug=options["slug"]).first()
        if pizzeria is None:
            raise CommandError(f"Aucune pizzeria « {options['slug']} ».")
        try:
            path = saving.back_up_shop(pizzeria=pizzeria, folder=options["to"], now=timezone.now())
        except NotMigrated as behind:
            raise CommandError(f"{behind} n'est pas à jour : lancez d'abord migrate_pizzerias.") from None
        self.stdout.write(f"{pizzeria.name} : {path} ({path.stat().st_size:,} octets)".replace(",", " "))
