from django.db import connection
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.shop.hours import Window
from tenant_apps.shop.models import Slot


class SlotFull(RuleError):
    """Somebody took the last place of the slot first."""

    def __init__(self) -> None:
        super().__init__(_("This time has just been taken. Please choose another one."))


def take_slot(*, window: Window, work: int, capacity: int, slot_id: int | None) -> int:
    """Takes `work` (hundredths of a pizza) in a slot, made with `capacity` if it is new; returns its id.

    First of the locks of an order: the row stays locked until the end of the transaction. Raises SlotFull.
    """
    slot_id = slot_id or _made(window, capacity)
    change_slot_work(slot_id=slot_id, delta=work)
    return slot_id


def _made(window: Window, capacity: int) -> int:
    Slot.objects.bulk_create(
        [Slot(starts_at=window.start, ends_at=window.end, capacity=capacity)], ignore_conflicts=True
    )
    return Slot.objects.values_list("pk", flat=True).get(starts_at=window.start)


def change_slot_work(*, slot_id: int, delta: int) -> None:
    """More or less work in a slot already held; also its release. Raises SlotFull."""
    if delta == 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shop_slot SET taken = taken + %s WHERE id = %s AND taken + %s <= capacity RETURNING id",
            [delta, slot_id, delta],
        )
        if cursor.fetchone() is None:
            raise SlotFull
