"""What we ask of django-allauth: where one lands, what is said and written, how secrets are kept (ADR 0040)."""

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts import screens, services
from shared_apps.accounts.access import roles_here
from shared_apps.accounts.models import AuditEntry, User
from tenants.requests import Request

RECENT_SECONDS = 300
SAID = {
    "account/messages/password_changed.txt": _("Your password is changed."),
    "account/messages/password_set.txt": _("Your password is kept."),
    "mfa/messages/totp_activated.txt": _("The codes of your phone are asked from now on. Keep the rescue codes."),
    "mfa/messages/totp_deactivated.txt": _("The codes of your phone are no longer asked."),
    "mfa/messages/recovery_codes_generated.txt": _("Here are new rescue codes: the former ones are dead."),
    "usersessions/messages/sessions_logged_out.txt": _("Your other sessions are over."),
}
# Sensitive acts of somebody on their own account, by the letter that tells them of it.
AUDITED = {
    "account/email/password_changed": "password",
    "account/email/password_reset": "password",
    "account/email/password_set": "password",
    "mfa/email/totp_activated": "second_factor_on",
    "mfa/email/totp_deactivated": "second_factor_off",
    "mfa/email/recovery_codes_generated": "rescue_codes",
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("This e-mail and this password do not go together."),
        "email_taken": _("An account already has this e-mail: sign in."),
        "too_many_login_attempts": _("Too many attempts: try again in five minutes, or choose another password."),
        "enter_current_password": _("This is not your password."),
        "incorrect_password": _("This is not your password."),
    }

    def get_login_redirect_url(self, request: Request) -> str:
        return resolve_url(screens.landing(roles_here(request), in_shop=request.pizzeria is not None))

    get_signup_redirect_url = get_login_redirect_url

    def get_logout_redirect_url(self, request: Request) -> str:
        return "/"

    def get_password_change_redirect_url(self, request: Request) -> str:
        return resolve_url("accounts:security")

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Who has just typed a password or a code is not asked for it again."""
        records = get_authentication_records(self.request, self.request.user)
        return not any(time.time() - record["at"] < RECENT_SECONDS for record in records)

    def add_message(
        self, request: Request, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Only what somebody would miss: that they have signed in is seen."""
        if message_template in SAID:
            messages.success(request, str(SAID[message_template]), extra_tags="good")

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tells the owner of the account, whoever did it, and keeps it in the history."""
        if template_prefix in AUDITED:
            AuditEntry.objects.create(actor=user, act=AUDITED[template_prefix], subject=services.audit_subject(user))
        if template_prefix == "account/email/password_reset":
            services.prove_email(user=user)
        if template_prefix == "mfa/email/totp_activated":
            # A code was just typed, right: this session has passed its second factor.
            record_authentication(self.request, user, method="mfa", type="totp")
        super().send_notification_mail(template_prefix, user, context, email or user.email)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": _("This code is not the right one.")}

    def encrypt(self, text: str) -> str:
        """The secrets of the phones are of no use to who has only the database."""
        return _secrets().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _secrets().decrypt(encrypted_text.encode()).decode()


def _secrets() -> MultiFernet:
    """Keys made of SECRET_KEY; those of SECRET_KEY_FALLBACKS still open what they closed."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = (hashlib.sha256(f"second factor:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
