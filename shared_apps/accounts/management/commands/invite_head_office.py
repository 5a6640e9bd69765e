from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from shared_apps.accounts import services
from shared_apps.accounts.models import Role
from shared_apps.core.errors import RuleError


class Command(BaseCommand):
    help = "Invite quelqu'un au siège : une lettre part. Les suivants s'invitent à l'écran « Équipes »."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="son nom, tel que l'équipe le lit")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"« {email} » n'est pas une adresse e-mail.") from None
        try:
            user = services.invite_member(
                email=email, name=options["name"], roles=[Role.HEAD_OFFICE], pizzeria_id=None, by_id=None
            )
        except RuleError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{user.email} est du siège ; la lettre part avec les prochaines tâches.")
