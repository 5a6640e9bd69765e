from typing import Any

from django.core.management.base import BaseCommand

from tenants.models import Pizzeria


class Command(BaseCommand):
    help = "Liste les pizzerias : slug, nom, état, adresse web."

    def handle(self, *args: Any, **options: Any) -> None:
        for pizzeria in Pizzeria.objects.order_by("slug"):
            state = pizzeria.get_state_display()
            self.stdout.write(f"{pizzeria.slug:<20} {pizzeria.name:<32} {state:<12} {pizzeria.url}")
