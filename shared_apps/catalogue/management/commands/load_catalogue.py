from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.catalogue import loading


class Command(BaseCommand):
    help = "Charge la carte du groupe depuis ses fichiers ; relancée, ne change que ce qui a changé."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=loading.DATA, help="dossier des fichiers TOML")
        parser.add_argument(
            "--replace-prices", action="store_true", help="remplace aussi les prix que le siège a changés depuis"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            files = loading.read(folder=options["folder"])
        except loading.InvalidCard as error:
            raise CommandError("Carte non chargée.\n  - " + "\n  - ".join(error.problems)) from None
        loaded = loading.load(files, replace_prices=options["replace_prices"])
        self.stdout.write(
            f"Carte chargée : {loaded['pizzas']} pizzas, {loaded['others']} autres produits,"
            f" {loaded['ingredients']} ingrédients."
        )
