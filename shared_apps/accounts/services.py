import datetime as dt
from collections.abc import Collection, Iterable

from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from django_tenants.utils import get_public_schema_name, schema_context

from shared_apps.accounts.models import AuditEntry, Membership, Role, User
from shared_apps.core.errors import RuleError


def invitation_key(user: User) -> tuple[str, str]:
    """(uid, token) of the one address at which this person may choose a password; dead once it is chosen."""
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


def invited(*, uid: str, token: str) -> User | None:
    """Whom an invitation is for; None when it was used, is too old, or was made up."""
    try:
        user = User.objects.get(pk=force_str(urlsafe_base64_decode(uid)), is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if default_token_generator.check_token(user, token) else None


def audit_subject(user: User) -> str:
    """Whom an act was about, in a history that is kept for ever: somebody of the staff by name, a customer by number."""
    return str(user)[:120] if Membership.objects.filter(user=user).exists() else f"n° {user.pk}"


def set_password(*, user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


class LastManager(RuleError):
    """A shop without a manager could not be run by anybody."""

    def __init__(self) -> None:
        super().__init__(_("A pizzeria keeps at least one manager: name another one first."))


def invite_member(*, email: str, name: str, roles: Collection[Role], pizzeria_id: int, by_id: int | None) -> User:
    """Gives somebody roles in a shop and writes to them; the account is made if there is none, and nobody is told which.

    Sent twice, it writes once: `invite_again` is for that.
    """
    with schema_context(get_public_schema_name()), transaction.atomic():
        user = User.objects.select_for_update().get(pk=_account(email.strip().lower(), name).pk)
        before = _roles(user.pk, pizzeria_id)
        for role in roles:
            Membership.objects.get_or_create(user=user, pizzeria_id=pizzeria_id, role=role)
        _audit(user, user.email, pizzeria_id, by_id, before)
        if set(before) != set(roles) | set(before):
            async_task("shared_apps.accounts.tasks.invite", user.pk, pizzeria_id)
    return user


def _account(email: str, name: str) -> User:
    """Theirs, or a new one without a password; the one that somebody makes at the same moment."""
    found = User.objects.filter(email=email).first()
    if found:
        return found
    try:
        with transaction.atomic():
            return User.objects.create_user(email, name=name)
    except IntegrityError:
        return User.objects.get(email=email)


AGAIN_AFTER = dt.timedelta(minutes=2)  # a second tap sends nothing


def answered(members: Iterable[Membership]) -> bool:
    """Whether somebody has signed in since they are in the shop, `members` being their roles there.

    It does not look at the password: who invites an e-mail is not told that a customer already had it.
    """
    since = min(member.created_at for member in members)
    return any(member.user.last_login is not None and member.user.last_login >= since for member in members)


def invite_again(*, user_id: int, pizzeria_id: int, by_id: int | None) -> bool:
    """Writes once more to somebody of the shop who has not signed in since; False when that was done a moment ago."""
    with schema_context(get_public_schema_name()), transaction.atomic():
        members = Membership.objects.select_for_update(of=("self",)).filter(user_id=user_id, pizzeria_id=pizzeria_id)
        found = list(members.select_related("user").order_by("pk"))
        if not found or answered(found):
            return False
        member = found[0]
        sent = AuditEntry.objects.filter(pizzeria_id=pizzeria_id, act="invitation", subject=member.user.email[:120])
        if sent.filter(at__gt=timezone.now() - AGAIN_AFTER).exists():
            return False
        AuditEntry.objects.create(
            actor_id=by_id,
            pizzeria_id=pizzeria_id,
            act="invitation",
            subject=member.user.email[:120],
            after={"email": member.user.email},
        )
        async_task("shared_apps.accounts.tasks.invite", user_id, pizzeria_id)
    return True


def set_roles(*, user_id: int, roles: Collection[Role], pizzeria_id: int, by_id: int | None) -> None:
    """Somebody has these roles in the shop from the next page on; none takes them out of it. Raises LastManager."""
    with schema_context(get_public_schema_name()), transaction.atomic():
        managers = Membership.objects.select_for_update().filter(pizzeria_id=pizzeria_id, role=Role.MANAGER)
        held = set(managers.order_by("pk").values_list("user_id", flat=True))
        if user_id in held and Role.MANAGER not in roles and held == {user_id}:
            raise LastManager
        before = _roles(user_id, pizzeria_id)
        theirs = Membership.objects.filter(user_id=user_id, pizzeria_id=pizzeria_id)
        since = theirs.aggregate(since=Min("created_at"))["since"]
        theirs.exclude(role__in=roles).delete()
        for role in set(roles) if before else ():  # only somebody of the shop: others are invited
            Membership.objects.get_or_create(user_id=user_id, pizzeria_id=pizzeria_id, role=role)
        theirs.exclude(created_at=since).update(created_at=since)  # another role, the same person
        user = User.objects.get(pk=user_id)
        _audit(user, str(user), pizzeria_id, by_id, before)
        _revoke_invitation(user)


def _revoke_invitation(user: User) -> None:
    """Taken out of every shop before choosing a password: the link they were sent leads nowhere any more."""
    if not (user.last_login or user.has_usable_password() or Membership.objects.filter(user=user).exists()):
        user.set_unusable_password()  # another one than before, which the link was signed with
        user.save(update_fields=["password"])


def _roles(user_id: int, pizzeria_id: int) -> list[str]:
    held = Membership.objects.filter(user_id=user_id, pizzeria_id=pizzeria_id)
    return sorted(held.values_list("role", flat=True))


def _audit(user: User, subject: str, pizzeria_id: int, by_id: int | None, before: list[str]) -> None:
    after = _roles(user.pk, pizzeria_id)
    if before != after:
        AuditEntry.objects.create(
            actor_id=by_id,
            pizzeria_id=pizzeria_id,
            act="roles",
            subject=subject[:120],
            before={"roles": before},
            after={"roles": after},
        )
