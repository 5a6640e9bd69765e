"""What the worker clears away: what nobody will come back to."""

from django.utils import timezone

from shared_apps.baskets import services


def sweep() -> None:
    services.sweep(now=timezone.now())
