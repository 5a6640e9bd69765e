"""What somebody asked about their own data: to be forgotten, to have a copy (ADR 0044)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Pizzeria


class Erasure(models.Model):
    """An account that is closed and being forgotten, until the last shop has done its part. Names nobody once it is done."""

    class Cause(models.TextChoices):
        ASKED = "asked", _("Asked by the customer")
        INACTIVE = "inactive", _("Unused for years")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=8, choices=Cause)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_at"], condition=Q(done_at=None), name="erasure_under_way")]


class ErasureStep(models.Model):
    """The part of one shop."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="steps")
    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.CASCADE, related_name="+")
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["erasure", "pizzeria"], name="one_erasure_step_per_shop"),
        ]


class ErasureNotice(models.Model):
    """The letter that tells the owner of an unused account, before it goes, how to keep it; gone when they come back."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    written_at = models.DateTimeField()


class Export(models.Model):
    """A copy of all that we hold of an account, as it was when it was asked; gone after EXPORT_DAYS."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    content = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ready_at=None, content=None) | Q(ready_at__isnull=False, content__isnull=False),
                name="a_ready_export_has_a_content",
            )
        ]
