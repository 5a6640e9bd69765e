"""What the group knows of a customer with an account."""

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
