from django.utils import timezone
from django_q.tasks import async_task

from shared_apps.core.reporting import HOURLY, monitored
from tenant_apps.delivery.services import positions
from tenants.models import Pizzeria
from tenants.tasks import in_shop


@monitored("forget-positions", HOURLY)
def forget_positions() -> None:
    """Every hour, each shop as a task of its own."""
    for pizzeria_id in Pizzeria.objects.exclude(state=Pizzeria.State.CLOSED).values_list("pk", flat=True):
        async_task("tenant_apps.delivery.tasks.forget_positions_of", pizzeria_id)


@in_shop
def forget_positions_of(pizzeria: Pizzeria) -> None:
    positions.forget_old(now=timezone.now())
