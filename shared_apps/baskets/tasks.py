"""What the worker clears away: what nobody will come back to."""

from django.utils import timezone

from shared_apps.baskets import services
from shared_apps.core.reporting import DAILY, monitored


@monitored("sweep-baskets", DAILY)
def sweep() -> None:
    services.sweep(now=timezone.now())
