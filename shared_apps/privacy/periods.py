"""How long each kind of personal data is kept. The law names few of these: they are the group's, in its settings."""

import datetime as dt
from dataclasses import asdict, dataclass

from django.conf import settings
from django.utils.translation import ngettext

GEOCODE_DAYS = 30  # Google's terms
FAILED_TASK_DAYS = 30  # what failed in the background, whose words may hold an address
NOTICE_DAYS = 30  # between the letter about an unused account and its erasure
BASKET_DAYS = 30  # `baskets.services.KEPT`


@dataclass(frozen=True, slots=True)
class Periods:
    """In days. Those of an order run from its end, that of an account from its last order or sign-in."""

    allergy: int
    delivery: int
    contact: int
    account: int
    blocked: int
    export: int

    def before(self, name: str, now: dt.datetime) -> dt.datetime:
        days: int = getattr(self, name)
        return now - dt.timedelta(days=days)

    @property
    def words(self) -> dict[str, str]:
        """`3 ans`, `90 jours`."""
        return {name: in_words(days) for name, days in asdict(self).items()}


def in_words(days: int) -> str:
    years, rest = divmod(days, 365)
    if years and not rest:
        return ngettext("%(count)s year", "%(count)s years", years) % {"count": years}
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


def periods() -> Periods:
    return Periods(
        allergy=settings.RETENTION_ALLERGY_DAYS,
        delivery=settings.RETENTION_DELIVERY_DAYS,
        contact=settings.RETENTION_CONTACT_DAYS,
        account=settings.RETENTION_ACCOUNT_DAYS,
        blocked=settings.RETENTION_BLOCKED_DAYS,
        export=settings.EXPORT_DAYS,
    )
