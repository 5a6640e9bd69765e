"""What the worker does for orders. Delivered at least once, so each finds its own work already done."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from shared_apps.messages.models import Message
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import blocking, cases
from tenant_apps.stock.services import reservations
from tenants.models import Pizzeria


def tell_customer(pizzeria_id: int, order_id: int, kind: str, version: int) -> None:
    """Sends one e-mail about one version of an order, once: the row of the message is locked while it is sent."""
    pizzeria = Pizzeria.objects.get(pk=pizzeria_id)
    with schema_context(pizzeria.schema_name), transaction.atomic():
        Message.objects.get_or_create(
            pizzeria_id=pizzeria_id,
            order_number=order_id,
            kind=kind,
            channel=Message.Channel.EMAIL,
            version=version,
        )
        message = Message.objects.select_for_update().get(
            pizzeria_id=pizzeria_id, order_number=order_id, kind=kind, channel=Message.Channel.EMAIL, version=version
        )
        if message.sent_at:
            return
        order = Order.objects.select_related("slot").prefetch_related("lines").get(pk=order_id)
        _send(pizzeria, order, Message.Kind(kind))
        message.sent_at = timezone.now()
        message.save(update_fields=["sent_at"])


def _send(pizzeria: Pizzeria, order: Order, kind: Message.Kind) -> None:
    subject = {
        Message.Kind.CONFIRMATION: _("Your order no. %(number)s at %(pizzeria)s"),
        Message.Kind.CHANGED: _("Your order no. %(number)s at %(pizzeria)s is changed"),
        Message.Kind.CANCELLED: _("Your order no. %(number)s at %(pizzeria)s is cancelled"),
    }[kind] % {"number": order.number, "pizzeria": pizzeria.name}
    path = reverse("storefront:order", urlconf=settings.ROOT_URLCONF, args=(order.reference,))
    context = {
        "order": order,
        "pizzeria": pizzeria,
        "kind": kind.value,
        "url": pizzeria.url + path,
        "legal_name": pizzeria.legal_name or settings.GROUP_LEGAL_NAME,
        "siret": pizzeria.siret or settings.GROUP_SIRET,
    }
    send_mail(subject, render_to_string("orders/told.txt", context), None, [order.contact_email])


def begin_business_day() -> None:
    """Every shop's day, each as a task of its own: one that fails is tried again without the others."""
    for pizzeria_id in Pizzeria.objects.exclude(state=Pizzeria.State.CLOSED).values_list("pk", flat=True):
        async_task("tenant_apps.orders.tasks.begin_business_day_of", pizzeria_id)


def begin_business_day_of(pizzeria_id: int) -> None:
    """What was promised for today now counts in today's stock; what it does not cover becomes cases."""
    pizzeria, now = Pizzeria.objects.get(pk=pizzeria_id), timezone.now()
    with schema_context(pizzeria.schema_name), transaction.atomic():
        reservations.settle_days(pizzeria_id=pizzeria_id, now=now)
        cases.review_shortages(now=now)
        blocking.forget_expired(now=now)
