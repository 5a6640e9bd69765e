"""The tablets and tills that a shop shares, and the PINs of those who work on them (ADR 0030)."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.permissions import Purpose


class Device(models.Model):
    """A browser that the manager paired; its token is in a cookie of this shop's host alone, its hash is here."""

    name = models.CharField(_("name"), max_length=40)
    purpose = models.CharField(_("used for"), max_length=8, choices=Purpose)
    lock_minutes = models.PositiveSmallIntegerField(_("locks after (minutes)"), default=10)
    # On a screen that several pairs of hands touch, the PIN may go with each act instead of opening the device.
    asks_each_time = models.BooleanField(_("asks for the PIN at each act"), default=False)
    # What the manager reads out and somebody types on the device, once, soon.
    code_digest = models.CharField(max_length=64, blank=True)
    code_until_at = models.DateTimeField(null=True)
    token_digest = models.CharField(max_length=64, unique=True, null=True)
    created_at = models.DateTimeField()
    paired_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Who works on it now; nobody: it is locked.
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+")
    operator_seen_at = models.DateTimeField(null=True)
    with_password = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(token_digest=None, code_digest="", operator=None),
                name="a_revoked_device_opens_nothing",
            ),
            models.CheckConstraint(
                condition=Q(operator=None, operator_seen_at=None, with_password=False)
                | Q(operator__isnull=False, operator_seen_at__isnull=False),
                name="an_operator_was_seen",
            ),
            models.CheckConstraint(
                condition=Q(asks_each_time=False) | ~Q(purpose=Purpose.COUNTER), name="a_till_has_an_operator"
            ),
            models.CheckConstraint(condition=Q(lock_minutes__range=(1, 120)), name="a_device_locks_by_itself"),
        ]

    def __str__(self) -> str:
        return self.name

    def idle_at(self, now: dt.datetime) -> bool:
        """Nobody touched it for so long that it is locked."""
        return self.operator_seen_at is None or now - self.operator_seen_at >= dt.timedelta(minutes=self.lock_minutes)


class Pin(models.Model):
    """What somebody types on the shop's devices to be their operator: a keyed digest, never the digits."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+")
    digest = models.CharField(max_length=64)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="one_person_per_pin")]


class Throttle(models.Model):
    """How often a secret was guessed wrong lately, by a device or in the whole shop."""

    key = models.CharField(primary_key=True, max_length=40)
    failures = models.PositiveSmallIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)
    blocked_until_at = models.DateTimeField(null=True)
