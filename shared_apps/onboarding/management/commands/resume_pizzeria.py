from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.onboarding import services
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = "Remet en service une pizzeria suspendue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        pizzeria = Pizzeria.objects.with_schema().filter(slug=options["slug"]).first()
        if pizzeria is None:
            raise CommandError(f"Aucune pizzeria « {options['slug']} ».")
        services.resume(pizzeria=pizzeria)
        self.stdout.write(f"{pizzeria.name} est en service : {pizzeria.url}")
