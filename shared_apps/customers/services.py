"""What the group knows of a customer with an account."""

import datetime as dt
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import User
from shared_apps.core.errors import RuleError
from shared_apps.customers.models import Address, Customer


class AccountClosed(RuleError):
    """Its data are being erased."""

    def __init__(self) -> None:
        super().__init__(_("This account is closed: order without one, or open another."))


def of_user(user: User) -> Customer:
    """The customer that a user is, from their first visit to their account or their first order."""
    customer, _created = Customer.objects.get_or_create(user=user)
    return customer


def ordering(*, user: User) -> Customer:
    """The customer that orders, held until the end of the transaction: who erases the account waits for the order.

    The first lock of an order placed with an account. Raises AccountClosed.
    """
    customer, _created = Customer.objects.select_for_update(no_key=True).get_or_create(user=user)
    if customer.closed_at:
        raise AccountClosed
    return customer


@transaction.atomic
def remember_address(
    *, customer: Customer, street: str, postcode: str, city: str, details: str, latitude: float, longitude: float
) -> Address:
    """Kept for the next order; the same address again is only used again. Raises AccountClosed."""
    if not Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk, closed_at=None).exists():
        raise AccountClosed
    address, _created = Address.objects.update_or_create(
        customer=customer,
        street=street,
        postcode=postcode,
        city=city,
        defaults={"details": details, "latitude": latitude, "longitude": longitude},
    )
    return address


def find(*, user: User) -> Customer | None:
    return Customer.objects.filter(user=user).first()


class ConsentMissing(RuleError):
    """Health data are kept with the explicit consent of whom they are about (GDPR art. 9-2 a)."""

    def __init__(self) -> None:
        super().__init__(_("Tick that you agree: without it we keep no allergy."))


@transaction.atomic
def change_details(*, user: User, name: str, phone: str, wants_steps: bool) -> None:
    """`phone` is E.164. Raises AccountClosed."""
    customer = ordering(user=user)
    user.name, user.phone, customer.wants_steps = name, phone, wants_steps
    user.save(update_fields=["name", "phone"])
    customer.save(update_fields=["wants_steps"])


def remove_address(*, user: User, address_id: int) -> bool:
    """False when it is not one of theirs; orders that went there keep it as long as they keep any."""
    return bool(Address.objects.filter(pk=address_id, customer__user=user).delete()[0])


@transaction.atomic
def keep_allergens(*, user: User, allergens: Iterable[str], agreed: bool, now: dt.datetime) -> None:
    """Those of the 14 that the card warns of; none forgets them and the consent. Raises ConsentMissing, AccountClosed."""
    customer = ordering(user=user)
    customer.allergens = sorted(set(allergens))
    if customer.allergens and not agreed:
        raise ConsentMissing
    customer.allergens_agreed_at = now if customer.allergens else None
    customer.save(update_fields=["allergens", "allergens_agreed_at"])


def allergens_of(user: User | AnonymousUser) -> list[str]:
    """What the card warns this visitor of; asks nothing for a visitor without an account."""
    if not user.is_authenticated:
        return []
    return Customer.objects.filter(user=user).values_list("allergens", flat=True).first() or []
