"""What the worker does for orders. Delivered at least once, so each finds its own work already done."""

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django_q.tasks import async_task

from shared_apps.core.reporting import DAILY, EVERY_FIVE_MINUTES, EVERY_MINUTE, monitored
from shared_apps.gateway import services as gateway
from shared_apps.gateway.stripe_api import Unreachable
from shared_apps.messages import services as messages
from shared_apps.messages.models import Message
from shared_apps.sales.models import OPEN_STATES, OrderSummary
from tenant_apps.orders import letters
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import blocking, escalation, estimating, online, receiving, reconciling, substituting
from tenants.hosts import Shop
from tenants.models import Pizzeria
from tenants.tasks import in_shop, of_shop

logger = logging.getLogger(__name__)
LATE_AFTER = dt.timedelta(minutes=3)  # of the end of the time promised


@in_shop
def tell_customer(pizzeria: Pizzeria, order_id: int, kind: str, version: int) -> None:
    """Tells one thing about one version of an order, once by each channel."""
    orders = Order.objects.select_related("slot", "customer")
    order = orders.prefetch_related("lines", "payments", "refunds__credit_note", "discounts__voucher").get(pk=order_id)
    for channel in _channels(order, Message.Kind(kind)):
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
    by_mail = channel == Message.Channel.EMAIL

    def send() -> None:
        if by_mail:
            letters.send(pizzeria=pizzeria, order=order, kind=kind, version=version)
        else:
            messages.send_sms(phone=order.contact_phone, text=letters.sms(pizzeria=pizzeria, order=order, kind=kind))

    messages.tell_once(
        pizzeria_id=pizzeria.pk,
        order_number=order.pk,
        kind=kind,
        channel=channel,
        version=version,
        again=by_mail and kind not in Message.STEPS,  # what was ordered or is owed is better said twice than never
        send=send,
    )


@monitored("tell-late", EVERY_MINUTE)
def tell_late() -> None:
    """Every minute: who waits past the time promised and was not told so, in the whole group, by one statement."""
    said = Message.objects.filter(
        pizzeria_id=OuterRef("pizzeria_id"),
        order_number=OuterRef("number"),
        kind__in=(Message.Kind.LATE, Message.Kind.DELAYED),
    )
    late = OrderSummary.objects.filter(state__in=OPEN_STATES, promised_until_at__lt=timezone.now() - LATE_AFTER)
    for pizzeria_id, number in late.exclude(Exists(said)).exclude(state="failed").values_list("pizzeria_id", "number"):
        async_task("tenant_apps.orders.tasks.tell_late_of", pizzeria_id, number)


@in_shop
def tell_late_of(pizzeria: Pizzeria, order_id: int) -> None:
    """The row is made even for somebody who left no address, so that the order is not looked at again each minute."""
    if not Order.objects.filter(pk=order_id, state__in=OPEN_STATES).exists():
        return
    Message.objects.get_or_create(
        pizzeria_id=pizzeria.pk,
        order_number=order_id,
        kind=Message.Kind.LATE,
        channel=Message.Channel.EMAIL,
        version=0,
    )
    tell_customer(pizzeria.pk, order_id, Message.Kind.LATE, 0)


@monitored("begin-business-day", DAILY)
def begin_business_day() -> None:
    """Every shop's day, each as a task of its own: one that fails is tried again without the others."""
    for pizzeria_id in Pizzeria.objects.with_schema().values_list("pk", flat=True):
        async_task("tenant_apps.orders.tasks.begin_business_day_of", pizzeria_id)


@in_shop
def begin_business_day_of(pizzeria: Pizzeria) -> None:
    """The usual deliveries of one more day are expected, for the orders of that day."""
    shop, now = Shop.of(pizzeria), timezone.now()
    with transaction.atomic():
        receiving.begin_day(shop=shop, now=now)
        blocking.forget_expired(now=now)
    substituting.catch_up(shop=shop, now=now)


@in_shop
def end_substitution(pizzeria: Pizzeria, substitution_id: int) -> None:
    """Its time is over; somebody may have ended it before."""
    substituting.end(shop=Shop.of(pizzeria), substitution_id=substitution_id, actor_id=None, now=timezone.now())


@monitored("re-estimate", EVERY_MINUTE)
def re_estimate() -> None:
    """Every minute, in the shops where a customer waits; each as a task of its own."""
    waiting = OrderSummary.objects.filter(state__in=OPEN_STATES).values_list("pizzeria_id", flat=True)
    for pizzeria_id in waiting.order_by("pizzeria_id").distinct():
        async_task("tenant_apps.orders.tasks.re_estimate_of", pizzeria_id)


@in_shop
def re_estimate_of(pizzeria: Pizzeria) -> None:
    """The times of this shop's open orders, honest again, and its coming slots after the drivers on shift.

    What its suppliers did not bring in time is counted on no more.
    """
    shop, now = Shop.of(pizzeria), timezone.now()
    receiving.miss_late(shop=shop, now=now)
    estimating.re_estimate(shop=shop, now=now)


@in_shop
def follow_payment(pizzeria: Pizzeria, order_id: int) -> None:
    """An order whose payment online has, or should have, moved. While Stripe is away the next look does it."""
    if not Order.objects.filter(pk=order_id).exists():
        return  # an event about a shop that has since forgotten it, or that never had it
    try:
        online.follow(shop=Shop.of(pizzeria), order_id=order_id, now=timezone.now())
    except Unreachable:
        logger.warning("Stripe does not answer: order %s is looked at again", order_id)


@monitored("follow-payments", EVERY_MINUTE)
def follow_payments() -> None:
    """Every minute: the orders that are due to be looked at again, each as a task of its own."""
    reconciling.follow_due(now=timezone.now())


@monitored("hear-from-stripe", EVERY_FIVE_MINUTES)
def hear_from_stripe() -> None:
    """Every five minutes: what Stripe could not tell us."""
    try:
        reconciling.hear(now=timezone.now())
    except Unreachable:
        logger.warning("Stripe does not answer: what it could not deliver is asked for again")


@monitored("reconcile-payments", DAILY)
def reconcile_payments() -> None:
    """Every night. Fails, to be tried again, while Stripe is away; what differs is written to head office."""
    now = timezone.now()
    found = reconciling.compare(now=now)
    gateway.forget_old_events(now=now)
    if found:
        letters.tell_head_office(words=[str(one) for one in found])


@monitored("escalate", EVERY_MINUTE)
def escalate() -> None:
    """Every minute, in the shops that have orders to make."""
    waiting = OrderSummary.objects.filter(state="accepted").values_list("pizzeria_id", flat=True)
    for pizzeria_id in waiting.order_by("pizzeria_id").distinct():
        async_task("tenant_apps.orders.tasks.escalate_of", pizzeria_id)


@in_shop
def escalate_of(pizzeria: Pizzeria) -> None:
    escalation.escalate(shop=Shop.of(pizzeria), now=timezone.now())


@of_shop
def tell_managers(pizzeria: Pizzeria, numbers: list[int]) -> None:
    """Tickets rang in vain: somebody must look at the kitchen's screen."""
    letters.tell_managers(pizzeria=pizzeria, numbers=numbers)
