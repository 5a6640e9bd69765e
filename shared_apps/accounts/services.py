import datetime as dt
from collections.abc import Collection, Iterable

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
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
    """By an address that was sent to the e-mail, which is theirs then."""
    user.set_password(password)
    user.email_proven_at = timezone.now()
    user.save(update_fields=["password", "email_proven_at"])


def prove_email(*, user: User) -> None:
    """They came by an address that was sent to the e-mail."""
    User.objects.filter(pk=user.pk).update(email_proven_at=timezone.now())


def close_to_strangers(*, user: User) -> None:
    """Before an account is given rights: if nobody showed that its e-mail is theirs, a letter sent there opens it again.

    Anybody may sign up with the e-mail of a future manager, and wait for the invitation: their password, sessions
    (signed with it) and phone are worth nothing from now on.
    """
    if user.is_email_owner:
        return
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()


class LastManager(RuleError):
    """A shop without a manager could not be run by anybody."""

    def __init__(self) -> None:
        super().__init__(_("A pizzeria keeps at least one manager: name another one first."))


class LastOfHeadOffice(RuleError):
    """Nobody could invite anybody to head office any more, but from the server."""

    def __init__(self) -> None:
        super().__init__(_("Head office keeps at least one person: invite another one first."))


class AccountClosed(RuleError):
    """Support closed it, or its owner is having it erased: its e-mail is free once that is done."""

    def __init__(self) -> None:
        super().__init__(_("The account of this e-mail is closed. If it is being erased, try again in an hour."))


def invite_member(
    *, email: str, name: str, roles: Collection[Role], pizzeria_id: int | None, by_id: int | None
) -> User:
    """Gives somebody roles in a shop, or in the group when there is none, and writes to them.

    The account is made if there is none, and nobody is told which. Sent twice, it writes once: `invite_again` is for that.
    Raises AccountClosed.
    """
    with schema_context(get_public_schema_name()), transaction.atomic():
        user = _held(email.strip().lower(), name)
        if not user.is_active:
            raise AccountClosed
        before = _roles(user.pk, pizzeria_id)
        _give(user.pk, pizzeria_id, roles)
        _audit(user, user.email, pizzeria_id, by_id, before)
        if set(before) != set(roles) | set(before):
            close_to_strangers(user=user)
            async_task("shared_apps.accounts.tasks.invite", user.pk, pizzeria_id)
    return user


def _held(email: str, name: str) -> User:
    """Their account, locked. Its owner may change its e-mail while the lock is awaited: the rights are not for that one."""
    while True:
        found = User.objects.select_for_update().filter(pk=_account(email, name).pk, email=email).first()
        if found:
            return found


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


def invite_again(*, user_id: int, pizzeria_id: int | None, by_id: int | None) -> bool:
    """Writes once more to somebody of the shop who has not signed in since; False when that was done a moment ago."""
    with schema_context(get_public_schema_name()), transaction.atomic():
        members = Membership.objects.select_for_update(of=("self",)).filter(user_id=user_id, pizzeria=pizzeria_id)
        found = list(members.select_related("user").order_by("pk"))
        if not found or answered(found):
            return False
        member = found[0]
        sent = AuditEntry.objects.filter(pizzeria=pizzeria_id, act="invitation", subject=member.user.email[:120])
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


def set_roles(*, user_id: int, roles: Collection[Role], pizzeria_id: int | None, by_id: int | None) -> None:
    """Somebody has these roles in the shop (in the group) from the next page on; none takes them out of it.

    Raises LastManager, LastOfHeadOffice.
    """
    kept = Role.HEAD_OFFICE if pizzeria_id is None else Role.MANAGER
    with schema_context(get_public_schema_name()), transaction.atomic():
        keepers = Membership.objects.select_for_update().filter(pizzeria=pizzeria_id, role=kept)
        held = set(keepers.order_by("pk").values_list("user_id", flat=True))
        if kept not in roles and held == {user_id}:
            raise LastOfHeadOffice if pizzeria_id is None else LastManager
        before = _roles(user_id, pizzeria_id)
        theirs = Membership.objects.filter(user_id=user_id, pizzeria=pizzeria_id)
        since = theirs.aggregate(since=Min("created_at"))["since"]
        theirs.exclude(role__in=roles).delete()
        if before:  # only somebody of the shop: others are invited
            _give(user_id, pizzeria_id, roles)
        theirs.exclude(created_at=since).update(created_at=since)  # another role, the same person
        user = User.objects.get(pk=user_id)
        _audit(user, str(user), pizzeria_id, by_id, before)
        _revoke_invitation(user)


def remove_second_factor(*, user: User, by_id: int | None) -> None:
    """Their phone is lost: no code is asked until they set another one up, and every session of theirs is over.

    `by_id` is who did it, None for the server's own commands; they are told by a letter, whoever it was.
    """
    with schema_context(get_public_schema_name()), transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user=user)
        AuditEntry.objects.create(actor_id=by_id, act="second_factor_removed", subject=audit_subject(user))
        async_task("shared_apps.accounts.tasks.tell_second_factor_removed", user.pk)


def end_sessions(*, user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()


def _revoke_invitation(user: User) -> None:
    """Taken out of every shop before choosing a password: the link they were sent leads nowhere any more."""
    if not (user.last_login or user.has_usable_password() or Membership.objects.filter(user=user).exists()):
        user.set_unusable_password()  # another one than before, which the link was signed with
        user.save(update_fields=["password"])


def _give(user_id: int, pizzeria_id: int | None, roles: Collection[Role]) -> None:
    """Those that they do not have yet."""
    Membership.objects.bulk_create(
        [Membership(user_id=user_id, pizzeria_id=pizzeria_id, role=role) for role in roles], ignore_conflicts=True
    )


def _roles(user_id: int, pizzeria_id: int | None) -> list[str]:
    held = Membership.objects.filter(user_id=user_id, pizzeria=pizzeria_id)
    return sorted(held.values_list("role", flat=True))


def _audit(user: User, subject: str, pizzeria_id: int | None, by_id: int | None, before: list[str]) -> None:
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
