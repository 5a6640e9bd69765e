from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.accounts import second_factor, services
from shared_apps.accounts.models import User


class Command(BaseCommand):
    help = (
        "Téléphone perdu : les codes ne sont plus demandés, ses sessions sont closes, une lettre l'en avertit. À la prochaine "
        "connexion, un nouveau téléphone est enregistré. À faire après s'être assuré de qui le demande."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"Personne n'a l'adresse « {options['email']} ».")
        if not second_factor.is_set_up(user):
            raise CommandError(f"Aucun code n'est demandé à {user.email} : rien n'a été fait.")
        services.remove_second_factor(user=user, by_id=None)
        self.stdout.write(f"Les codes de {user.email} ne sont plus demandés ; une lettre l'en avertit.")
