from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_apps.core.reporting import EVERY_DAY, monitored
from shared_apps.onboarding.backups import keeping, saving
from tenants.snapshots import NotMigrated


class Command(BaseCommand):
    help = "Sauvegarde tout le groupe tel qu'il est à un instant ; puis enlève les sauvegardes trop vieilles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.BACKUP_DIR, help="dossier (BACKUP_DIR par défaut)")
        parser.add_argument("--days", type=int, default=settings.BACKUP_DAYS, help="jours gardés (BACKUP_DAYS, 7)")

    @monitored("backup-group", EVERY_DAY)
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            path = saving.back_up_group(folder=options["to"], now=now)
        except NotMigrated as behind:
            raise CommandError(f"{behind} n'est pas à jour : lancez d'abord migrate_pizzerias.") from None
        self.stdout.write(f"Groupe : {path} ({path.stat().st_size:,} octets)".replace(",", " "))
        for name in keeping.forget_old(folder=options["to"], days=options["days"], now=now):
            self.stdout.write(f"Enlevé : {name}")
