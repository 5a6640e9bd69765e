"""The sealed journal of a shop's till and what numbers it (CGI art. 286 I 3° bis; ADR 0035)."""

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from shared_apps.core.templatetags.formats import dated

EVENTS = {
    "archive_made": _("archive made"),
    "cash_in": _("cash put in the drawer"),
    "cash_out": _("cash taken out of the drawer"),
    "credit_note_given": _("credit note given"),
    "drawer_closed": _("drawer counted and closed"),
    "drawer_handed_over": _("drawer counted and handed over"),
    "drawer_no_sale": _("drawer opened without a sale"),
    "drawer_opened": _("drawer opened"),
    "invoice_made": _("invoice made"),
    "journal_verified": _("journal verified"),
    "key_changed": _("another signing key"),
    "restored": _("restored from a backup"),
    "training_on": _("training mode opened"),
    "training_off": _("training mode closed"),
}


class Chain(models.TextChoices):
    TILL = "till", _("Till")
    TRAINING = "training", _("Training")  # « MODE ÉCOLE »: its own numbers, no turnover


class Entry(models.Model):
    """Something that the till will never forget. Every column is part of what is signed, and no role changes a row."""

    append_only = True

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        SALE = "sale", _("Sale")
        REFUND = "refund", _("Refund")
        CORRECTION = "correction", _("Correction")
        ISSUE = "issue", _("Receipt given")
        DUPLICATA = "duplicata", _("Duplicata")
        CLOSING = "closing", _("Closing")
        TECHNICAL = "technical", _("Technical event")

    chain = models.CharField(max_length=8, choices=Chain)
    number = models.PositiveBigIntegerField()  # without a gap in its chain
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()  # when it was sealed; an act made offline keeps its own time in the content
    day = models.DateField()  # the business day whose closing counts it
    order_number = models.BigIntegerField(null=True)
    receipt_number = models.BigIntegerField(null=True)  # of a sale: its own; else the sale it is about
    turnover_cents = models.BigIntegerField(default=0)  # sale +, refund −, correction ±
    taken_cents = models.BigIntegerField(default=0)  # payment +, money returned −
    perpetual_cents = models.BigIntegerField()  # turnover since the till's first day, this entry included
    content = models.JSONField()  # values, never ids, and nothing that says who the customer is
    key = models.CharField(max_length=20)  # the name of the key that signed it
    signature = models.CharField(max_length=64)  # HMAC-SHA256 over the signature before it and all of the above

    class Meta:
        ordering = ("chain", "number")
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="one_entry_per_number"),
            models.UniqueConstraint(
                fields=["chain", "receipt_number"], condition=Q(kind="sale"), name="one_sale_per_receipt_number"
            ),
            models.CheckConstraint(
                condition=~Q(kind="sale") | Q(receipt_number__isnull=False), name="a_sale_has_a_receipt_number"
            ),
        ]
        indexes = [
            models.Index(fields=["chain", "day", "number"], name="entry_by_day"),
            models.Index(fields=["-number"], condition=Q(kind="technical"), name="entry_technical"),
            models.Index(fields=["order_number"], condition=Q(order_number__isnull=False), name="entry_by_order"),
        ]

    @property
    def event(self) -> str:
        """What a technical entry or a closing tells, in words."""
        if self.kind == self.Kind.CLOSING:
            period = Closing.Period(self.content["period"]).label
            return f"{period} {self.content['starts_on']}"
        name = self.content.get("event", "")
        return str(EVENTS.get(name, name))


class JournalHead(models.Model):
    """Where a chain stands. Locked while it grows, so that its numbers have no gap; `seal` signs the rest of the row."""

    never_deleted = True

    chain = models.CharField(primary_key=True, max_length=8, choices=Chain)
    number = models.PositiveBigIntegerField(default=0)
    receipt_number = models.PositiveBigIntegerField(default=0)
    invoice_number = models.PositiveBigIntegerField(default=0)
    perpetual_cents = models.BigIntegerField(default=0)
    # The last business day closed, at first the one before the till's first: what comes after belongs to the next.
    closed_day = models.DateField(null=True)
    key = models.CharField(max_length=20, blank=True)
    signature = models.CharField(max_length=64, blank=True)  # of the last entry
    seal = models.CharField(max_length=64, blank=True)


class Closing(models.Model):
    """Z: a business day, a month or a year, closed once. Its figures are those of the entry that seals them."""

    append_only = True

    class Period(models.TextChoices):
        DAY = "day", _("Day")
        MONTH = "month", _("Month")
        YEAR = "year", _("Year")

    period = models.CharField(max_length=5, choices=Period)
    number = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    entry_number = models.PositiveBigIntegerField(unique=True)
    figures = models.JSONField()

    class Meta:
        ordering = ("-ends_on", "-entry_number")
        constraints = [
            models.UniqueConstraint(fields=["period", "number"], name="one_closing_per_number"),
            models.UniqueConstraint(fields=["period", "starts_on"], name="a_period_is_closed_once"),
        ]

    @property
    def title(self) -> str:
        """`Z n° 12, mardi 10 mars 2026`."""
        names = {"number": self.number, "period": self._period()}
        if self.period == self.Period.DAY:
            return _("Z no. %(number)s, %(period)s") % names
        if self.period == self.Period.MONTH:
            return _("Monthly closing no. %(number)s, %(period)s") % names
        return _("Yearly closing no. %(number)s, %(period)s") % names

    def _period(self) -> str:
        if self.period == self.Period.DAY:
            return dated(self.starts_on)
        if self.period == self.Period.MONTH:
            return date_format(self.starts_on, "F Y")
        return str(self.starts_on.year)


class Invoice(models.Model):
    """Made on request from a sealed sale. Its buyer is kept as long as the law keeps invoices (10 years), and nowhere else."""

    append_only = True

    number = models.PositiveBigIntegerField(unique=True)  # without a gap
    receipt_number = models.BigIntegerField(unique=True)
    order_number = models.BigIntegerField()
    made_at = models.DateTimeField()
    buyer_name = models.CharField(_("name"), max_length=120)
    buyer_address = models.CharField(_("address"), max_length=200)
    buyer_siren = models.CharField("SIREN", max_length=9, blank=True)
    buyer_vat_number = models.CharField(_("VAT number"), max_length=13, blank=True)

    class Meta:
        ordering = ("-number",)


class Archive(models.Model):
    """The journal of a period, as the file that was made then. `digest`, of its manifest, is sealed in the journal."""

    append_only = True

    number = models.PositiveIntegerField(unique=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    first_number = models.PositiveBigIntegerField()
    last_number = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64)
    entry_number = models.PositiveBigIntegerField(unique=True)
    file = models.BinaryField()

    class Meta:
        ordering = ("-number",)
