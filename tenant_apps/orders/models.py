import datetime as dt
import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import Allergen, Ingredient, ServiceMode, Variant
from shared_apps.customers.models import Customer
from tenant_apps.orders.lifecycle import OPEN, Actor, State, Station
from tenant_apps.promotions.models import Voucher
from tenant_apps.shop.models import Slot


def new_reference() -> str:
    """The unguessable name of an order in its tracking address: 128 bits."""
    return secrets.token_urlsafe(16)


class RemakeReason(models.TextChoices):
    BURNT = "burnt", _("Burnt or dropped")
    WRONG = "wrong", _("Not what was ordered")
    MISSING = "missing", _("Missing from the bag")
    COLD = "cold", _("Cold or too late")
    DAMAGED = "damaged", _("Damaged on the road")
    COMPLAINT = "complaint", _("The customer complained")
    OTHER = "other", _("Another reason")


class FailureReason(models.TextChoices):
    """Why a driver could not hand an order over."""

    ABSENT = "absent", _("Nobody there")
    WRONG_ADDRESS = "wrong_address", _("Wrong address")
    REFUSED = "refused", _("Refused at the door")
    UNDER_AGE = "under_age", _("No proof of age, and alcohol alone")
    CANNOT_PAY = "cannot_pay", _("Cannot pay")
    DAMAGED = "damaged", _("Damaged on the road")
    OTHER = "other", _("Another reason")


class Order(models.Model):
    class Channel(models.TextChoices):
        WEB = "web", _("Web")
        PHONE = "phone", _("Phone")
        COUNTER = "counter", _("Counter")

    class Alcohol(models.TextChoices):
        NONE = "", _("No alcohol")
        TO_CHECK = "to_check", _("Age to be checked")
        CHECKED = "checked", _("Age checked")
        REFUSED = "refused", _("Alcohol refused")

    reference = models.CharField(max_length=32, unique=True)
    # One submission of a form makes one order, however often it is sent.
    submission = models.UUIDField(unique=True)
    state = models.CharField(max_length=16, choices=State, default=State.ACCEPTED)
    channel = models.CharField(max_length=8, choices=Channel)
    mode = models.CharField(max_length=12, choices=ServiceMode)
    customer = models.ForeignKey(Customer, on_delete=models.DO_NOTHING, null=True, related_name="+")
    contact_name = models.CharField(max_length=80)
    contact_phone = models.CharField(max_length=16)
    contact_email = models.EmailField(blank=True)
    street = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=5, blank=True)
    city = models.CharField(max_length=80, blank=True)
    address_details = models.CharField(max_length=120, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    note = models.CharField(max_length=200, blank=True)
    allergy_note = models.CharField(max_length=200, blank=True)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="orders")
    # The way to the door as it was promised, and the time told when the shop sees that the slot will not be kept.
    travel_minutes = models.PositiveSmallIntegerField(default=0)
    estimated_until_at = models.DateTimeField(null=True)
    # When the driver comes to this door by the order of their stops; known on the road only.
    arrives_at = models.DateTimeField(null=True)
    as_soon_as_possible = models.BooleanField(default=True)
    # Kitchen work of the order, in hundredths of a pizza: what it takes in its slot.
    work = models.PositiveIntegerField()
    items_cents = models.PositiveIntegerField()
    delivery_fee_cents = models.PositiveIntegerField(default=0)
    # Off the whole order, for a reason: no line's own price. `discounts` says which.
    discount_cents = models.PositiveIntegerField(default=0, db_default=0)
    total_cents = models.PositiveIntegerField()
    # What is owed no longer because some of it was taken back after it was paid (`payments.Reversal`).
    reversed_cents = models.PositiveIntegerField(default=0, db_default=0)
    # E-mails at the steps (ready, on its way, late); what was ordered or is owed is told in any case.
    wants_steps = models.BooleanField(default=True)
    terms_version = models.CharField(max_length=20, blank=True)
    # Alcohol in it, and whether who receives it showed that they are of age; who ordered said that they are.
    alcohol = models.CharField(max_length=8, choices=Alcohol, default=Alcohol.NONE, db_default=Alcohol.NONE, blank=True)
    adult_declared = models.BooleanField(default=False, db_default=False)
    placed_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)  # when its payment online came, for one that waited for it
    changed_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    # When a kitchen screen showed its ticket; one that none shows rings elsewhere, then is written to the managers.
    received_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    manager_told_at = models.DateTimeField(null=True)
    # One more at each change and at a cancellation; the kitchen acknowledges the version that it has seen.
    version = models.PositiveSmallIntegerField(default=1)
    seen_version = models.PositiveSmallIntegerField(default=1)
    # Where the kitchen works in stations each acknowledges for itself: its last version seen, until all have.
    seen_by_stations = models.JSONField(default=dict, db_default={})
    # « Refaire »: made again for nothing, because of what happened to the order that it names.
    remakes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="remade_by")
    remake_reason = models.CharField(max_length=16, choices=RemakeReason, blank=True)
    remake_words = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(items_cents=F("total_cents") + F("discount_cents") - F("delivery_fee_cents")),
                name="order_total_is_items_plus_delivery_less_discount",
            ),
            models.CheckConstraint(
                condition=Q(discount_cents__lte=F("items_cents")), name="discount_never_above_the_items"
            ),
            models.CheckConstraint(
                condition=Q(reversed_cents__lte=F("total_cents")), name="never_reversed_above_the_total"
            ),
            # One that is over keeps its address for a time only (`shared_apps.privacy`).
            models.CheckConstraint(
                condition=~Q(mode=ServiceMode.DELIVERY)
                | Q(handed_over_at__isnull=False)
                | Q(cancelled_at__isnull=False)
                | Q(latitude__isnull=False, longitude__isnull=False) & ~Q(city=""),
                name="a_delivery_under_way_has_an_address",
            ),
            models.CheckConstraint(condition=Q(remakes=None) | Q(total_cents=0), name="a_remake_sells_nothing"),
            models.CheckConstraint(
                condition=Q(alcohol="") | Q(adult_declared=True), name="alcohol_is_ordered_by_declared_adults"
            ),
            models.CheckConstraint(
                condition=~Q(state="handed_over") | ~Q(alcohol="to_check"),
                name="alcohol_is_handed_over_to_checked_adults",
            ),
            models.CheckConstraint(
                condition=Q(remakes=None, remake_reason="") | Q(remakes__isnull=False) & ~Q(remake_reason=""),
                name="a_remake_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["slot", "id"], condition=Q(state__in=sorted(OPEN)), name="order_open"),
            models.Index(fields=["contact_phone", "-placed_at"], name="order_by_phone"),
            models.Index(fields=["-placed_at"], name="order_by_placed"),
        ]

    def __str__(self) -> str:
        return f"n° {self.number}"

    @property
    def number(self) -> int:
        return self.pk

    @property
    def owed_cents(self) -> int:
        """What the shop may keep of what it takes for it: taken less given back ends there."""
        return 0 if self.state == State.CANCELLED else self.total_cents - self.reversed_cents

    @property
    def can_still_change(self) -> bool:
        """Until the kitchen claims it."""
        return self.state == State.ACCEPTED

    @property
    def delay_minutes(self) -> int:
        """How much later than promised the customer was told to expect it."""
        late = self.estimated_until_at - self.slot.ends_at if self.estimated_until_at else dt.timedelta()
        return int(late.total_seconds() // 60)

    @property
    def is_delayed(self) -> bool:
        """A later time than promised is still to be shown: what waits to be collected is there."""
        waiting = (State.ACCEPTED, State.PREPARING)
        on_the_road = self.mode == ServiceMode.DELIVERY and self.state in OPEN
        return self.delay_minutes > 0 and (self.state in waiting or on_the_road)

    @property
    def awaits_payment(self) -> bool:
        return self.state == State.AWAITING_PAYMENT

    @property
    def visible_since(self) -> dt.datetime:
        """When it was for the shop to see."""
        return self.accepted_at or self.placed_at

    @property
    def is_remake(self) -> bool:
        return self.remakes_id is not None

    @property
    def can_be_remade(self) -> bool:
        """Once the kitchen has begun it: before, it is changed or cancelled. Not once its address is forgotten."""
        before_the_kitchen = (State.AWAITING_PAYMENT, State.ACCEPTED, State.CANCELLED)
        forgotten = not self.contact_phone or (self.mode == ServiceMode.DELIVERY and self.latitude is None)
        return self.state not in before_the_kitchen and not self.is_remake and not forgotten

    @property
    def must_be_acknowledged(self) -> bool:
        """Changed or cancelled since the kitchen looked at it."""
        return self.seen_version < self.version

    @property
    def stations(self) -> frozenset[Station]:
        """Whose screens show its ticket: drinks alone are the dispatch's from the start, else it waits for a claim."""
        places = frozenset(line.station for line in self.lines.all())
        return places - {Station.DISPATCH} if self.claimed_at is None and len(places) > 1 else places

    def was_seen_by(self, station: Station | None, version: int) -> bool:
        """By this station, or by the whole kitchen: its one screen, or all the stations that show it."""
        return version <= max(self.seen_version, self.seen_by_stations.get(station, 0) if station else 0)

    @property
    def in_oven_at(self) -> dt.datetime | None:
        """When the last of its pizzas went in the oven, by an act of the kitchen; none while one is still being made."""
        moments = [line.in_oven_at for line in self.lines.all() if line.baked]
        return max((at for at in moments if at), default=None) if all(moments) else None

    @property
    def address(self) -> str:
        town = f"{self.postcode} {self.city}"
        return f"{self.street}, {town}" if self.street else town


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    variant = models.ForeignKey(Variant, on_delete=models.DO_NOTHING, related_name="+")
    other_half = models.ForeignKey(Variant, on_delete=models.DO_NOTHING, null=True, related_name="+")
    removed = ArrayField(models.BigIntegerField(), default=list)  # ids of ingredients
    extras = ArrayField(models.BigIntegerField(), default=list)  # ids of ingredients
    quantity = models.PositiveSmallIntegerField()
    unit_price_cents = models.PositiveIntegerField()
    # When a lower price was agreed: that of the card, why and who.
    list_price_cents = models.PositiveIntegerField(null=True)
    price_reason = models.CharField(max_length=120, blank=True)
    price_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    # What was sold, in words, as it was then: the card may change.
    label = models.CharField(max_length=160)
    without_names = ArrayField(models.CharField(max_length=60), default=list)
    extra_names = ArrayField(models.CharField(max_length=60), default=list)
    allergens = ArrayField(models.CharField(max_length=12, choices=Allergen), default=list)
    # « Olives noires → Olives vertes »: what stands for what in it, until the kitchen takes it and ever after.
    replaced_names = ArrayField(models.CharField(max_length=130), default=list)
    # A pizza passes the stations of the kitchen, where there are any; the rest is at the dispatch from the start.
    baked = models.BooleanField(default=False)
    in_oven_at = models.DateTimeField(null=True)
    out_of_oven_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("order", "position")
        constraints = [
            models.CheckConstraint(
                condition=Q(baked=True) | Q(in_oven_at=None), name="only_what_is_baked_goes_in_the_oven"
            ),
            models.CheckConstraint(
                condition=Q(out_of_oven_at=None) | Q(in_oven_at__isnull=False), name="out_of_the_oven_is_after_in"
            ),
            models.UniqueConstraint(fields=["order", "position"], name="one_line_per_position"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity_is_positive"),
            models.CheckConstraint(
                condition=Q(list_price_cents=None)
                | Q(list_price_cents__gte=F("unit_price_cents")) & ~Q(price_reason=""),
                name="an_agreed_price_is_lower_and_has_a_reason",
            ),
        ]

    @property
    def station(self) -> Station:
        if not self.baked or self.out_of_oven_at:
            return Station.DISPATCH
        return Station.OVEN if self.in_oven_at else Station.PREPARATION

    @property
    def total_cents(self) -> int:
        return self.quantity * self.unit_price_cents

    @property
    def list_total_cents(self) -> int:
        return self.quantity * (self.unit_price_cents if self.list_price_cents is None else self.list_price_cents)


class OrderDiscount(models.Model):
    """Something off a whole order: a code that the customer used, or a discount that the shop agreed to."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="discounts")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, null=True, related_name="discounts")
    percent = models.PositiveSmallIntegerField(null=True)
    sum_cents = models.PositiveIntegerField(null=True)
    amount_cents = models.PositiveIntegerField()  # what it is worth on the items as they are
    reason = models.CharField(max_length=200)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    by_manager = models.BooleanField(default=False)
    at = models.DateTimeField()
    submission = models.UUIDField(null=True, unique=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(voucher__isnull=False), name="one_voucher_per_order"),
            models.CheckConstraint(
                condition=Q(percent__isnull=False, sum_cents=None) | Q(percent=None, sum_cents__isnull=False),
                name="a_discount_is_a_percentage_or_a_sum",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_discount_has_a_reason"),
        ]

    @property
    def label(self) -> str:
        code = f"{self.voucher.code} : " if self.voucher else ""
        share = f" ({self.percent}\u00a0%)" if self.percent else ""
        return f"{code}{self.reason}{share}"


class OrderEvent(models.Model):
    """Who did what to an order, when and why. Never edited."""

    append_only = True

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16, choices=State)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    capacity = models.CharField(max_length=8, choices=Actor)
    reason = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("id",)

    @property
    def failure(self) -> str:
        """Why the delivery failed, in words."""
        known = self.to_state == State.FAILED and self.reason in FailureReason.values
        return str(FailureReason(self.reason).label) if known else ""


class BlockedNumber(models.Model):
    """A phone number that orders nothing here for a while. Its row is all that is kept of it, and unblocking deletes it."""

    phone = models.CharField(max_length=16, unique=True)  # E.164
    reason = models.CharField(max_length=200)
    blocked_at = models.DateTimeField()
    blocked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    until_date = models.DateField(null=True)  # the last day of it; none is for ever
    # Orders that the manager lets through all the same.
    passes = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("-blocked_at",)
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="a_blocked_number_has_a_reason")]


class Case(models.Model):
    """« À traiter »: something about an order that only a person can settle."""

    class Kind(models.TextChoices):
        SHORTAGE = "shortage", _("An ingredient is missing")
        REMAKE = "remake", _("To be made again")
        MONEY_BACK = "money_back", _("Money to give back")
        ALLERGY = "allergy", _("Allergens changed, with an allergy note")
        TO_COLLECT = "to_collect", _("Payment to collect")
        LATE_PAYMENT = "late_payment", _("Paid too late, given back")
        RECONCILIATION = "reconciliation", _("Differs from Stripe")
        FAILED_DELIVERY = "failed_delivery", _("Not delivered")
        ROAD = "road", _("An act of the driver was refused")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(max_length=16, choices=Kind)
    ingredient = models.ForeignKey(Ingredient, on_delete=models.DO_NOTHING, null=True, related_name="+")
    words = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    resolution = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind", "ingredient"],
                condition=Q(closed_at=None),
                nulls_distinct=False,
                name="one_open_case_per_order_kind_ingredient",
            )
        ]
