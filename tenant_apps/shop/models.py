"""How one shop works: opening hours, delivery zone, slots, its own prices."""

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode, Variant
from shared_apps.catalogue.vat import FeeTreatment
from shared_apps.core.calendar import PARIS
from tenant_apps.shop import promise
from tenant_apps.shop.public_holidays import Holiday, Region


class ZoneKind(models.TextChoices):
    RADIUS = "radius", _("Around the shop")
    COMMUNES = "communes", _("Communes and postcodes")
    POLYGON = "polygon", _("A line drawn on the map")


class ShopSettings(models.Model):
    """The one row of a shop's settings."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    delivery_radius_m = models.PositiveIntegerField(_("delivery radius (m)"), default=5000)
    delivery_fee_cents = models.PositiveIntegerField(_("delivery fee"), default=290)
    delivery_minimum_cents = models.PositiveIntegerField(_("minimum for a delivery"), default=1500)
    zone_kind = models.CharField(max_length=8, choices=ZoneKind, default=ZoneKind.RADIUS)
    zone_communes = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text=_("« 59110 La Madeleine » is that commune, « 59110 » all that has this postcode"),
    )
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
    oven_places = models.PositiveSmallIntegerField(
        _("places in the oven"), default=4, help_text=_("How many pizzas are made at the same time")
    )
    make_minutes = models.PositiveSmallIntegerField(
        _("minutes to make a pizza"), default=5, help_text=_("How long one pizza takes one of these places")
    )
    usual_drivers = models.PositiveSmallIntegerField(_("usual number of drivers"), default=2)
    deliveries_per_driver = models.PositiveSmallIntegerField(_("deliveries of one driver in a slot"), default=2)
    drivers_on_shift = models.PositiveSmallIntegerField(_("drivers on shift now"), default=0, editable=False)
    escalate_after_seconds = models.PositiveSmallIntegerField(
        _("seconds before a ticket that no kitchen screen shows rings at the counter"), default=60
    )
    days_ahead = models.PositiveSmallIntegerField(_("days one can order ahead"), default=3)
    closed_holidays = ArrayField(models.CharField(max_length=16, choices=Holiday), default=list, blank=True)
    holiday_region = models.CharField(max_length=2, choices=Region, default=Region.FRANCE)
    takes_orders = models.BooleanField(_("takes orders"), default=True)
    discount_limit_percent = models.PositiveSmallIntegerField(
        _("discount of the counter (%)"),
        default=20,
        help_text=_("What the counter may take off an order without the manager: this or the sum below, the larger."),
    )
    discount_limit_cents = models.PositiveIntegerField(_("or, if it is more"), default=500)
    refund_limit_cents = models.PositiveIntegerField(
        _("what the counter gives back of an order without the manager"), default=2000, db_default=2000
    )
    prepaid_above_cents = models.PositiveIntegerField(
        _("deliveries above this are paid when ordered"), null=True, blank=True, help_text=_("Empty: never")
    )
    kitchen_stations = models.BooleanField(
        _("the kitchen works in stations"), default=False, help_text=_("Preparation, oven, dispatch: a screen each")
    )
    hurry_minutes = models.PositiveSmallIntegerField(
        _("minutes before the time promised when a ticket says to hurry"), default=10
    )
    late_minutes = models.PositiveSmallIntegerField(
        _("minutes after the time promised when a ticket says it is late"), default=0
    )
    printer_address = models.CharField(
        _("ticket printer"), max_length=120, blank=True, help_text=_("host:port on the shop's network; empty: none")
    )
    printer_opens_drawer = models.BooleanField(
        _("the cash drawer is plugged into the printer"),
        default=False,
        db_default=False,
        help_text=_("It opens when cash is taken"),
    )
    # Where it is sold: within these hours of the day, to adults (domain rules, distance selling; CSP L3342-1).
    sells_alcohol = models.BooleanField(
        _("sells alcohol"),
        default=False,
        db_default=False,
        help_text=_("The age is asked when it is ordered, and an identity document when it is handed over"),
    )
    alcohol_from = models.TimeField(_("alcohol is sold from"), default=dt.time(8), db_default=dt.time(8))
    alcohol_until = models.TimeField(_("until"), default=dt.time(22), db_default=dt.time(22))
    delivery_fee_vat = models.CharField(
        _("VAT of the delivery fee"), max_length=10, choices=FeeTreatment, default=FeeTreatment.ACCESSORY
    )
    # Rush mode and closed channels: each holds until its moment; who changed them is in TradingChange.
    rush_minutes = models.PositiveSmallIntegerField(default=0, editable=False)
    rush_until_at = models.DateTimeField(null=True, editable=False)
    web_delivery_closed_until_at = models.DateTimeField(null=True, editable=False)
    web_collection_closed_until_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="a_shop_has_one_row_of_settings"),
            models.CheckConstraint(
                condition=Q(oven_places__gte=1, make_minutes__gte=1), name="the_kitchen_makes_pizzas"
            ),
            models.CheckConstraint(
                condition=Q(alcohol_from__lt=F("alcohol_until")), name="alcohol_hours_are_within_a_day"
            ),
            models.CheckConstraint(
                condition=Q(rush_minutes=0) | Q(rush_until_at__isnull=False), name="a_rush_has_an_end"
            ),
        ]

    @property
    def slot_work(self) -> int:
        """What the kitchen can do in one slot, in hundredths of a pizza."""
        return promise.slot_work(
            oven_places=self.oven_places, make_minutes=self.make_minutes, slot_minutes=self.slot_minutes
        )

    def rush_at(self, now: dt.datetime) -> int:
        """Minutes added to what is promised."""
        return self.rush_minutes if self.rush_until_at and now < self.rush_until_at else 0

    def sells_alcohol_at(self, moment: dt.datetime) -> bool:
        return self.sells_alcohol and self.alcohol_from <= moment.astimezone(PARIS).time() < self.alcohol_until

    def web_closed_until(self, mode: str, now: dt.datetime) -> dt.datetime | None:
        """Until when the shop takes no order of this mode from its site; None when it takes them."""
        until_at = {
            ServiceMode.DELIVERY: self.web_delivery_closed_until_at,
            ServiceMode.COLLECTION: self.web_collection_closed_until_at,
        }.get(ServiceMode(mode))
        return until_at if until_at and now < until_at else None

    def delivery_capacity(self, starts_at: dt.datetime, now: dt.datetime) -> int:
        """How many deliveries a slot that starts then can have."""
        drivers = promise.drivers(
            on_shift=self.drivers_on_shift, usual=self.usual_drivers, starts_at=starts_at, now=now
        )
        return drivers * self.deliveries_per_driver


class TradingChange(models.Model):
    """Who changed rush mode or closed a channel, when, and what held before and after. Never edited."""

    append_only = True

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        ordering = ("id",)


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


class SpecialRange(models.Model):
    """Hours of one day that replace its usual ones; a closure goes before them."""

    day = models.DateField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ("day", "opens")
        constraints = [models.UniqueConstraint(fields=["day", "opens"], name="one_special_range_per_opening")]


class Slot(models.Model):
    """A promised window: kitchen work in hundredths of a pizza and deliveries, taken and possible. Made when needed."""

    starts_at = models.DateTimeField(unique=True)
    ends_at = models.DateTimeField()
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    delivery_capacity = models.PositiveSmallIntegerField()
    deliveries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("starts_at",)
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="slot_never_over_capacity"),
            models.CheckConstraint(
                condition=Q(deliveries__lte=F("delivery_capacity")), name="slot_never_over_its_drivers"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_it_starts"),
        ]


class LocalOffer(models.Model):
    """Where a shop departs from the group's card: its own price, or a product it does not sell."""

    variant = models.OneToOneField(Variant, on_delete=models.DO_NOTHING, related_name="+")
    price_cents = models.PositiveIntegerField(null=True, blank=True)
    withdrawn = models.BooleanField(default=False)
