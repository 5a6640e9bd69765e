"""« MODE ÉCOLE »: opened and closed by the manager. Whether it is open is what the journal says last."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.till import queries
from tenant_apps.till.models import Chain
from tenant_apps.till.services import journal
from tenants.hosts import Shop


class NotInTraining(RuleError):
    """Nobody practises while the training mode is closed."""

    def __init__(self) -> None:
        super().__init__(_("The training mode is closed: the manager opens it."))


@transaction.atomic
def set_training(*, shop: Shop, is_open: bool, operator: str, now: dt.datetime) -> None:
    """Asked for what already is, nothing is sealed."""
    held = journal.lock(chain=Chain.TILL, now=now)
    if queries.is_training() == is_open:
        return
    held.add(journal.technical("training_on" if is_open else "training_off", {}, operator), now=now)
    journal.write(shop=shop, held=held)
