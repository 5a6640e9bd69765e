from django_q.tasks import async_task

from shared_apps.messages.models import Message
from tenant_apps.orders.models import Order
from tenants.hosts import Shop


def tell_customer(*, shop: Shop, order: Order, kind: Message.Kind, version: int | None = None) -> None:
    """An e-mail about the order as it now is, sent by a task after the commit; nothing to those who gave no address.

    `version` tells apart messages of one kind: the order's own unless given.
    """
    if order.contact_email:
        version = order.version if version is None else version
        async_task("tenant_apps.orders.tasks.tell_customer", shop.id, order.pk, kind.value, version)
