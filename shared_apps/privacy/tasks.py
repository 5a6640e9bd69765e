"""What the worker does for people's data. Delivered at least once, so each finds its own work already done."""

from django.utils import timezone
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from shared_apps.core.reporting import DAILY, HOURLY, monitored, reported
from shared_apps.privacy.models import Erasure
from shared_apps.privacy.services import erasing, exporting, forgetting, sweeping, warning
from tenants.models import Pizzeria
from tenants.tasks import of_shop


@monitored("forget-old-data", DAILY)
def forget() -> None:
    """Every night: the group's own, then each shop as a task of its own."""
    sweeping.sweep(now=timezone.now())
    for pizzeria_id in Pizzeria.objects.with_schema().values_list("pk", flat=True):
        async_task("shared_apps.privacy.tasks.forget_in_shop", pizzeria_id)


@of_shop
def forget_in_shop(pizzeria: Pizzeria) -> None:
    """Begun again where it stopped, when one task is too short for it."""
    for erasure_id in erasing.waiting_for(pizzeria_id=pizzeria.pk):
        _erase(pizzeria, erasure_id)
    with schema_context(pizzeria.schema_name):
        erasing.forget_closed(pizzeria_id=pizzeria.pk)
        over = forgetting.forget(now=timezone.now())
    if not over:
        async_task("shared_apps.privacy.tasks.forget_in_shop", pizzeria.pk)


@monitored("resume-erasures", HOURLY)
def resume_erasures() -> None:
    """Every hour: those that wait for a shop that failed, an order or a case."""
    erasing.resume(now=timezone.now())


@reported
def erase(erasure_id: int) -> None:
    erasing.spread(erasure_id=erasure_id)


@of_shop
def erase_in_shop(pizzeria: Pizzeria, erasure_id: int) -> None:
    _erase(pizzeria, erasure_id)


def _erase(pizzeria: Pizzeria, erasure_id: int) -> None:
    """The shop forgets in its own schema and role; that it did is written in the group's."""
    customer_id = Erasure.objects.values_list("user__customer", flat=True).get(pk=erasure_id)
    forgotten = True
    if pizzeria.state != Pizzeria.State.CLOSED:
        with schema_context(pizzeria.schema_name):
            forgotten = erasing.forget_customer(pizzeria_id=pizzeria.pk, customer_id=customer_id)
    if forgotten:
        erasing.step_done(erasure_id=erasure_id, pizzeria_id=pizzeria.pk, now=timezone.now())


@reported
def warn(user_id: int) -> None:
    warning.write(user_id=user_id)


@reported
def finish_erasure(erasure_id: int) -> None:
    erasing.finish(erasure_id=erasure_id, now=timezone.now())


@reported
def export(export_id: int) -> None:
    exporting.collect(export_id=export_id, now=timezone.now())
