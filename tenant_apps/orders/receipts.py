"""What the lines of an order are for the till: names, prices and VAT, from what was sold then and the rates of a day."""

import datetime as dt

from django.utils.translation import gettext as _

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue import vat
from shared_apps.catalogue.vat import Bill, FeeTreatment, Item
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.shop import queries as shop_queries


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


def _item(line: OrderLine) -> Item:
    halves = [line.variant, line.other_half or line.variant]
    label = " + ".join([line.label, *line.extra_names])
    parts = tuple((half.product.vat_class, 1) for half in halves)
    return Item(label, line.quantity, line.unit_price_cents, parts, line.list_price_cents)
