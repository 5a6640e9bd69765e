"""A customer's account erased: closed at once, forgotten by every shop in a task of its own, then by the group (ADR 0044).

Locks: the customer's row first, which an order of theirs holds too; in a shop, their orders by number.
"""

import datetime as dt
import logging
from smtplib import SMTPException, SMTPRecipientsRefused

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from shared_apps.accounts.models import Membership, User
from shared_apps.baskets.models import Basket
from shared_apps.core.errors import RuleError
from shared_apps.customers.models import Customer
from shared_apps.places.models import Geocode
from shared_apps.privacy.models import Erasure, ErasureNotice, ErasureStep, Export
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders.models import Order
from tenants.models import Pizzeria

logger = logging.getLogger(__name__)
OVER = ("handed_over", "cancelled")
LETTER_WAITS = dt.timedelta(days=3)  # for a mail server that does not answer; then the account goes without it
WITHOUT_END = dt.timedelta(days=2)  # an erasure that lasts longer is told


class StaffAccount(RuleError):
    """Somebody who works here signs sales and receptions: their manager takes them out of the team first."""

    def __init__(self) -> None:
        super().__init__(
            gettext_lazy("This account is that of somebody of the team: ask your manager to take you out of it first.")
        )


class OrderUnderWay(RuleError):
    """An order is first delivered, collected or cancelled."""

    def __init__(self, order: OrderSummary) -> None:
        words = gettext_lazy("Your order no. %(number)s at %(pizzeria)s is under way: come back once it is over.")
        super().__init__(words % {"number": order.number, "pizzeria": order.pizzeria.name})
        self.order = order


@transaction.atomic
def begin(*, user: User, cause: Erasure.Cause, now: dt.datetime) -> Erasure:
    """The account is closed and signed out everywhere from here on; the rest follows. Asked twice, it is one erasure.

    Raises StaffAccount, OrderUnderWay.
    """
    customer, _made = Customer.objects.select_for_update().get_or_create(user=user)
    user = User.objects.select_for_update().get(pk=user.pk)
    already = Erasure.objects.filter(user=user).first()
    if already:
        return already
    _check(user, customer)
    erasure = Erasure.objects.create(user=user, cause=cause, asked_at=now)
    _close(user, customer, now)
    async_task("shared_apps.privacy.tasks.erase", erasure.pk)
    return erasure


def obstacle(*, user: User) -> RuleError | None:
    """What stands before it now, in words."""
    try:
        _check(user, Customer.objects.filter(user=user).first())
    except RuleError as refusal:
        return refusal
    return None


def _check(user: User, customer: Customer | None) -> None:
    if user.is_staff or user.is_superuser or Membership.objects.filter(user=user).exists():
        raise StaffAccount
    under_way = OrderSummary.objects.filter(customer__isnull=False, customer=customer).exclude(state__in=OVER)
    order = under_way.select_related("pizzeria").order_by("placed_at").first()
    if order:
        raise OrderUnderWay(order)


def _close(user: User, customer: Customer, now: dt.datetime) -> None:
    """What the group holds goes at once, but for the e-mail that the last letter needs."""
    customer.closed_at, customer.wants_steps = now, False
    customer.allergens, customer.allergens_agreed_at = [], None
    customer.save()
    user.is_active, user.name, user.phone, user.last_login, user.email_proven_at = False, "", "", None, None
    user.set_unusable_password()  # no session of before fits it
    user.save()
    for address in customer.addresses.all():
        Geocode.objects.filter(street=address.street, postcode=address.postcode).delete()
    customer.addresses.all().delete()
    keys = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    for model in (UserSession, Authenticator, EmailAddress, Basket, Export, ErasureNotice):
        model.objects.filter(user=user).delete()
    support = LogEntry.objects.filter(content_type__app_label="accounts", content_type__model="user")
    support.filter(object_id=str(user.pk)).update(object_repr=f"n° {user.pk}")


def spread(*, erasure_id: int) -> None:
    """Each shop has a step; called again, it asks only those that are not done.

    For somebody who waits, each shop has a task; unused accounts, many at once, are for the night of each shop.
    """
    erasure = Erasure.objects.get(pk=erasure_id)
    if erasure.done_at:
        return
    steps = [ErasureStep(erasure=erasure, pizzeria=pizzeria) for pizzeria in Pizzeria.objects.with_schema()]
    ErasureStep.objects.bulk_create(steps, ignore_conflicts=True)
    waiting = _waiting(erasure_id)
    for pizzeria_id in waiting if erasure.cause == Erasure.Cause.ASKED else ():
        async_task("shared_apps.privacy.tasks.erase_in_shop", pizzeria_id, erasure_id)
    if not waiting:
        async_task("shared_apps.privacy.tasks.finish_erasure", erasure_id)


def waiting_for(*, pizzeria_id: int) -> list[int]:
    """Erasures that this shop has not done its part of."""
    undone = ErasureStep.objects.filter(pizzeria_id=pizzeria_id, done_at=None)
    return list(undone.order_by("erasure_id").values_list("erasure_id", flat=True))


def _waiting(erasure_id: int) -> list[int]:
    """Shops that have not done their part; one that is closed for good has nothing left."""
    undone = ErasureStep.objects.filter(erasure_id=erasure_id, done_at=None)
    undone = undone.exclude(pizzeria__state=Pizzeria.State.CLOSED)
    return list(undone.order_by("pizzeria_id").values_list("pizzeria_id", flat=True))


@transaction.atomic
def forget_customer(*, pizzeria_id: int, customer_id: int) -> bool:
    """Their orders in the shop of the current schema become anonymous sales, in the group's figures too.

    False when one of them is not over, or is a case: it is asked again later. Held together with what makes one of them
    again, which copies it under the lock of the first.
    """
    return _forget(pizzeria_id, Order.objects.filter(customer_id=customer_id))


@transaction.atomic
def forget_guest(*, pizzeria_id: int, phone: str) -> tuple[int, bool]:
    """Orders placed without an account from this E.164 number, in the shop of the current schema, at its owner's request.

    How many there are, and whether they are forgotten: not while one of them is not over, or is a case.
    """
    theirs = Order.objects.filter(contact_phone=phone, customer=None, remakes=None)
    return theirs.count(), _forget(pizzeria_id, theirs)


def _forget(pizzeria_id: int, theirs: "QuerySet[Order]") -> bool:
    held = theirs.order_by("pk").select_for_update(of=("self",), no_key=True)
    numbers = list(held.values_list("pk", flat=True))
    if not numbers:
        return True
    whole = Order.objects.filter(Q(pk__in=numbers) | Q(remakes_id__in=numbers))
    if whole.filter(~Q(state__in=OVER) | Q(cases__isnull=False, cases__closed_at=None)).exists():
        return False
    keys = list(whole.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for statement in FORGET_CUSTOMER:
            cursor.execute(statement, {"keys": keys})
    OrderSummary.objects.filter(pizzeria_id=pizzeria_id, number__in=numbers).update(customer=None)
    return True


FORGET_CUSTOMER = (
    """UPDATE orders_order SET customer_id = NULL, contact_name = '', contact_phone = '', contact_email = '', street = '',
       address_details = '', latitude = NULL, longitude = NULL, note = '', allergy_note = '', remake_words = ''
       WHERE id = ANY(%(keys)s)""",
    """UPDATE delivery_stop SET failure_words = '' WHERE order_id = ANY(%(keys)s)""",
    """UPDATE orders_case SET words = '', resolution = '' WHERE order_id = ANY(%(keys)s)""",
)


def forget_closed(*, pizzeria_id: int) -> None:
    """Orders here of customers who are erased already: those of a backup that was restored."""
    closed = Customer.objects.filter(Exists(Order.objects.filter(customer=OuterRef("pk"))), closed_at__isnull=False)
    for customer_id in closed.values_list("pk", flat=True):
        forget_customer(pizzeria_id=pizzeria_id, customer_id=customer_id)


@transaction.atomic
def step_done(*, erasure_id: int, pizzeria_id: int, now: dt.datetime) -> None:
    Erasure.objects.select_for_update().get(pk=erasure_id)  # of two shops that end together, the later sees the other
    ErasureStep.objects.filter(erasure_id=erasure_id, pizzeria_id=pizzeria_id, done_at=None).update(done_at=now)
    if not _waiting(erasure_id):
        async_task("shared_apps.privacy.tasks.finish_erasure", erasure_id)


@transaction.atomic
def finish(*, erasure_id: int, now: dt.datetime) -> None:
    """The last letter, then nothing says any more whose the account was."""
    erasure = Erasure.objects.select_for_update(of=("self",)).select_related("user").get(pk=erasure_id)
    if erasure.done_at or _waiting(erasure_id):
        return
    _write(erasure, now)
    erasure.user.email = f"{erasure.user.pk}@efface.invalid"
    erasure.user.save(update_fields=["email"])
    erasure.done_at = now
    erasure.save(update_fields=["done_at"])
    erasure.steps.all().delete()


def _write(erasure: Erasure, now: dt.datetime) -> None:
    """An address that takes no mail, or a server that has been silent for days, keeps nobody's data here."""
    letter = render_to_string("privacy/erased.txt", {"erasure": erasure})
    try:
        send_mail(_("Your account is erased"), letter, None, [erasure.user.email])
    except SMTPRecipientsRefused:
        logger.warning("erasure %s: its last letter was refused", erasure.pk)
    except (SMTPException, OSError):
        if now - erasure.asked_at < LETTER_WAITS:
            raise
        logger.warning("erasure %s: nobody took its last letter", erasure.pk)


def resume(*, now: dt.datetime) -> None:
    """Those that are not done are asked again; one that lasts too long is told to whoever watches the errors."""
    for erasure in Erasure.objects.filter(done_at=None).order_by("asked_at"):
        async_task("shared_apps.privacy.tasks.erase", erasure.pk)
        if now - erasure.asked_at > WITHOUT_END:
            logger.error("erasure %s is not done: shops %s", erasure.pk, _waiting(erasure.pk))
