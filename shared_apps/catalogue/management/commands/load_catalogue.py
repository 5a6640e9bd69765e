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
            "--replace", action="store_true", help="remplace aussi ce que le siège a écrit à l'écran depuis"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = loading.load(loading.read(folder=options["folder"]), replace=options["replace"])
        except loading.InvalidCard as error:
            raise CommandError("Carte non chargée.\n  - " + "\n  - ".join(error.problems)) from None
        self.stdout.write(
            f"Carte chargée : {loaded.pizzas} pizzas, {loaded.others} autres produits,"
            f" {loaded.ingredients} ingrédients."
        )
        if loaded.kept:
            self.stdout.write(
                f"Laissés tels que le siège les a écrits (--replace pour les remplacer) : {', '.join(loaded.kept)}."
            )
