"""An order that waited for its payment becomes one that the shop makes."""

import datetime as dt

from django.db import transaction

from shared_apps.messages.models import Message
from shared_apps.sales import services as sales
from tenant_apps.orders import quoting
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import acts, following, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.terms import check_prepaid
from tenant_apps.payments.models import OnlinePayment
from tenant_apps.shop import queries as shop_queries
from tenants.hosts import Shop


def accept(*, shop: Shop, order: Order, by: By, now: dt.datetime) -> None:
    """A locked order goes to the kitchen, and now counts. Raises MoveRefused."""
    acts.move(shop=shop, order=order, target=State.ACCEPTED, by=by, now=now, stamp="accepted_at")
    sales.add(
        cell=acts.cell(shop=shop, order=order),
        orders=1,
        ordered_cents=order.total_cents,
        products=quoting.sold(order).products,
    )
    telling.tell_customer(shop=shop, order=order, kind=Message.Kind.CONFIRMATION)
    telling.print_ticket(shop=shop, order=order, kind="kitchen")
    acts.tell(shop=shop, order=order, stock=True)


@transaction.atomic
def pay_on_receipt(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> Order:
    """The customer pays when they receive it after all. Raises MoveRefused, MustBePrepaid."""
    order = acts.locked(order_id)
    if order.state == State.ACCEPTED:
        return order  # asked twice, or paid meanwhile
    if order.mode == "delivery":
        check_prepaid(order.total_cents, shop_queries.settings())
    pending = OnlinePayment.objects.filter(order=order, state__in=OnlinePayment.PENDING)
    pending.update(state=OnlinePayment.State.CLOSING)
    accept(shop=shop, order=order, by=by, now=now)
    following.follow_later(shop=shop, order=order, now=now)
    return order
