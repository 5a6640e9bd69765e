import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.onboarding import services
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = "Suspend une pizzeria : son site répond 503. Refusé tant que des commandes sont en cours, sauf --drain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--drain", action="store_true", help="n'accepte plus de commande, attend la fin de celles en cours"
        )
        parser.add_argument("--timeout", type=int, default=7200, help="secondes d'attente au plus (--drain)")

    def handle(self, *args: Any, **options: Any) -> None:
        pizzeria = Pizzeria.objects.with_schema().filter(slug=options["slug"]).first()
        if pizzeria is None:
            raise CommandError(f"Aucune pizzeria « {options['slug']} ».")
        took_orders = services.stop_orders(pizzeria=pizzeria)
        try:
            self._suspend(pizzeria, options["timeout"] if options["drain"] else 0)
        except CommandError:
            if took_orders:
                services.take_orders_again(pizzeria=pizzeria)
            raise
        self.stdout.write(f"{pizzeria.name} est suspendue.")

    def _suspend(self, pizzeria: Pizzeria, seconds: int) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return services.suspend(pizzeria=pizzeria)
            except services.OrdersStillOpen as refusal:
                if time.monotonic() >= deadline:
                    raise CommandError(f"{refusal} Rien n'a été suspendu.") from None
                self.stdout.write(f"{refusal} Nouvel essai dans 5 s.")
                time.sleep(5)
