from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.core.errors import RuleError
from shared_apps.onboarding import plans, services

FLAGS = {
    "name": "nom affiché (« OC Pizza Lambersart »)",
    "slug": "sous-domaine : minuscules, chiffres, tirets",
    "address": "« 12 avenue de Dunkerque, 59130 Lambersart »",
    "phone": "téléphone de la pizzeria",
    "manager": "e-mail du responsable, qui reçoit une invitation",
}


class Command(BaseCommand):
    help = (
        "Ouvre une pizzeria (--name, --slug, --address, --phone, --manager) ou plusieurs (--file ouvertures.toml). "
        "Tout est vérifié avant de créer quoi que ce soit ; relancée, la commande complète ce qui manque."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for flag, text in FLAGS.items():
            parser.add_argument(f"--{flag}", help=text)
        parser.add_argument("--file", type=Path, help="fichier TOML, une section [[pizzeria]] par ouverture")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wanted = self._plans(options)
        except plans.InvalidPlans as error:
            raise CommandError("Rien n'a été créé.\n  - " + "\n  - ".join(error.problems)) from None
        for position, plan in enumerate(wanted, start=1):
            self.stdout.write(f"[{position}/{len(wanted)}] {plan.name}… ", ending="")
            self.stdout.flush()
            try:
                opened = services.open_pizzeria(plan=plan)
            except RuleError as refusal:
                self.stdout.write("")
                raise CommandError(f"{plan.name} : {refusal} Rien n'en a été créé ; corrigez et relancez.") from None
            what = ", ".join(opened.done) or "déjà ouverte, rien à faire"
            self.stdout.write(f"{what}\n        {opened.pizzeria.url}")

    def _plans(self, options: dict[str, Any]) -> list[plans.Plan]:
        given = {flag: options[flag] for flag in FLAGS if options[flag] is not None}
        if options["file"] and given:
            raise CommandError("--file remplace les autres options : donnez l'un ou l'autre.")
        if options["file"]:
            return plans.read_file(options["file"])
        if not given:
            raise CommandError("Donnez --file, ou --name, --slug, --address, --phone et --manager.")
        return plans.check([given])
