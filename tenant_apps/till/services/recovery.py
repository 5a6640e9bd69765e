"""A journal that was brought back from a backup: what it lost is written into it, and it goes on from where it stands."""

import datetime as dt

from django.db import transaction

from shared_apps.sales.models import TillAnchor, TillClosing
from tenant_apps.till.models import Chain, Entry, JournalHead
from tenant_apps.till.services import journal
from tenants.hosts import Shop


@transaction.atomic
def go_on_after_restore(*, shop: Shop, now: dt.datetime) -> None:
    """For each chain whose end is not where the group last saw it: seals that it was restored and what the group had seen.

    Run by the owner of the schemas: closings that the backup does not have leave the group, to be made again.
    """
    for head in JournalHead.objects.order_by("chain"):
        anchor = TillAnchor.objects.filter(pizzeria_id=shop.id, chain=head.chain).first()
        if anchor and (anchor.number, anchor.signature) == (head.number, head.signature):
            continue
        seen = {"number": anchor.number, "signature": anchor.signature} if anchor else {}
        held = journal.lock(chain=Chain(head.chain), now=now)
        lost = _forget_closings(shop) if head.chain == Chain.TILL else []
        detail = {"kept": head.number, "seen_by_the_group": seen, "closings_to_make_again": lost}
        held.add(journal.technical("restored", detail), now=now)
        journal.write(shop=shop, held=held)


def _forget_closings(shop: Shop) -> list[str]:
    sealed = list(Entry.objects.filter(kind=Entry.Kind.CLOSING).values_list("signature", flat=True))
    lost = TillClosing.objects.filter(pizzeria_id=shop.id).exclude(signature__in=sealed)
    days = [f"{period} {starts_on}" for period, starts_on in lost.values_list("period", "starts_on")]
    lost.delete()
    return days
