"""What the worker does for promotional codes. Delivered at least once: a code that is there already is left alone."""

import datetime as dt
import logging
from typing import Any

from django.utils import timezone

from tenant_apps.promotions import services
from tenants.models import Pizzeria
from tenants.tasks import in_shop

logger = logging.getLogger(__name__)


@in_shop
def create_for_head_office(pizzeria: Pizzeria, values: dict[str, Any], user_id: int) -> None:
    """A code of head office in one of the shops it chose; a shop that has one of this name keeps its own."""
    dates = {name: dt.date.fromisoformat(values[name]) for name in ("first_date", "last_date")}
    try:
        services.create(
            pizzeria_id=pizzeria.pk, user_id=user_id, now=timezone.now(), by_head_office=True, **(values | dates)
        )
    except services.CodeTaken:
        logger.info("code already there")
