from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

# One host label (RFC 1123), short enough for `<database>_shop_<slug>` to fit in PostgreSQL's 63 bytes.
SLUG = RegexValidator(r"^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?\Z", _("Letters, digits and hyphens, 30 at most."))


class PizzeriaQuerySet(models.QuerySet["Pizzeria"]):
    def with_schema(self) -> "PizzeriaQuerySet":
        """Those that still have their tables: a closed pizzeria has none."""
        return self.exclude(state=Pizzeria.State.CLOSED)

    def called(self, slug: str) -> "Pizzeria | None":
        """By its slug, or by one that it had: its former addresses stay its own."""
        return self.filter(domains__domain=f"{slug}.{settings.BASE_DOMAIN}").first()


class Pizzeria(TenantMixin):
    """One shop of the group: a tenant, with its own PostgreSQL schema, role and subdomain."""

    class State(models.TextChoices):
        TRADING = "trading", _("Trading")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    objects = PizzeriaQuerySet.as_manager()

    auto_create_schema = False  # `tenants.schemas` creates it, with everything else, in one transaction

    slug = models.CharField(_("slug"), max_length=30, unique=True, validators=[SLUG])
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.TRADING)
    street = models.CharField(_("street"), max_length=120)
    postcode = models.CharField(_("postcode"), max_length=5)
    city = models.CharField(_("city"), max_length=80)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    phone = models.CharField(_("phone"), max_length=16, help_text=_("E.164: +33320000001"))
    legal_name = models.CharField(_("legal name"), max_length=120, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=13, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("pizzeria")
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(schema_name__startswith="shop_"), name="pizzeria_schema_is_a_shop_schema"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        return f"{self.slug}.{settings.BASE_DOMAIN}"

    @property
    def url(self) -> str:
        port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
        return f"{settings.PUBLIC_SCHEME}://{self.host}{port}"

    @property
    def address(self) -> str:
        return f"{self.street}, {self.postcode} {self.city}"

    @property
    def siren(self) -> str:
        """Of the company that sells: the shop's own, else the group's."""
        return (self.siret or settings.GROUP_SIRET)[:9]

    @property
    def has_legal_data(self) -> bool:
        """Without a seller's identity, no order may be taken (C. conso. L111-1; C. com. R123-237)."""
        name = self.legal_name or settings.GROUP_LEGAL_NAME
        siret = self.siret or settings.GROUP_SIRET
        vat_number = self.vat_number or settings.GROUP_VAT_NUMBER
        return bool(name and siret and vat_number)


def schema_name_for(slug: str) -> str:
    return f"shop_{slug.replace('-', '_')}"


class Domain(DomainMixin):
    """Host names that lead to a shop; django-tenants wants the table, the primary one is the slug under BASE_DOMAIN."""


class SchemaDefinition(models.Model):
    """The DDL of a shop's schema for one state of the migrations, so that a new shop replays it (ADR 0005)."""

    migrations_digest = models.CharField(primary_key=True, max_length=64)
    ddl = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True)


class RestoreDrill(models.Model):
    """A backup that was restored aside to see whether it can be: what head office reads of its own backups."""

    append_only = True

    at = models.DateTimeField()
    backup = models.CharField(max_length=200)  # the file's name
    pizzeria = models.CharField(max_length=80)
    seconds = models.FloatField()
    rows = models.PositiveIntegerField(default=0)
    fault = models.TextField(blank=True)  # empty when it restored and added up

    class Meta:
        ordering = ("-id",)
