"""What the worker does for printers. Delivered at least once, so each finds its own work already done."""

import datetime as dt

from django.utils import timezone

from tenant_apps.printing import services
from tenants.hosts import Shop
from tenants.models import Pizzeria
from tenants.tasks import in_shop


@in_shop
def print_order(pizzeria: Pizzeria, order_id: int, kind: str, version: int) -> None:
    services.enqueue(shop=Shop.of(pizzeria), order_id=order_id, kind=kind, version=version, now=timezone.now())


@in_shop
def open_cash_drawer(pizzeria: Pizzeria, asked_at: str) -> None:
    services.open_cash_drawer(shop=Shop.of(pizzeria), asked_at=dt.datetime.fromisoformat(asked_at), now=timezone.now())


@in_shop
def send(pizzeria: Pizzeria, job_id: int) -> None:
    services.send(shop=Shop.of(pizzeria), job_id=job_id, now=timezone.now())
