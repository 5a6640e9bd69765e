"""How one shop works: opening hours, delivery zone, slots, its own prices."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Variant


class ShopSettings(models.Model):
    """The one row of a shop's settings."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    delivery_radius_m = models.PositiveIntegerField(_("delivery radius (m)"), default=5000)
    delivery_fee_cents = models.PositiveIntegerField(_("delivery fee"), default=290)
    delivery_minimum_cents = models.PositiveIntegerField(_("minimum for a delivery"), default=1500)
    zone_polygon = ArrayField(
        ArrayField(models.FloatField(), size=2),
        default=list,
        blank=True,
        help_text=_("Latitude, longitude of each corner"),
    )
    delivery_bands = ArrayField(
        ArrayField(models.PositiveIntegerField(), size=3),
        default=list,
        blank=True,
        help_text=_("Metres from the shop, fee and minimum in cents"),
    )
    preparation_minutes = models.PositiveSmallIntegerField(_("minutes to prepare an order"), default=20)
    slot_minutes = models.PositiveSmallIntegerField(_("length of a slot (minutes)"), default=15)
    slot_work = models.PositiveIntegerField(
        _("work of a slot"), default=1200, help_text=_("Hundredths of a pizza the kitchen can do in one slot")
    )
    days_ahead = models.PositiveSmallIntegerField(_("days one can order ahead"), default=3)
    takes_orders = models.BooleanField(_("takes orders"), default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="a_shop_has_one_row_of_settings")]


class OpeningRange(models.Model):
    """Several a weekday are allowed; one that closes before it opens ends after midnight."""

    weekday = models.PositiveSmallIntegerField(help_text=_("Monday is 0"))
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ("weekday", "opens")
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_is_0_to_6"),
            models.UniqueConstraint(fields=["weekday", "opens"], name="one_range_per_opening"),
        ]


class Closure(models.Model):
    """A day the shop stays closed, whatever its usual hours."""

    day = models.DateField(unique=True)
    reason = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("day",)


class Slot(models.Model):
    """A promised window and what the kitchen has still free in it, in hundredths of a pizza. Made when first needed."""

    starts_at = models.DateTimeField(unique=True)
    ends_at = models.DateTimeField()
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("starts_at",)
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="slot_never_over_capacity"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_it_starts"),
        ]


class LocalOffer(models.Model):
    """Where a shop departs from the group's card: its own price, or a product it does not sell."""

    variant = models.OneToOneField(Variant, on_delete=models.DO_NOTHING, related_name="+")
    price_cents = models.PositiveIntegerField(null=True, blank=True)
    withdrawn = models.BooleanField(default=False)
