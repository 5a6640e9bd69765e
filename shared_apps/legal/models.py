"""The texts of the legal pages, as head office wrote them. What the system knows stands in them by name (`placeholders`)."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import User


class Page(models.TextChoices):
    """Each named by its address."""

    TERMS = "conditions-de-vente", _("Terms of sale")
    LEGAL_NOTICE = "mentions-legales", _("Legal notice")
    PRIVACY = "confidentialite", _("Privacy")

    @property
    def heading(self) -> str:
        return str(_("General terms of sale") if self == Page.TERMS else self.label)


class VersionQuerySet(models.QuerySet["Version"]):
    def in_force(self, page: str, now: dt.datetime) -> "VersionQuerySet":
        """The one that binds, first: of those that have taken effect, the last published."""
        return self.filter(page=page, effective_at__lte=now).order_by("-number")


class Version(models.Model):
    """A publication. Orders name the terms that they were placed under: no version is ever changed nor deleted."""

    append_only = True

    page = models.CharField(max_length=20, choices=Page)
    number = models.PositiveIntegerField()  # in the order of publication
    name = models.CharField(max_length=20)  # in its address and on orders: the day from which it is meant to apply
    source = models.TextField()
    # The placeholders as they were, by name: once replaced it is shown with these.
    values = models.JSONField(default=dict)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField()
    effective_at = models.DateTimeField()

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            # Of two who publish on the same version, the second is refused.
            models.UniqueConstraint(fields=["page", "number"], name="one_version_per_page_and_number"),
            models.UniqueConstraint(fields=["page", "name"], name="one_version_per_page_and_name"),
            models.CheckConstraint(
                condition=Q(effective_at__gte=F("published_at")), name="a_version_never_applies_before_it_is_published"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.page} {self.name}"


class Draft(models.Model):
    """What somebody is writing: of a page each has one, which nobody else sees."""

    page = models.CharField(max_length=20, choices=Page)
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    source = models.TextField()
    based_on = models.PositiveIntegerField()  # the number of the version that was the last when they began
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "author"], name="one_draft_per_page_and_author")]
