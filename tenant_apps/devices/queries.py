import datetime as dt
from collections.abc import Iterable

from django.db.models import F, QuerySet

from tenant_apps.devices.models import Device, Pin, Throttle

GUESSED_SINCE = dt.timedelta(days=1)
GUESSES_SHOWN = 3  # one mistypes; three times is worth a look


def in_use() -> QuerySet[Device]:
    """Those that were not revoked, by name; the operator shown is whoever opened them last and did not lock them."""
    return Device.objects.filter(revoked_at=None).select_related("operator").order_by("name", "pk")


def revoked() -> QuerySet[Device]:
    return Device.objects.filter(revoked_at__isnull=False).order_by(F("revoked_at").desc())[:20]


def pins_of(user_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """Who has a PIN here, since when."""
    return dict(Pin.objects.filter(user__in=list(user_ids)).values_list("user_id", "set_at"))


def guesses(now: dt.datetime) -> dict[int, Throttle]:
    """The devices where PINs were guessed wrong again and again lately, by the id of the device."""
    counted = Throttle.objects.filter(
        key__startswith="device:", failures__gte=GUESSES_SHOWN, counted_at__gt=now - GUESSED_SINCE
    )
    return {int(counter.key.removeprefix("device:")): counter for counter in counted}
