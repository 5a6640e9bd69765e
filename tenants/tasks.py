"""What each task of one shop has in common: it is given the shop by its key, and its errors and lines name it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django_tenants.utils import schema_context

from shared_apps.core import logs, reporting
from tenants.models import Pizzeria


def of_shop(task: Callable[..., None]) -> Callable[..., None]:
    """A task that stays in the public schema. What is queued is the pizzeria's key; the function receives the pizzeria."""

    @wraps(task)
    def run(pizzeria_id: int, *args: Any) -> None:
        pizzeria = Pizzeria.objects.get(pk=pizzeria_id)
        with logs.about(pizzeria.slug), reporting.reporting(task.__name__, pizzeria=pizzeria.slug):
            task(pizzeria, *args)

    return run


def in_shop(task: Callable[..., None]) -> Callable[..., None]:
    """The same, in the schema of the shop."""

    @wraps(task)
    def run(pizzeria: Pizzeria, *args: Any) -> None:
        with schema_context(pizzeria.schema_name):
            task(pizzeria, *args)

    return of_shop(run)
