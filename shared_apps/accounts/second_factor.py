"""Who must pass a second factor, and whether this session did."""

from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.shortcuts import resolve_url
from django_tenants.utils import get_public_schema_name, schema_context

from shared_apps.accounts.models import Role
from tenants.requests import Request

ROLES_THAT_PASS_IT = frozenset({Role.MANAGER, Role.HEAD_OFFICE})


def is_missing(request: Request, role: Role | None) -> bool:
    """Read from the session alone: it costs a staff page nothing. `role` None is support, in Django's admin."""
    if not settings.SECOND_FACTOR_REQUIRED or (role is not None and role not in ROLES_THAT_PASS_IT):
        return False
    return not any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def way_to_pass_it(request: Request) -> str:
    """Where one types a code, or first sets the phone up."""
    with schema_context(get_public_schema_name()):  # a shop's role does not read who has which phone
        name = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp"
    return f"{resolve_url(name)}?{urlencode({'next': request.get_full_path()})}"
