"""Who must pass a second factor, and whether this session did."""

from collections.abc import Set
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.shortcuts import resolve_url
from django_tenants.utils import get_public_schema_name, schema_context

from shared_apps.accounts.models import Role, User
from tenants.requests import Request

ROLES_THAT_PASS_IT = frozenset({Role.MANAGER, Role.HEAD_OFFICE})


def is_required(roles: Set[Role]) -> bool:
    return settings.SECOND_FACTOR_REQUIRED and bool(roles & ROLES_THAT_PASS_IT)


def is_set_up(user: User) -> bool:
    with schema_context(get_public_schema_name()):
        return is_mfa_enabled(user)


def accepts(user: User, code: str) -> bool:
    """The code of the phone, or one of the rescue codes, each once: for a shared device, where no session remembers it."""
    with schema_context(get_public_schema_name()):
        kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
        own = Authenticator.objects.filter(user=user, type__in=kinds)
        return bool(code) and any(kind.wrap().validate_code(code) for kind in own)


def is_missing(request: Request, role: Role | None) -> bool:
    """Read from the session alone: it costs a staff page nothing. `role` None is support, in Django's admin."""
    if role is not None and not is_required({role}):
        return False
    if not settings.SECOND_FACTOR_REQUIRED:
        return False
    return not any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def way_to_pass_it(request: Request) -> str:
    """Where one types a code, or first sets the phone up."""
    with schema_context(get_public_schema_name()):  # a shop's role does not read who has which phone
        name = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp"
    return f"{resolve_url(name)}?{urlencode({'next': request.get_full_path()})}"
