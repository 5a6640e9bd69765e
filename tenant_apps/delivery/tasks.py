from django.utils import timezone
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from tenant_apps.delivery.services import positions
from tenants.models import Pizzeria


def forget_positions() -> None:
    """Every hour, each shop as a task of its own."""
    for pizzeria_id in Pizzeria.objects.exclude(state=Pizzeria.State.CLOSED).values_list("pk", flat=True):
        async_task("tenant_apps.delivery.tasks.forget_positions_of", pizzeria_id)


def forget_positions_of(pizzeria_id: int) -> None:
    with schema_context(Pizzeria.objects.get(pk=pizzeria_id).schema_name):
        positions.forget_old(now=timezone.now())
