"""What support sees of people. Nobody is deleted (they are closed), and what is kept for ever is read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry, Membership, User
from shared_apps.accounts.services import audit_subject
from tenants.models import Domain, Pizzeria, RestoreDrill


class Seen(admin.ModelAdmin):
    """Read, never written here: commands and screens write it, with their rules."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RightsForm(forms.ModelForm):
    """Support is given to somebody known: anybody may sign up with somebody else's e-mail."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = {"is_staff", "is_superuser"} & set(self.changed_data)
        if any(data.get(right) for right in given) and not self.instance.is_email_owner:
            raise forms.ValidationError(
                _("They have not shown that this e-mail is theirs: they choose a new password first.")
            )
        return data


@admin.register(User)
class UserAdmin(Seen):
    """Support closes an account, opens it again, and says who is support."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = (
        *("email", "email_proven_at", "name", "phone", "is_active", "is_staff", "is_superuser"),
        *("last_login", "created_at"),
    )
    readonly_fields = ("email", "email_proven_at", "name", "phone", "last_login", "created_at")
    form = RightsForm

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_superuser)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        """In the log of sensitive acts, as all that decides what somebody may do."""
        before = {name: form.initial[name] for name in form.changed_data}
        super().save_model(request, obj, form, change)
        AuditEntry.objects.create(
            actor_id=request.user.pk,
            act="account",
            subject=audit_subject(obj),
            before=before,
            after={name: form.cleaned_data[name] for name in form.changed_data},
        )


@admin.register(Membership)
class MembershipAdmin(Seen):
    list_display = ("user", "role", "pizzeria", "created_at")
    list_filter = ("role", "pizzeria")
    search_fields = ("user__email",)
    list_select_related = ("user", "pizzeria")


@admin.register(AuditEntry)
class AuditEntryAdmin(Seen):
    list_display = ("at", "actor", "pizzeria", "act", "subject")
    list_filter = ("act", "pizzeria")
    list_select_related = ("actor", "pizzeria")


@admin.register(Pizzeria)
class PizzeriaAdmin(Seen):
    list_display = ("name", "slug", "state", "city", "created_at")
    list_filter = ("state",)


@admin.register(Domain)
class DomainAdmin(Seen):
    list_display = ("domain", "tenant", "is_primary")


@admin.register(RestoreDrill)
class RestoreDrillAdmin(Seen):
    pass
