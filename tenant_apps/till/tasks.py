"""What the worker does for the tills. Delivered at least once, so each finds its own work already done."""

import datetime as dt

from django.utils import timezone
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from shared_apps.core.calendar import business_day
from shared_apps.sales.models import TillAnchor
from tenant_apps.till.models import Chain
from tenant_apps.till.services import closings
from tenants.hosts import Shop
from tenants.models import Pizzeria


def close_days() -> None:
    """Every minute: the tills with a day that is over and not closed, in the whole group, by one statement."""
    yesterday = business_day(timezone.now()) - dt.timedelta(days=1)
    waiting = TillAnchor.objects.filter(chain=Chain.TILL, closed_day__lt=yesterday)
    shops = Pizzeria.objects.with_schema().filter(pk__in=waiting.values("pizzeria_id"))
    for pizzeria_id in shops.values_list("pk", flat=True):
        async_task("tenant_apps.till.tasks.close_days_of", pizzeria_id)


def close_days_of(pizzeria_id: int) -> None:
    shop = Shop.of(Pizzeria.objects.get(pk=pizzeria_id))
    with schema_context(shop.schema_name):
        closings.close_missed(shop=shop, now=timezone.now())
