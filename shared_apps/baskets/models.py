import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from shared_apps.catalogue.models import Variant
from tenants.models import Pizzeria


class Basket(models.Model):
    """What a visitor is about to order. Public, so that it can move to another shop; found by a cookie's token."""

    token = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="baskets")
    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.CASCADE, null=True, related_name="+")
    # One order at most comes out of one submission: renewed when the order is placed.
    submission = models.UUIDField(default=uuid.uuid4)
    # The order being changed, by its reference; empty for a new order.
    changes_order = models.CharField(max_length=32, blank=True)
    # While an order is changed, the basket that waits for its customer to come back to it.
    set_aside = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    # Taken at the counter or on the phone: nobody's cookie holds it, the shop's staff find it again by this.
    is_counter = models.BooleanField(default=False)
    parked_as = models.CharField(max_length=60, blank=True)
    # What the caller said so far, by the names of the form's fields; and the shop that handed the order over.
    contact = models.JSONField(default=dict)
    handed_by = models.ForeignKey(Pizzeria, on_delete=models.SET_NULL, null=True, related_name="+")
    # A promotional code as it was typed; what it is worth is said by the shop where it is used.
    voucher_code = models.CharField(max_length=20, blank=True)
    updated_at = models.DateTimeField(auto_now=True)


class BasketLine(models.Model):
    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    other_half = models.ForeignKey(Variant, on_delete=models.CASCADE, null=True, related_name="+")
    removed = ArrayField(models.BigIntegerField(), default=list)  # ids of ingredients
    extras = ArrayField(models.BigIntegerField(), default=list)  # ids of ingredients
    quantity = models.PositiveSmallIntegerField(default=1)
    # A price of one piece that the counter agreed to, why and who; empty: that of the card.
    agreed_cents = models.PositiveIntegerField(null=True)
    agreed_reason = models.CharField(max_length=120, blank=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    agreed_by_manager = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=50), name="basket_quantity_is_1_to_50")
        ]
