"""The refunds of cards, done at Stripe: asked for once each, whatever dies in between, and concluded when the bank says."""

import datetime as dt
import logging

from django.utils.translation import gettext_lazy as _

from shared_apps.gateway import services as gateway
from shared_apps.gateway import stripe_api
from shared_apps.gateway.stripe_api import Refused, SeenRefund
from tenant_apps.orders.services import outcomes, refunding
from tenant_apps.payments.models import OnlinePayment, Refund
from tenants.hosts import Shop

OVER = {"succeeded": "", "failed": _("The bank sent it back"), "canceled": _("Stripe cancelled it")}

logger = logging.getLogger(__name__)


def repay(*, shop: Shop, order_id: int, now: dt.datetime) -> None:
    """Every pending refund of an order, as far as it goes now. No lock is held during a call. Raises Unreachable."""
    pending = Refund.objects.filter(order=order_id, state=Refund.State.PENDING).select_related("order")
    for refund in pending:
        intent_id = OnlinePayment.objects.values_list("intent_id", flat=True).get(payment=refund.payment_id)
        try:
            with gateway.breaker(now=now):
                status = _status(shop, refund, str(intent_id))
        except Refused as error:
            logger.error("Stripe refused a refund: %s", error.code)
            refunding.conclude(shop=shop, refund_id=refund.pk, now=now, failure=str(_("Stripe refused it")))
            continue
        if status in OVER:
            refunding.conclude(shop=shop, refund_id=refund.pk, now=now, failure=str(OVER[status]))
    if pending:
        outcomes.look_again_later(shop=shop, order_id=order_id, now=now)


def _status(shop: Shop, refund: Refund, intent_id: str) -> str:
    """Of the refund at Stripe's, asked for unless it was: a key alone is forgotten after a day and answers as it did then."""
    name = str(refund.pk)
    known = (one for one in stripe_api.refunds_of(intent_id) if one.metadata.get("refund") == name)
    seen: SeenRefund | None = next(known, None)
    if seen is None:
        metadata = {"pizzeria": shop.slug, "order": str(refund.order_id), "refund": name}
        key = f"{refund.order.reference}-refund-{name}"
        seen = stripe_api.refund(intent_id, refund.amount_cents, key, metadata)
    return seen.status
