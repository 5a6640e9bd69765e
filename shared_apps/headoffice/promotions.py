"""Codes that head office makes for several pizzerias: a task for each, since none waits for another's schema."""

from typing import Any

from django.db import transaction
from django_q.tasks import async_task

CREATE = "tenant_apps.promotions.tasks.create_for_head_office"  # (pizzeria id, values, user id)


@transaction.atomic
def create(*, pizzeria_ids: list[int], values: dict[str, Any], user_id: int) -> None:
    sent = values | {name: values[name].isoformat() for name in ("first_date", "last_date")}
    for pizzeria_id in pizzeria_ids:
        async_task(CREATE, pizzeria_id, sent, user_id)
