"""What a customer is written about an order, in French, as text and as HTML."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from shared_apps.accounts.models import Membership, Role
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock
from shared_apps.messages.models import Message
from tenant_apps.orders.models import Order
from tenants.models import Pizzeria

Kind = Message.Kind


def send(*, pizzeria: Pizzeria, order: Order, kind: Message.Kind) -> None:
    """One e-mail. Steps carry a way to have no more of them (RFC 8058); what was ordered or owed is always said."""
    context = _context(pizzeria, order, kind)
    letter = EmailMultiAlternatives(
        context["subject"], render_to_string("orders/told.txt", context), None, [order.contact_email]
    )
    letter.attach_alternative(render_to_string("orders/told.html", context), "text/html")
    if kind in Message.STEPS:
        letter.extra_headers = {
            "List-Unsubscribe": f"<{context['quiet_url']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    letter.send()


def sms(*, pizzeria: Pizzeria, order: Order, kind: Message.Kind) -> str:
    """The same in a text message's length."""
    return f"{pizzeria.name}\u00a0: {_headline(pizzeria, order, kind)} {_address(pizzeria, order, 'order')}"


def _context(pizzeria: Pizzeria, order: Order, kind: Message.Kind) -> dict[str, Any]:
    return {
        "order": order,
        "pizzeria": pizzeria,
        "kind": kind.value,
        "is_step": kind in Message.STEPS,
        "subject": _subject(kind) % {"number": order.number, "pizzeria": pizzeria.name},
        "headline": _headline(pizzeria, order, kind),
        "url": _address(pizzeria, order, "order"),
        "quiet_url": _address(pizzeria, order, "quiet"),
        "legal_name": pizzeria.legal_name or settings.GROUP_LEGAL_NAME,
        "siret": pizzeria.siret or settings.GROUP_SIRET,
    }


def _address(pizzeria: Pizzeria, order: Order, page: str) -> str:
    return pizzeria.url + reverse(f"storefront:{page}", urlconf=settings.ROOT_URLCONF, args=(order.reference,))


def _subject(kind: Message.Kind) -> str:
    return {
        Kind.CONFIRMATION: _("Your order no. %(number)s at %(pizzeria)s"),
        Kind.CHANGED: _("Your order no. %(number)s at %(pizzeria)s is changed"),
        Kind.CANCELLED: _("Your order no. %(number)s at %(pizzeria)s is cancelled"),
        Kind.DELAYED: _("Your order no. %(number)s at %(pizzeria)s will be later than promised"),
        Kind.READY: _("Your order no. %(number)s is ready at %(pizzeria)s"),
        Kind.ON_THE_WAY: _("Your order no. %(number)s is on its way"),
        Kind.LATE: _("Your order no. %(number)s at %(pizzeria)s is late"),
        Kind.REFUNDED: _("Your order no. %(number)s at %(pizzeria)s is refunded"),
    }[kind]


def _headline(pizzeria: Pizzeria, order: Order, kind: Message.Kind) -> str:
    return {
        Kind.CONFIRMATION: _("We have received your order no. %(number)s:"),
        Kind.CHANGED: _("Your order no. %(number)s is changed. Here it is now:"),
        Kind.CANCELLED: _("Your order no. %(number)s is cancelled. Nothing is due."),
        Kind.DELAYED: _("Your order no. %(number)s is late, and we are sorry: it is now expected by %(expected)s."),
        Kind.READY: _("Your order no. %(number)s is ready: it waits for you at %(address)s."),
        Kind.ON_THE_WAY: _("Your order no. %(number)s has left for your door. %(due)s"),
        Kind.LATE: _(
            "Your order no. %(number)s is later than we promised, and we are sorry. It is being looked after."
        ),
        Kind.REFUNDED: _("Your order no. %(number)s is refunded by the means you paid with."),
    }[kind] % {
        "number": order.number,
        "address": pizzeria.address,
        "expected": clock(order.estimated_until_at) if order.estimated_until_at else "",
        "due": _due(order),
    }


def _due(order: Order) -> str:
    if order.mode != ServiceMode.DELIVERY:
        return ""
    due = order.total_cents - sum(payment.amount_cents for payment in order.payments.all())
    return _("%(due)s to pay at the door.") % {"due": euros(due)} if due else _("It is paid.")


def tell_managers(*, pizzeria: Pizzeria, numbers: list[int]) -> None:
    """No kitchen screen shows these tickets, and the counter rang in vain."""
    managers = Membership.objects.filter(pizzeria=pizzeria, role=Role.MANAGER, user__is_active=True)
    addresses = sorted(managers.values_list("user__email", flat=True))
    if addresses:
        listed = ", ".join(str(number) for number in numbers)
        words = {"pizzeria": pizzeria.name, "numbers": listed}
        send_mail(
            _("%(pizzeria)s: no kitchen screen shows order no. %(numbers)s") % words,
            _(
                "At %(pizzeria)s no screen of the kitchen has shown these orders, and the counter rang in vain: %(numbers)s."
            )
            % words
            + f"\n\n{pizzeria.url}{reverse('kitchen:board', urlconf=settings.ROOT_URLCONF)}\n",
            None,
            addresses,
        )
