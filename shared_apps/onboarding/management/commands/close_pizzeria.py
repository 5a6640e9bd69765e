from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_apps.core.errors import RuleError
from shared_apps.onboarding import closing
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = (
        "Ferme une pizzeria pour toujours, en deux fois : la première l'archive, vérifie l'archive et donne un code ; "
        "avec ce code, la seconde supprime son schéma. Le groupe garde ses chiffres."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--confirm", metavar="CODE", help="le code que la première fois a donné")
        parser.add_argument("--to", type=Path, default=settings.BACKUP_DIR / "fermees", help="dossier des archives")

    def handle(self, *args: Any, **options: Any) -> None:
        pizzeria = Pizzeria.objects.with_schema().filter(slug=options["slug"]).first()
        if pizzeria is None:
            raise CommandError(f"Aucune pizzeria « {options['slug']} ».")
        try:
            if options["confirm"]:
                path = closing.close(pizzeria=pizzeria, folder=options["to"], code=options["confirm"])
                self.stdout.write(f"{pizzeria.name} est fermée ; son archive : {path}, à garder 6 ans au moins.")
            else:
                archived = closing.archive(pizzeria=pizzeria, folder=options["to"], now=timezone.now())
                self.stdout.write(f"Archive vérifiée : {archived.path} ({archived.rows} lignes).")
                self.stdout.write(f"Pour fermer : manage.py close_pizzeria {pizzeria.slug} --confirm {archived.code}")
        except RuleError as refusal:
            raise CommandError(f"{refusal} Rien n'a changé.") from None
