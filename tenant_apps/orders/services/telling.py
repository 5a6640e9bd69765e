from django_q.tasks import async_task

from shared_apps.messages.models import Message
from tenant_apps.orders.models import Order
from tenants.hosts import Shop


def tell_customer(*, shop: Shop, order: Order, kind: Message.Kind) -> None:
    """An e-mail about the order as it now is, sent by a task after the commit; nothing to those who gave no address."""
    if order.contact_email:
        async_task("tenant_apps.orders.tasks.tell_customer", shop.id, order.pk, kind.value, order.version)
