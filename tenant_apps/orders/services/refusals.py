"""Why an order is not taken, in words for whoever orders."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock, hour
from tenant_apps.shop.times import followed_by_times


class NotTrading(RuleError):
    """The shop takes no orders: its legal data is missing, or it closed this channel."""

    def __init__(self) -> None:
        super().__init__(_("This pizzeria takes no orders at the moment."))


class OutOfZone(RuleError):
    """The address is further than the shop delivers."""

    def __init__(self) -> None:
        super().__init__(_("This pizzeria does not deliver to this address."))


class BelowMinimum(RuleError):
    """The basket is under the shop's minimum for a delivery."""

    def __init__(self, minimum_cents: int) -> None:
        super().__init__(_("A delivery starts at %(minimum)s.") % {"minimum": euros(minimum_cents)})


class MustBePrepaid(RuleError):
    """A delivery above the shop's sum is paid when it is ordered."""

    def __init__(self, above_cents: int) -> None:
        super().__init__(
            _(
                "Above %(above)s a delivery is paid when it is ordered: pay it online, choose to collect it at the pizzeria,"
                " or come and order at the counter."
            )
            % {"above": euros(above_cents)}
        )


class NoAlcoholNow(RuleError):
    """Alcohol is sold within the shop's hours: now, and when the order is handed over."""

    def __init__(self, sold_from: dt.time, until: dt.time) -> None:
        words = _("Alcohol is sold from %(from)s to %(until)s: choose a time in these hours, or leave it out.")
        super().__init__(words % {"from": hour(sold_from), "until": hour(until)})


class AdultsOnly(RuleError):
    """Whoever orders alcohol says that they are of age."""

    def __init__(self) -> None:
        super().__init__(_("Alcohol is sold to adults only: confirm that you are 18 or over."))


class NoSlot(RuleError):
    """The time asked for is not, or no longer, offered; `following` are the next times."""

    def __init__(self, following: Sequence[str] = ()) -> None:
        super().__init__(
            followed_by_times(_("This time is no longer available. Please choose another one."), following)
        )
        self.following = tuple(following)


class ChannelClosed(RuleError):
    """The shop takes no order of this mode from its site before a moment; `following` are the times after it."""

    def __init__(self, mode: ServiceMode, until_at: dt.datetime, following: Sequence[str]) -> None:
        refusal = (
            _("Delivery is closed until %(time)s.")
            if mode == ServiceMode.DELIVERY
            else _("Orders to collect are closed until %(time)s.")
        )
        super().__init__(followed_by_times(refusal % {"time": clock(until_at)}, following))
        self.following = tuple(following)
