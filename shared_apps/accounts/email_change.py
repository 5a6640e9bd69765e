"""Another e-mail for an account: proven by a letter before it replaces the old one, which is told (ADR 0040)."""

import base64
import datetime as dt
import json

from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from cryptography.fernet import Fernet, InvalidToken
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import get_public_schema_name, schema_context

from shared_apps.accounts.models import AuditEntry, Membership, User
from shared_apps.accounts.services import audit_subject
from shared_apps.core.errors import RuleError

GOOD_FOR = dt.timedelta(hours=1)


class EmailTaken(RuleError):
    """One account per e-mail."""

    def __init__(self) -> None:
        super().__init__(_("An account already has this e-mail."))


class ChangeOver(RuleError):
    """Used, too old, of another account, or the password was changed since."""

    def __init__(self) -> None:
        super().__init__(_("This link is over: ask for another one."))


def refuse_taken(*, user: User, email: str) -> None:
    """Raises EmailTaken."""
    if any(found.pk != user.pk for found in filter_users_by_email(email)):
        raise EmailTaken


def key(*, user: User, email: str) -> str:
    """What the letter to the new address carries. Nothing is kept of it until it comes back; no log can read it."""
    return _box(user).encrypt(json.dumps([user.email, email]).encode()).decode()


def _box(user: User) -> Fernet:
    """Only this account opens it, and only until its password changes."""
    salt = f"email change:{user.pk}:{user.get_session_auth_hash()}"
    return Fernet(base64.urlsafe_b64encode(salted_hmac(salt, "", algorithm="sha256").digest()))


def wanted(*, user: User, key: str) -> str:
    """The e-mail that the key would give to this account. Raises ChangeOver."""
    try:
        old, new = json.loads(_box(user).decrypt(key, ttl=int(GOOD_FOR.total_seconds())))
    except InvalidToken:
        raise ChangeOver from None
    if old != user.email:
        raise ChangeOver
    return str(new)


def ask(*, user: User, email: str, url: str) -> None:
    """Writes to the new address; `url` is where its reader, signed in to this very account, says yes."""
    letter = render_to_string("accounts/email_change.txt", {"url": url})
    send_mail(gettext("Your new e-mail"), letter, None, [email])


def change(*, user: User, key: str) -> None:
    """The account has the new e-mail, and its owner has shown that it is theirs. Raises ChangeOver, EmailTaken."""
    with schema_context(get_public_schema_name()), transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        old, new = user.email, wanted(user=user, key=key)
        refuse_taken(user=user, email=new)
        user.email, user.email_proven_at = new, timezone.now()
        try:
            with transaction.atomic():
                user.save(update_fields=["email", "email_proven_at"])
        except IntegrityError:  # somebody signed up with it at this moment
            raise EmailTaken from None
        EmailAddress.objects.filter(user=user).delete()  # django-allauth would still sign in by the old one
        EmailAddress.objects.create(user=user, email=new, verified=True, primary=True)
        of_staff = Membership.objects.filter(user=user).exists()
        AuditEntry.objects.create(
            actor=user,
            act="email",
            subject=audit_subject(user),
            before={"email": old} if of_staff else {},
            after={"email": new} if of_staff else {},
        )
        transaction.on_commit(lambda: _tell(old), robust=True)


def _tell(old: str) -> None:
    letter = render_to_string("accounts/email_changed.txt")
    send_mail(gettext("Your account has another e-mail"), letter, None, [old])
