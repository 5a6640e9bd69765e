"""What a customer is written about an order, in French, as text and as HTML."""

import uuid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shared_apps.accounts.models import Membership, Role
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock, phone
from shared_apps.messages.models import Message
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.payments.models import Refund
from tenants.models import Pizzeria

Kind = Message.Kind
LETTERS = uuid.UUID("5b1e8f0c-3d0a-4a57-9f6f-7c2f0f6f3a11")


def send(*, pizzeria: Pizzeria, order: Order, kind: Message.Kind, version: int) -> None:
    """One e-mail, under the same Message-ID if it ever leaves twice.

    Steps carry a way to have no more of them (RFC 8058); what was ordered or owed is always said.
    """
    context = _context(pizzeria, order, kind)
    letter = EmailMultiAlternatives(
        context["subject"], render_to_string("orders/told.txt", context), None, [order.contact_email]
    )
    name = uuid.uuid5(LETTERS, f"{order.reference}.{kind}.{version}").hex
    letter.extra_headers = {"Message-ID": f"<{name}@{settings.BASE_DOMAIN}>"}
    letter.attach_alternative(render_to_string("orders/told.html", context), "text/html")
    if kind in Message.STEPS:
        letter.extra_headers |= {
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
        "mediator": settings.GROUP_MEDIATOR,
    }


def _address(pizzeria: Pizzeria, order: Order, page: str) -> str:
    return pizzeria.url + reverse(f"storefront:{page}", urlconf=settings.ROOT_URLCONF, args=(order.reference,))


def _subject(kind: Message.Kind) -> str:
    return {
        Kind.CONFIRMATION: _("Your order no. %(number)s at %(pizzeria)s"),
        Kind.CHANGED: _("Your order no. %(number)s at %(pizzeria)s is changed"),
        Kind.ALLERGENS: _("Your order no. %(number)s at %(pizzeria)s: its allergens have changed"),
        Kind.CANCELLED: _("Your order no. %(number)s at %(pizzeria)s is cancelled"),
        Kind.DELAYED: _("Your order no. %(number)s at %(pizzeria)s will be later than promised"),
        Kind.READY: _("Your order no. %(number)s is ready at %(pizzeria)s"),
        Kind.ON_THE_WAY: _("Your order no. %(number)s is on its way"),
        Kind.LATE: _("Your order no. %(number)s at %(pizzeria)s is late"),
        Kind.REFUNDED: _("Your order no. %(number)s at %(pizzeria)s is refunded"),
        Kind.UNDELIVERED: _("We could not deliver your order no. %(number)s"),
        Kind.SECOND_DELIVERY: _("We come again with your order no. %(number)s"),
        Kind.PAID_LATE: _("Your payment for order no. %(number)s came too late: nothing is debited"),
    }[kind]


def _headline(pizzeria: Pizzeria, order: Order, kind: Message.Kind) -> str:
    return {
        Kind.CONFIRMATION: _("We have received your order no. %(number)s:"),
        Kind.CHANGED: _("Your order no. %(number)s is changed. Here it is now:"),
        Kind.ALLERGENS: _(
            "An ingredient of your order no. %(number)s is replaced, and its allergens change. Here is your order as it"
            " will be made: if it does not suit you, change it, cancel it or call us."
        ),
        Kind.CANCELLED: _("Your order no. %(number)s is cancelled. Nothing is due."),
        Kind.DELAYED: _("Your order no. %(number)s is late, and we are sorry: it is now expected by %(expected)s."),
        Kind.READY: _("Your order no. %(number)s is ready: it waits for you at %(address)s."),
        Kind.ON_THE_WAY: _("Your order no. %(number)s has left for your door. %(due)s"),
        Kind.LATE: _(
            "Your order no. %(number)s is later than we promised, and we are sorry. It is being looked after."
        ),
        Kind.REFUNDED: _("%(refunded)s of your order no. %(number)s is given back to you: %(means)s."),
        Kind.UNDELIVERED: _(
            "Our driver could not hand over your order no. %(number)s. Call us at %(phone)s, and we agree on what follows."
        ),
        Kind.SECOND_DELIVERY: _(
            "We come again with your order no. %(number)s: it is expected at your door by %(expected)s. %(due)s"
        ),
        Kind.PAID_LATE: _(
            "Your payment for order no. %(number)s came after the order was given up. The sum held on your card is let go:"
            " nothing is debited, and nothing is due."
        ),
    }[kind] % {
        "number": order.number,
        "address": pizzeria.address,
        "phone": phone(pizzeria.phone),
        "expected": clock(order.estimated_until_at) if order.estimated_until_at else "",
        "due": _due(order),
        **_given_back(order),
    }


def _due(order: Order) -> str:
    if order.mode != ServiceMode.DELIVERY:
        return ""
    replaced = order.remakes
    owing = replaced if replaced and replaced.state == State.FAILED else order
    due = owing.owed_cents - sum(payment.kept_cents for payment in owing.payments.all())
    due -= owing.online_payments.held_cents()
    return _("%(due)s to pay at the door.") % {"due": euros(due)} if due > 0 else _("It is paid.")


def _given_back(order: Order) -> dict[str, str]:
    """What went back so far, and how: a credit note with its code, which is worth money."""
    given = [refund for refund in order.refunds.all() if refund.state != Refund.State.FAILED]
    words = []
    for refund in given:
        how = f"{refund.get_means_display()} {euros(refund.amount_cents)}"
        if refund.credit_note:
            until = {"code": refund.credit_note.code, "date": date_format(refund.credit_note.expires_on)}
            how += " " + _("(code %(code)s, until %(date)s)") % until
        words.append(how)
    return {"refunded": euros(sum(refund.amount_cents for refund in given)), "means": ", ".join(words)}


def tell_head_office(*, words: list[str]) -> None:
    """Our payments and Stripe's lists differ."""
    office = Membership.objects.filter(role=Role.HEAD_OFFICE, user__is_active=True)
    addresses = sorted(office.values_list("user__email", flat=True))
    if addresses:
        send_mail(_("Payments that differ from Stripe's"), "\n".join([*words, ""]), None, addresses)


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
