"""A ticket that no screen of the kitchen shows: it rings at the counter, then the managers are written to.

A screen says which tickets it shows (`show`); nobody guesses it from a connection.
"""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django_q.tasks import async_task

from shared_apps.live import hints
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.orders.queries import AHEAD
from tenant_apps.shop import queries as shop_queries
from tenants.hosts import Shop

TOLD_AFTER = dt.timedelta(seconds=60)  # of ringing in vain


def ringing() -> QuerySet[Order]:
    """Tickets that rang and that still no screen shows, the oldest first."""
    return Order.objects.filter(state=State.ACCEPTED, received_at=None, escalated_at__isnull=False).order_by("pk")


@transaction.atomic
def escalate(*, shop: Shop, now: dt.datetime) -> list[int]:
    """Rings for the tickets that wait for a screen for too long; returns their numbers. Run again it rings no second time."""
    patience = dt.timedelta(seconds=shop_queries.settings().escalate_after_seconds)
    waiting = Order.objects.filter(state=State.ACCEPTED, received_at=None, slot__starts_at__lte=now + AHEAD)
    came_at = Greatest(Coalesce("changed_at", "accepted_at", "placed_at"), F("slot__starts_at") - AHEAD)
    late = waiting.annotate(came_at=came_at).filter(came_at__lt=now - patience)
    fresh = list(late.filter(escalated_at=None).order_by("pk").values_list("pk", flat=True))
    unheard = list(
        late.filter(escalated_at__lt=now - TOLD_AFTER, manager_told_at=None).order_by("pk").values_list("pk", flat=True)
    )
    if fresh:
        Order.objects.filter(pk__in=fresh).update(escalated_at=now)
    if unheard:
        Order.objects.filter(pk__in=unheard).update(manager_told_at=now)
        async_task("tenant_apps.orders.tasks.tell_managers", shop.id, unheard)
    if fresh or unheard:
        hints.changed(scope=shop.schema_name, topics=["escalation"])
    return fresh


@transaction.atomic
def show(*, shop: Shop, numbers: Iterable[int], now: dt.datetime) -> None:
    """A kitchen screen shows these tickets from now on; what rang for them stops."""
    shown = Order.objects.filter(pk__in=list(numbers), received_at=None)
    rang = shown.filter(escalated_at__isnull=False).exists()
    shown.update(received_at=now)
    if rang:
        hints.changed(scope=shop.schema_name, topics=["escalation"])
