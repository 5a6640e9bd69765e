import datetime as dt

from django.db import transaction
from django_q.tasks import async_task

from shared_apps.customers.models import Customer
from shared_apps.messages.models import Message
from tenant_apps.orders.models import Order
from tenant_apps.shop import queries as shop_queries
from tenants.hosts import Shop


def tell_step(*, shop: Shop, order: Order, kind: Message.Kind) -> None:
    """« Ready » or « on its way »: once, however often the order goes back and forth."""
    if order.wants_steps:
        async_task("tenant_apps.orders.tasks.tell_customer", shop.id, order.pk, kind.value, 0)


def tell_customer(*, shop: Shop, order: Order, kind: Message.Kind, version: int | None = None) -> None:
    """An e-mail about the order as it now is, sent by a task after the commit; nothing to those who gave no address.

    `version` tells apart messages of one kind: the order's own unless given.
    """
    if order.contact_email:
        version = order.version if version is None else version
        async_task("tenant_apps.orders.tasks.tell_customer", shop.id, order.pk, kind.value, version)


@transaction.atomic
def stop_steps(*, order: Order) -> None:
    """The customer wants no more e-mails at the steps: of this order, nor of the next ones of their account."""
    order.wants_steps = False
    order.save(update_fields=["wants_steps"])
    if order.customer_id:
        Customer.objects.filter(pk=order.customer_id).update(wants_steps=False)


def print_ticket(*, shop: Shop, order: Order, kind: str, printer: str | None = None) -> None:
    """On the shop's printer if it has one, by a task after the commit: no order waits for paper.

    `printer` is its address when the caller has just read it; `kind` is one of `printing.models.PrintJob.Kind`.
    """
    if shop_queries.settings().printer_address if printer is None else printer:
        async_task("tenant_apps.printing.tasks.print_order", shop.id, order.pk, kind, order.version)


def open_cash_drawer(*, shop: Shop, now: dt.datetime) -> None:
    """When it is plugged into the shop's printer, by a task after the commit."""
    if shop_queries.settings().printer_opens_drawer:
        async_task("tenant_apps.printing.tasks.open_cash_drawer", shop.id, now.isoformat())
