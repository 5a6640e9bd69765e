import datetime as dt
from argparse import ArgumentParser
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.onboarding import demo
from shared_apps.onboarding.simulation import evening, report, stage
from shared_apps.onboarding.simulation.service import Service, Site
from tenants.hosts import Shop
from tenants.models import Pizzeria

BAR = 40


class Command(BaseCommand):
    help = (
        "Joue un vendredi soir dans une pizzeria de la démonstration, par HTTP sur le site qui tourne (make run) : web, "
        "téléphone, comptoir, modifications, annulations, rupture, livreurs en retard. Finit par un compte rendu et les "
        "invariants. Jamais en production."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shop", required=True, help="slug de la pizzeria")
        parser.add_argument("--orders", type=int, default=200, help="commandes de la soirée (200)")
        parser.add_argument("--minutes", type=float, default=20, help="durée jouée des quatre heures (20)")
        parser.add_argument("--seed", type=int, default=1, help="la même graine fait la même soirée (1)")
        parser.add_argument("--address", default="", help="où le site écoute (127.0.0.1:PORT)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("La simulation se joue sur la démonstration, jamais en production.")
        if options["orders"] < 1 or options["minutes"] <= 0:
            raise CommandError("Il faut au moins une commande et une durée positive.")
        pizzeria = Pizzeria.objects.filter(slug=options["shop"]).first()
        if pizzeria is None:
            known = ", ".join(Pizzeria.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"Aucune pizzeria « {options['shop']} ». Connues : {known}.")
        self._play(pizzeria, options)

    def _play(self, pizzeria: Pizzeria, options: dict[str, Any]) -> None:
        guests = evening.guests(orders=options["orders"], seed=options["seed"])
        scene = stage.Stage(options["minutes"], guests)
        address = options["address"] or f"127.0.0.1:{settings.PORT}"
        site = Site(pizzeria.url.split("//")[1], address, demo.PASSWORD)
        self.stdout.write(
            f"{pizzeria.name} : {len(guests)} commandes, {scene.pieces} articles, la soirée de 4 h en "
            f"{options['minutes']:g} min (× {scene.factor:g}), graine {options['seed']}."
        )
        since = timezone.now()
        closes_at = since + dt.timedelta(minutes=scene.minutes)
        shop = Shop.of(pizzeria)
        with schema_context(pizzeria.schema_name), scene.set(shop):
            service = Service(
                shop=shop, site=site, guests=guests, seconds=60 * scene.minutes, pace=scene.pace,
                stock=stage.stock(),
            )  # fmt: skip
            notes = service.play(progress=self._progress, open_orders=lambda: report.open_orders(closes_at))
            for line in report.lines(since=since, closes_at=closes_at, notes=notes, factor=scene.factor):
                self.stdout.write(line)
        self._invariants()
        if notes.faults:
            raise CommandError(f"{len(notes.faults)} pannes pendant le service.")

    def _progress(self, done: int, total: int) -> None:
        filled = BAR * done // total
        self.stdout.write(f"\r[{'█' * filled}{'·' * (BAR - filled)}] {done}/{total}", ending="")
        self.stdout.flush()

    def _invariants(self) -> None:
        said = StringIO()
        call_command("check_invariants", stdout=said)
        self.stdout.write("\n" + said.getvalue().strip())
