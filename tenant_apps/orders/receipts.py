"""What the lines of an order are for the till: names, prices and VAT, from what was sold then and the rates of a day."""

import datetime as dt

from django.utils.translation import gettext as _

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue import vat
from shared_apps.catalogue.vat import Bill, FeeTreatment, Item
from shared_apps.core.calendar import business_day
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.shop import queries as shop_queries
from tenant_apps.till import receipts as till
from tenant_apps.till.receipts import Receipt
from tenant_apps.till.services.sealing import seller
from tenants.hosts import Shop


def bill(*, order: Order, day: dt.date) -> Bill:
    """Raises NoRate when the law of that day is not known for something sold."""
    lines = order.lines.select_related("variant__product", "other_half__product").order_by("position")
    fee = FeeTreatment.ACCESSORY
    if order.delivery_fee_cents:
        fee = FeeTreatment(shop_queries.settings().delivery_fee_vat)
    return vat.bill(
        items=[_item(line) for line in lines],
        rates=catalogue.vat_rates(),
        mode=order.mode,
        day=day,
        discount_cents=order.discount_cents,
        fee_cents=order.delivery_fee_cents,
        fee_label=_("Delivery fee"),
        fee=fee,
    )


def provisional(*, shop: Shop, order: Order, now: dt.datetime) -> Receipt:
    """The bill before it is paid: what would be sealed now."""
    return till.provisional(
        bill=bill(order=order, day=business_day(now)),
        order_number=order.number,
        mode=order.mode,
        channel=order.channel,
        seller=seller(shop),
    )


def _item(line: OrderLine) -> Item:
    halves = [line.variant, line.other_half or line.variant]
    label = " + ".join([line.label, *line.extra_names])
    parts = tuple((half.product.vat_class, 1) for half in halves)
    return Item(label, line.quantity, line.unit_price_cents, parts, line.list_price_cents)
