"""A copy of all that is held of an account, in one JSON file: what the public schema knows, and what each shop where
they ordered adds to it. A task makes it, since shops are many; `DOCUMENTATION` says what each key is."""

import datetime as dt
import json
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.tasks import async_task
from django_tenants.utils import schema_context

from shared_apps.accounts.models import User
from shared_apps.core.addresses import group_url
from shared_apps.customers import services as customers
from shared_apps.customers.models import Customer
from shared_apps.messages.models import Message
from shared_apps.privacy.models import Export
from shared_apps.privacy.periods import periods
from tenant_apps.orders.models import Order
from tenants.models import Pizzeria

AGAIN_AFTER = dt.timedelta(minutes=10)  # a second tap asks for nothing more
FORMAT = "oc-pizza-mes-donnees-1"
DOCUMENTATION = {
    "identity": "Votre compte : e-mail, nom, téléphone, dates d’ouverture et de dernière connexion.",
    "preferences": "Vos choix : les e-mails à chaque étape d’une commande.",
    "allergies": "Les allergènes que vous avez demandé de garder, et quand vous y avez consenti.",
    "addresses": "Vos adresses, avec leur position sur la carte (degrés décimaux).",
    "sessions": "Où vous êtes connecté : adresse IP, navigateur, dernière visite.",
    "orders": "Vos commandes dans toutes les pizzerias, les plus anciennes d’abord. Ce qui a été effacé par l’âge est vide.",
    "orders.lines": "Ce qui a été commandé ; without : sans, extras : suppléments, allergens : allergènes annoncés.",
    "orders.payments": "Ce qui a été payé : moyen et somme. Aucun numéro de carte ne nous parvient.",
    "orders.refunds": "Ce qui a été remboursé : moyen et somme.",
    "orders.messages": "Les messages envoyés à propos de la commande : sujet, canal, date.",
    "*_cents": "Une somme en centimes d’euro, TVA comprise.",
    "*_at": "Un moment, en UTC (ISO 8601).",
}


def current(*, user: User, now: dt.datetime) -> Export | None:
    """What they asked for last, unless it is too old."""
    return Export.objects.filter(user=user, asked_at__gt=periods().before("export", now)).first()


@transaction.atomic
def ask(*, user: User, now: dt.datetime) -> Export:
    """A new copy, in the place of the last; one that was just asked for is the same. Raises AccountClosed."""
    customers.ordering(user=user)
    export = Export.objects.filter(user=user).first()
    if export and export.ready_at is None and export.asked_at > now - AGAIN_AFTER:
        return export
    fresh = {"asked_at": now, "ready_at": None, "content": None}
    export, _made = Export.objects.update_or_create(user=user, defaults=fresh)
    async_task("shared_apps.privacy.tasks.export", export.pk)
    return export


@transaction.atomic
def collect(*, export_id: int, now: dt.datetime) -> None:
    """Made once; nothing when it was asked anew or the account was erased meanwhile."""
    export = Export.objects.select_related("user").filter(pk=export_id, ready_at=None).first()
    if export is None:
        return
    content = _content(export.user, now)
    waiting = Export.objects.filter(pk=export_id, ready_at=None, asked_at=export.asked_at)
    if waiting.update(content=content, ready_at=now):
        _tell(export.user)


def file(*, export: Export) -> str:
    """Its sections in the order of the documentation: the database keeps none."""
    content: dict[str, Any] = export.content or {}
    ranks = {name: rank for rank, name in enumerate(("format", "made_at", "documentation", *DOCUMENTATION))}
    ordered = dict(sorted(content.items(), key=lambda item: ranks.get(item[0], len(ranks))))
    return json.dumps(ordered, ensure_ascii=False, indent=2)


def _tell(user: User) -> None:
    url = group_url(reverse("website:own_data", urlconf=settings.PUBLIC_SCHEMA_URLCONF))
    context = {"user": user, "url": url, "days": periods().export}
    send_mail(_("The copy of your data is ready"), render_to_string("privacy/export.txt", context), None, [user.email])


def _content(user: User, now: dt.datetime) -> dict[str, Any]:
    customer = customers.of_user(user)
    return {
        "format": FORMAT,
        "made_at": _moment(now),
        "documentation": DOCUMENTATION,
        "identity": {
            "email": user.email,
            "name": user.name,
            "phone": user.phone,
            "created_at": _moment(user.created_at),
            "last_sign_in_at": _moment(user.last_login),
        },
        "preferences": {"emails_at_each_step": customer.wants_steps},
        "allergies": {"allergens": customer.allergens, "agreed_at": _moment(customer.allergens_agreed_at)},
        "addresses": list(customer.addresses.values("street", "postcode", "city", "details", "latitude", "longitude")),
        "sessions": [
            {"ip": row.ip, "browser": row.user_agent, "last_seen_at": _moment(row.last_seen_at)}
            for row in UserSession.objects.filter(user=user).order_by("pk")
        ],
        "orders": _orders(customer),
    }


def _orders(customer: Customer) -> list[dict[str, Any]]:
    """Of the shops where they ordered, some queries each."""
    known = Pizzeria.objects.with_schema().filter(pk__in=customer.orders.values("pizzeria_id"))
    found: list[dict[str, Any]] = []
    for pizzeria in known:
        with schema_context(pizzeria.schema_name):
            found += _orders_in(pizzeria, customer)
    return sorted(found, key=lambda order: order["placed_at"])


def _orders_in(pizzeria: Pizzeria, customer: Customer) -> list[dict[str, Any]]:
    theirs = Order.objects.filter(customer_id=customer.pk)
    orders = list(theirs.prefetch_related("lines", "payments", "refunds").order_by("pk"))
    told: dict[int, list[dict[str, Any]]] = {}
    messages = Message.objects.filter(pizzeria=pizzeria, order_number__in=[order.pk for order in orders])
    for message in messages.exclude(sent_at=None).order_by("sent_at"):
        row = {"kind": message.kind, "channel": message.channel, "sent_at": _moment(message.sent_at)}
        told.setdefault(message.order_number, []).append(row)
    return [_order(pizzeria, order) | {"messages": told.get(order.pk, [])} for order in orders]


OF_AN_ORDER = (
    "number", "state", "mode", "channel", "contact_name", "contact_phone", "contact_email", "street", "postcode", "city",
    "address_details", "latitude", "longitude", "note", "allergy_note", "items_cents", "delivery_fee_cents",
    "discount_cents", "total_cents", "reversed_cents", "terms_version", "adult_declared",
)  # fmt: skip
MOMENTS = ("placed_at", "claimed_at", "ready_at", "left_at", "handed_over_at", "cancelled_at")


def _order(pizzeria: Pizzeria, order: Order) -> dict[str, Any]:
    return {
        "pizzeria": pizzeria.name,
        **{name: getattr(order, name) for name in OF_AN_ORDER},
        **{name: _moment(getattr(order, name)) for name in MOMENTS},
        "lines": [
            {
                "label": line.label,
                "quantity": line.quantity,
                "unit_price_cents": line.unit_price_cents,
                "without": line.without_names,
                "extras": line.extra_names,
                "allergens": line.allergens,
            }
            for line in order.lines.all()
        ],
        "payments": [
            {"means": paid.means, "amount_cents": paid.amount_cents, "taken_at": _moment(paid.taken_at)}
            for paid in order.payments.all()
        ],
        "refunds": [
            {"means": back.means, "amount_cents": back.amount_cents, "asked_at": _moment(back.asked_at)}
            for back in order.refunds.all()
        ],
    }


def _moment(at: dt.datetime | None) -> str | None:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at else None
