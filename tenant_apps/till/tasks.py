"""What the worker does for the tills. Delivered at least once, so each finds its own work already done."""

import datetime as dt

from django.utils import timezone
from django_q.tasks import async_task

from shared_apps.core.calendar import business_day
from shared_apps.core.reporting import EVERY_MINUTE, monitored
from shared_apps.sales.models import TillAnchor
from tenant_apps.till.models import Chain
from tenant_apps.till.services import closings
from tenants.hosts import Shop
from tenants.models import Pizzeria
from tenants.tasks import in_shop


@monitored("close-days", EVERY_MINUTE)
def close_days() -> None:
    """Every minute: the tills with a day that is over and not closed, in the whole group, by one statement."""
    yesterday = business_day(timezone.now()) - dt.timedelta(days=1)
    waiting = TillAnchor.objects.filter(chain=Chain.TILL, closed_day__lt=yesterday)
    shops = Pizzeria.objects.with_schema().filter(pk__in=waiting.values("pizzeria_id"))
    for pizzeria_id in shops.values_list("pk", flat=True):
        async_task("tenant_apps.till.tasks.close_days_of", pizzeria_id)


@in_shop
def close_days_of(pizzeria: Pizzeria) -> None:
    closings.close_missed(shop=Shop.of(pizzeria), now=timezone.now())
