"""A sale that is none, to learn the till: priced from the card, sealed in the training chain. No order, no stock, no turnover."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue import vat
from shared_apps.catalogue.models import ServiceMode, Variant
from shared_apps.catalogue.vat import Item
from shared_apps.core.calendar import business_day
from tenant_apps.orders import quoting
from tenant_apps.orders.quoting import Asked, QuotedLine
from tenant_apps.till import queries as till_queries
from tenant_apps.till.models import Chain, Entry
from tenant_apps.till.services import journal
from tenant_apps.till.services import sealing as till
from tenant_apps.till.services.sealing import About
from tenant_apps.till.services.training import NotInTraining
from tenants.hosts import Shop


@transaction.atomic
def practise(
    *, shop: Shop, lines: Sequence[Asked], mode: ServiceMode, means: str, operator: str, now: dt.datetime
) -> Entry:
    """The sale as it was sealed. Raises NotInTraining, NotOnTheCard, NoRate."""
    if not till_queries.is_training():
        raise NotInTraining
    quote = quoting.quote(lines=lines)
    halves = {half.variant_id for line in quote.lines for half in line.composition.halves}
    classes = dict(Variant.objects.filter(pk__in=halves).values_list("pk", "product__vat_class"))
    bill = vat.bill(
        items=[_item(line, classes) for line in quote.lines],
        rates=catalogue.vat_rates(),
        mode=mode,
        day=business_day(now),
    )
    about = About(None, "counter", mode, operator, "training")
    paid = till.payment_draft(about=about, means=means, amount_cents=bill.total_cents, taken_at=now)
    sold = till.sale_draft(shop=shop, about=about, bill=bill, takings=[(means, bill.total_cents)])
    return journal.seal(shop=shop, drafts=[paid, sold], now=now, chain=Chain.TRAINING)[-1]


def _item(line: QuotedLine, classes: dict[int, str]) -> Item:
    parts = tuple((classes[half.variant_id], 1) for half in line.composition.halves)
    return Item(line.composition.label, line.quantity, line.unit_cents, parts)
