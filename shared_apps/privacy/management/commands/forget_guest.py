from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django_tenants.utils import schema_context

from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from shared_apps.privacy.services import erasing
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = (
        "Oublie, dans chaque pizzeria, qui a commandé sans compte avec ce numéro, à sa demande : les commandes restent des "
        "ventes sans nom. Code 1 si une pizzeria attend la fin d'une commande ou d'un cas ; relancée, elle ne répète rien."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("phone", help="comme on l'écrit en France : « 06 12 34 56 78 »")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            phone = phones.parse(options["phone"])
        except RuleError as error:
            raise CommandError(str(error)) from None
        found, waiting = 0, []
        for pizzeria in Pizzeria.objects.with_schema().order_by("slug"):
            with schema_context(pizzeria.schema_name):
                count, done = erasing.forget_guest(pizzeria_id=pizzeria.pk, phone=phone)
            found += count if done else 0
            waiting += [] if done else [pizzeria.slug]
        self.stdout.write(f"{found} commande(s) sans compte oubliée(s).")
        if waiting:
            raise CommandError(f"commande ou cas en cours, à relancer : {', '.join(waiting)}")
