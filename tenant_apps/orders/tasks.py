"""What the worker does for orders. Delivered at least once, so each finds its own work already done."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from shared_apps.messages import services as messages
from shared_apps.messages.models import Message
from shared_apps.sales.models import OPEN_STATES, OrderSummary
from tenant_apps.orders import letters
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import blocking, cases, escalation, estimating
from tenant_apps.stock.services import reservations
from tenants.hosts import Shop
from tenants.models import Pizzeria

LATE_AFTER = dt.timedelta(minutes=3)  # of the end of the time promised


def tell_customer(pizzeria_id: int, order_id: int, kind: str, version: int) -> None:
    """Tells one thing about one version of an order, once: the row of the message is locked while it is sent."""
    pizzeria = Pizzeria.objects.get(pk=pizzeria_id)
    with schema_context(pizzeria.schema_name):
        order = Order.objects.select_related("slot", "customer").prefetch_related("lines", "payments").get(pk=order_id)
        for channel in _channels(order, Message.Kind(kind)):
            with transaction.atomic():
                _tell(pizzeria, order, Message.Kind(kind), channel, version)


def _channels(order: Order, kind: Message.Kind) -> list[Message.Channel]:
    """A customer who wants no steps is told none; a text message says only what one acts on at once."""
    wants_steps = order.wants_steps and (order.customer is None or order.customer.wants_steps)
    if kind in Message.STEPS and not wants_steps:
        return []
    channels = [Message.Channel.EMAIL] if order.contact_email else []
    if settings.SMS_URL and kind in (Message.Kind.READY, Message.Kind.ON_THE_WAY):
        channels.append(Message.Channel.SMS)
    return channels


def _tell(pizzeria: Pizzeria, order: Order, kind: Message.Kind, channel: Message.Channel, version: int) -> None:
    key = {"pizzeria_id": pizzeria.pk, "order_number": order.pk, "kind": kind, "channel": channel, "version": version}
    Message.objects.get_or_create(**key)
    message = Message.objects.select_for_update().get(**key)
    if message.sent_at:
        return
    if channel == Message.Channel.SMS:
        messages.send_sms(phone=order.contact_phone, text=letters.sms(pizzeria=pizzeria, order=order, kind=kind))
    else:
        letters.send(pizzeria=pizzeria, order=order, kind=kind)
    message.sent_at = timezone.now()
    message.save(update_fields=["sent_at"])


def tell_late() -> None:
    """Every minute: who waits past the time promised and was not told so, in the whole group, by one statement."""
    said = Message.objects.filter(
        pizzeria_id=OuterRef("pizzeria_id"),
        order_number=OuterRef("number"),
        kind__in=(Message.Kind.LATE, Message.Kind.DELAYED),
    )
    late = OrderSummary.objects.filter(state__in=OPEN_STATES, promised_until_at__lt=timezone.now() - LATE_AFTER)
    for pizzeria_id, number in late.exclude(Exists(said)).values_list("pizzeria_id", "number"):
        async_task("tenant_apps.orders.tasks.tell_late_of", pizzeria_id, number)


def tell_late_of(pizzeria_id: int, order_id: int) -> None:
    """The row is made even for somebody who left no address, so that the order is not looked at again each minute."""
    pizzeria = Pizzeria.objects.get(pk=pizzeria_id)
    with schema_context(pizzeria.schema_name):
        if not Order.objects.filter(pk=order_id, state__in=OPEN_STATES).exists():
            return
        Message.objects.get_or_create(
            pizzeria_id=pizzeria_id,
            order_number=order_id,
            kind=Message.Kind.LATE,
            channel=Message.Channel.EMAIL,
            version=0,
        )
    tell_customer(pizzeria_id, order_id, Message.Kind.LATE, 0)


def begin_business_day() -> None:
    """Every shop's day, each as a task of its own: one that fails is tried again without the others."""
    for pizzeria_id in Pizzeria.objects.with_schema().values_list("pk", flat=True):
        async_task("tenant_apps.orders.tasks.begin_business_day_of", pizzeria_id)


def begin_business_day_of(pizzeria_id: int) -> None:
    """What was promised for today now counts in today's stock; what it does not cover becomes cases."""
    pizzeria, now = Pizzeria.objects.get(pk=pizzeria_id), timezone.now()
    with schema_context(pizzeria.schema_name), transaction.atomic():
        reservations.settle_days(pizzeria_id=pizzeria_id, now=now)
        cases.review_shortages(now=now)
        blocking.forget_expired(now=now)


def re_estimate() -> None:
    """Every minute, in the shops where a customer waits; each as a task of its own."""
    waiting = OrderSummary.objects.filter(state__in=OPEN_STATES).values_list("pizzeria_id", flat=True)
    for pizzeria_id in waiting.order_by("pizzeria_id").distinct():
        async_task("tenant_apps.orders.tasks.re_estimate_of", pizzeria_id)


def re_estimate_of(pizzeria_id: int) -> None:
    """The times of this shop's open orders, honest again, and its coming slots after the drivers on shift."""
    shop = Shop.of(Pizzeria.objects.get(pk=pizzeria_id))
    with schema_context(shop.schema_name):
        estimating.re_estimate(shop=shop, now=timezone.now())


def escalate() -> None:
    """Every minute, in the shops that have orders to make."""
    waiting = OrderSummary.objects.filter(state="accepted").values_list("pizzeria_id", flat=True)
    for pizzeria_id in waiting.order_by("pizzeria_id").distinct():
        async_task("tenant_apps.orders.tasks.escalate_of", pizzeria_id)


def escalate_of(pizzeria_id: int) -> None:
    shop = Shop.of(Pizzeria.objects.get(pk=pizzeria_id))
    with schema_context(shop.schema_name):
        escalation.escalate(shop=shop, now=timezone.now())


def tell_managers(pizzeria_id: int, numbers: list[int]) -> None:
    """Tickets rang in vain: somebody must look at the kitchen's screen."""
    pizzeria = Pizzeria.objects.get(pk=pizzeria_id)
    letters.tell_managers(pizzeria=pizzeria, numbers=numbers)
