from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django_tenants.utils import schema_context

from tenant_apps.orders import invariants
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = (
        "Vérifie que tout concorde (stock, réservations, commandes, paiements, vue du groupe) ; code 1 et liste sinon."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", help="pizzerias à vérifier (toutes par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        shops = Pizzeria.objects.with_schema().order_by("slug")
        if options["slugs"]:
            shops = shops.filter(slug__in=options["slugs"])
        found = [f"{shop.slug} : {row.invariant} : {row.detail}" for shop in shops for row in self._broken(shop)]
        if found:
            raise CommandError("\n".join([*found, f"{len(found)} écart(s)."]))
        self.stdout.write(f"{len(shops)} pizzeria(s), {len(invariants.INVARIANTS)} invariants chacune : tout concorde.")

    def _broken(self, shop: Pizzeria) -> list[invariants.Broken]:
        with schema_context(shop.schema_name), transaction.atomic():
            return list(invariants.broken(pizzeria_id=shop.pk))
