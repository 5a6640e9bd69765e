from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tenants.models import Pizzeria


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One person, one login for the whole group: customer, staff of shops, head office. Closed, never deleted."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)
    # When they last showed that this e-mail is theirs, by an address that was sent to it. Signing up shows nothing.
    email_proven_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text=_("May open Django's admin (support)."))
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="email_is_lower_case")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_email_owner(self) -> bool:
        """Whoever knows the password reads the e-mail: it was proven, or there is no password yet but by a letter."""
        return self.email_proven_at is not None or not self.has_usable_password()


class Role(models.TextChoices):
    """What somebody is in a shop; who has several acts as the first of them that may."""

    MANAGER = "manager", _("Manager")
    COUNTER = "counter", _("Counter")
    COOK = "cook", _("Pizzaiolo")
    DRIVER = "driver", _("Driver")
    FISCAL = "fiscal", _("Tax inspection")  # reads the sealed journal, and nothing else
    HEAD_OFFICE = "head_office", _("Head office")


class Membership(models.Model):
    """A role of a user in one shop, or in the group when there is no shop."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "pizzeria", "role"], nulls_distinct=False, name="one_membership_per_user_shop_role"
            ),
            models.CheckConstraint(
                condition=Q(pizzeria=None, role=Role.HEAD_OFFICE)
                | Q(pizzeria__isnull=False) & ~Q(role=Role.HEAD_OFFICE),
                name="group_roles_have_no_shop_and_shop_roles_have_one",
            ),
        ]


ACTS = {
    "settings": _("Kitchen and delivery"),
    "hours": _("Hours"),
    "day": _("One day"),
    "offer": _("Our own prices"),
    "product": _("Product of the card"),
    "ingredient": _("Ingredient of the card"),
    "legal_page": _("Legal pages"),
    "roles": _("Team"),
    "voucher": _("Codes"),
    "invitation": _("Invitation sent again"),
    "threshold": _("Thresholds"),
    "devices": _("Devices"),
    "pins": _("PINs"),
    "supplier": _("Suppliers"),
    "reception": _("Deliveries of suppliers"),
    "account": _("Account opened, closed or given rights by support"),
    "password": _("Password"),
    "email": _("E-mail of the account"),
    "second_factor_on": _("Codes of a phone asked"),
    "second_factor_off": _("Codes of a phone no longer asked"),
    "second_factor_removed": _("Lost phone: its codes are no longer asked"),
    "rescue_codes": _("New rescue codes"),
    "substitution": _("Replacements"),
    "suspended": _("Pizzeria suspended"),
    "resumed": _("Pizzeria back in service"),
    "closed": _("Pizzeria closed for good"),
    "renamed": _("Another web address"),
    "restored": _("Pizzeria restored from a backup"),
}


class AuditEntry(models.Model):
    """Who changed what (price, stock, role), when, before and after. Kept for ever."""

    append_only = True

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    pizzeria = models.ForeignKey(Pizzeria, on_delete=models.PROTECT, null=True, related_name="+")
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at",)
        indexes = [models.Index(fields=["pizzeria", "-at"])]

    @property
    def act_label(self) -> str:
        """In words, for those that a manager reads."""
        return str(ACTS.get(self.act, self.act))
