import datetime as dt

from django_q.tasks import async_task

from shared_apps.gateway import services as gateway
from tenant_apps.orders.models import Order
from tenant_apps.orders.online_steps import SOON
from tenant_apps.payments.models import OnlinePayment
from tenants.hosts import Shop


def follow_later(*, shop: Shop, order: Order, now: dt.datetime) -> None:
    """After the commit a task does at Stripe what an act on a locked order asks for; one that dies is looked for again."""
    if OnlinePayment.objects.filter(order=order).live().exists():
        follow_now(shop=shop, order=order, now=now)


def follow_now(*, shop: Shop, order: Order, now: dt.datetime) -> None:
    gateway.follow_up(pizzeria_id=shop.id, order_number=order.pk, due_at=now + SOON)
    async_task(gateway.FOLLOW, shop.id, order.pk)
