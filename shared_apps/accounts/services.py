from collections.abc import Collection

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from django_tenants.utils import get_public_schema_name, schema_context

from shared_apps.accounts.models import AuditEntry, Membership, Role, User
from shared_apps.core.errors import RuleError


def sign_up(*, email: str, password: str, name: str, phone: str) -> User:
    """A customer's account. In the public schema from any host: no shop may create a user."""
    with schema_context(get_public_schema_name()):
        return User.objects.create_user(email, password, name=name, phone=phone)


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


def set_password(*, user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


class LastManager(RuleError):
    """A shop without a manager could not be run by anybody."""

    def __init__(self) -> None:
        super().__init__(_("A pizzeria keeps at least one manager: name another one first."))


def invite_member(*, email: str, name: str, roles: Collection[Role], pizzeria_id: int, by_id: int | None) -> User:
    """Gives somebody roles in a shop and writes to them; the account is made if there is none, and nobody is told which."""
    with schema_context(get_public_schema_name()), transaction.atomic():
        email = email.strip().lower()
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
        before = _roles(user.pk, pizzeria_id)
        for role in roles:
            Membership.objects.get_or_create(user=user, pizzeria_id=pizzeria_id, role=role)
        _audit(user, pizzeria_id, by_id, before)
        async_task("shared_apps.accounts.tasks.invite", user.pk, pizzeria_id)
    return user


def set_roles(*, user_id: int, roles: Collection[Role], pizzeria_id: int, by_id: int | None) -> None:
    """Somebody has these roles in the shop from the next page on; none takes them out of it. Raises LastManager."""
    with schema_context(get_public_schema_name()), transaction.atomic():
        managers = Membership.objects.select_for_update().filter(pizzeria_id=pizzeria_id, role=Role.MANAGER)
        held = set(managers.order_by("pk").values_list("user_id", flat=True))
        if user_id in held and Role.MANAGER not in roles and held == {user_id}:
            raise LastManager
        before = _roles(user_id, pizzeria_id)
        Membership.objects.filter(user_id=user_id, pizzeria_id=pizzeria_id).exclude(role__in=roles).delete()
        for role in set(roles) if before else ():  # only somebody of the shop: others are invited
            Membership.objects.get_or_create(user_id=user_id, pizzeria_id=pizzeria_id, role=role)
        _audit(User.objects.get(pk=user_id), pizzeria_id, by_id, before)


def _roles(user_id: int, pizzeria_id: int) -> list[str]:
    held = Membership.objects.filter(user_id=user_id, pizzeria_id=pizzeria_id)
    return sorted(held.values_list("role", flat=True))


def _audit(user: User, pizzeria_id: int, by_id: int | None, before: list[str]) -> None:
    after = _roles(user.pk, pizzeria_id)
    if before != after:
        AuditEntry.objects.create(
            actor_id=by_id,
            pizzeria_id=pizzeria_id,
            act="roles",
            subject=str(user)[:120],
            before={"roles": before},
            after={"roles": after},
        )
