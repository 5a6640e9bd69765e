from django.db import transaction

from shared_apps.accounts.models import User
from shared_apps.customers.models import Address, Customer


def of_user(user: User) -> Customer:
    """The customer that a user is, from their first visit to their account or their first order."""
    customer, _created = Customer.objects.get_or_create(user=user)
    return customer


@transaction.atomic
def remember_address(
    *, customer: Customer, street: str, postcode: str, city: str, details: str, latitude: float, longitude: float
) -> Address:
    """Kept for the next order; the same address again is only used again."""
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
