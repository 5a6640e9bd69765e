"""What the worker does for printers. Delivered at least once, so each finds its own work already done."""

import datetime as dt

from django.utils import timezone
from django_tenants.utils import schema_context

from tenant_apps.printing import services
from tenants.hosts import Shop
from tenants.models import Pizzeria


def print_order(pizzeria_id: int, order_id: int, kind: str, version: int) -> None:
    shop = Shop.of(Pizzeria.objects.get(pk=pizzeria_id))
    with schema_context(shop.schema_name):
        services.enqueue(shop=shop, order_id=order_id, kind=kind, version=version, now=timezone.now())


def open_cash_drawer(pizzeria_id: int, asked_at: str) -> None:
    shop = Shop.of(Pizzeria.objects.get(pk=pizzeria_id))
    with schema_context(shop.schema_name):
        services.open_cash_drawer(shop=shop, asked_at=dt.datetime.fromisoformat(asked_at), now=timezone.now())


def send(pizzeria_id: int, job_id: int) -> None:
    shop = Shop.of(Pizzeria.objects.get(pk=pizzeria_id))
    with schema_context(shop.schema_name):
        services.send(shop=shop, job_id=job_id, now=timezone.now())
