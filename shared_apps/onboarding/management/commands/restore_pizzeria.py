from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_apps.core.errors import RuleError
from shared_apps.onboarding.backups import restoring


class Command(BaseCommand):
    help = (
        "Restaure une pizzeria à côté, la vérifie (lignes, invariants), puis la met à sa place, suspendue. "
        "Ce qu'elle remplace est gardé BACKUP_DAYS jours sous un autre nom de schéma."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--shop", metavar="SLUG", help="laquelle, dans une sauvegarde du groupe")
        parser.add_argument("--as", dest="to", metavar="SLUG", help="comme une autre pizzeria, à côté de la première")
        parser.add_argument("--identity", type=Path, help="fichier de la clé age (BACKUP_AGE_IDENTITY par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        identity = options["identity"] or (settings.BACKUP_AGE_IDENTITY and Path(settings.BACKUP_AGE_IDENTITY)) or None
        if not options["file"].is_file():
            raise CommandError(f"Aucun fichier {options['file']}.")
        try:
            done = restoring.restore(
                path=options["file"], slug=options["shop"], to=options["to"], identity=identity, now=timezone.now()
            )
        except RuleError as refusal:
            raise CommandError(f"{refusal} Rien n'a changé.") from None
        self.stdout.write(f"{done.pizzeria.name} : {done.rows} lignes restaurées et vérifiées.")
        if done.replaced_schema:
            self.stdout.write(f"Ce qu'elle remplace est gardé dans le schéma {done.replaced_schema}.")
        self.stdout.write(f"Elle est suspendue ; pour la rouvrir : manage.py resume_pizzeria {done.pizzeria.slug}")
