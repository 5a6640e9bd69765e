"""What the worker does for the card. Delivered at least once: each shop adds only the ingredients that it lacks."""

from django_q.tasks import async_task

from shared_apps.core.reporting import reported
from tenants.models import Pizzeria

STOCK = "tenant_apps.stock.tasks.stock_new_ingredients"  # (pizzeria id)


@reported
def spread_ingredients() -> None:
    """A task for each pizzeria, since none waits for another's schema."""
    for pizzeria_id in Pizzeria.objects.with_schema().values_list("pk", flat=True):
        async_task(STOCK, pizzeria_id)
