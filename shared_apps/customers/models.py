from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Allergen


class Customer(models.Model):
    """A customer with an account, the same in every shop of the group. A guest leaves only what the order needs."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="customer")
    wants_steps = models.BooleanField(_("e-mails at each step of my orders"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What they are allergic to, so that the card warns them: health data, kept with their consent only (GDPR art. 9-2 a).
    allergens = ArrayField(models.CharField(max_length=12, choices=Allergen), default=list, db_default=[], blank=True)
    allergens_agreed_at = models.DateTimeField(null=True)
    # Since when they order nothing any more: their account is erased (`shared_apps.privacy`).
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(allergens=[]) | Q(allergens_agreed_at__isnull=False),
                name="allergens_are_kept_with_consent_only",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)


class Address(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    street = models.CharField(_("street"), max_length=120)
    postcode = models.CharField(_("postcode"), max_length=5)
    city = models.CharField(_("city"), max_length=80)
    details = models.CharField(_("floor, door code"), max_length=120, blank=True)
    latitude = models.FloatField()
    longitude = models.FloatField()
    used_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-used_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "street", "postcode", "city"], name="one_row_per_address_of_a_customer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.street}, {self.postcode} {self.city}"
