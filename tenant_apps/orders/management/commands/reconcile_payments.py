from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shared_apps.gateway.stripe_api import Unreachable
from tenant_apps.orders.services import reconciling


class Command(BaseCommand):
    help = (
        "Rapproche les paiements en ligne de Stripe : événements non livrés, commandes en attente, listes des paiements et"
        " des virements ; code 1 et liste des écarts sinon."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quick", action="store_true", help="sans les listes de la nuit (paiements, virements)")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        due = reconciling.follow_due(now=now)
        try:
            heard = reconciling.hear(now=now)
            found = [] if options["quick"] else reconciling.compare(now=now)
        except Unreachable:
            raise CommandError("Stripe ne répond pas : relancer plus tard.") from None
        self.stdout.write(f"{due} commande(s) à revoir, {heard} événement(s) non livré(s) repris.")
        if found:
            raise CommandError("\n".join([*map(str, found), f"{len(found)} écart(s)."]))
        if not options["quick"]:
            self.stdout.write("Paiements et virements concordent avec Stripe.")
