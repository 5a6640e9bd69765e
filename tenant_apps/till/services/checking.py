"""Verifying the journal on request, which is itself worth an entry."""

import datetime as dt

from django.db import transaction

from tenant_apps.till import verification
from tenant_apps.till.services import journal
from tenant_apps.till.verification import Verified
from tenants.hosts import Shop


@transaction.atomic
def verify(*, shop: Shop, operator: str, now: dt.datetime) -> list[Verified]:
    """Each chain up to its first fault; what was found is sealed."""
    verified = verification.verify(pizzeria_id=shop.id)
    detail = {
        "entries": sum(chain.entries for chain in verified),
        "faults": [f"{chain.fault.chain} {chain.fault.number}" for chain in verified if chain.fault],
    }
    journal.seal(shop=shop, drafts=[journal.technical("journal_verified", detail, operator)], now=now)
    return verified
