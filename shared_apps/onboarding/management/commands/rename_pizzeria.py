from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.core.errors import RuleError
from shared_apps.onboarding import closing
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = "Change l'adresse web d'une pizzeria ; l'ancienne y renvoie. Son schéma garde son nom."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("new_slug")

    def handle(self, *args: Any, **options: Any) -> None:
        pizzeria = Pizzeria.objects.with_schema().filter(slug=options["slug"]).first()
        if pizzeria is None:
            raise CommandError(f"Aucune pizzeria « {options['slug']} ».")
        try:
            closing.rename(pizzeria=pizzeria, slug=options["new_slug"])
        except RuleError as refusal:
            raise CommandError(f"{refusal} Rien n'a changé.") from None
        self.stdout.write(f"{pizzeria.name} : {pizzeria.url}")
