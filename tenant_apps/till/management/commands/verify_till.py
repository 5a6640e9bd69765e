from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django_tenants.utils import schema_context

from tenant_apps.till import verification
from tenants.models import Pizzeria


class Command(BaseCommand):
    help = "Relit le journal de caisse scellé : une écriture modifiée, insérée ou retirée, une fin coupée est nommée ; code 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shop", action="append", default=[], help="slug d'une pizzeria (toutes par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        shops = Pizzeria.objects.with_schema().order_by("slug")
        if options["shop"]:
            shops = shops.filter(slug__in=options["shop"])
            unknown = set(options["shop"]) - {shop.slug for shop in shops}
            if unknown:
                raise CommandError(f"pizzeria inconnue : {', '.join(sorted(unknown))}")
        found = [line for shop in shops for line in self._faults(shop)]
        if found:
            raise CommandError("\n".join(found))

    def _faults(self, shop: Pizzeria) -> list[str]:
        with schema_context(shop.schema_name), transaction.atomic():
            verified = verification.verify(pizzeria_id=shop.pk)
        entries = sum(chain.entries for chain in verified)
        faults = [f"{shop.slug} : {chain.fault}" for chain in verified if chain.fault]
        if not faults:
            self.stdout.write(f"{shop.slug} : {entries} écriture(s), le journal est intact.")
        return faults
