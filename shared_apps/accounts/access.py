"""Who may open a page of the staff: the decorator of every such view.

The session is valid on every subdomain, so being signed in says nothing of a shop: membership is read on each request.
Not signed in: login. No role here: 404, as if the page did not exist. A role, but not one of this page: 403. A manager
or head office whose session has not passed its second factor: there first.
On a device that the shop shares, the user is its operator (`tenant_apps.devices.middleware` says which pages it opens).
"""

from collections.abc import Callable
from functools import wraps

import sentry_sdk
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from shared_apps.accounts import second_factor
from shared_apps.accounts.models import Membership, Role, User
from shared_apps.accounts.permissions import ROLES, Permission
from tenants.requests import Request, ShopRequest

View = Callable[..., HttpResponse]


class SignedInRequest(Request):
    user: User


class StaffRequest(SignedInRequest, ShopRequest):
    """A request that `staff` let in: on the group's host `pizzeria` is None all the same."""

    roles: frozenset[Role]
    role: Role


def staff(permission: Permission, *, by_itself: bool = False) -> Callable[[View], View]:
    """Lets in those whose role in this shop (in the group, on the group's host) has the permission.

    Sets `request.roles`, all the roles of the user here, and `request.role`, the one of those that give the permission
    which may most: a manager who is also at the counter acts, and signs in, as the manager.
    What a page sends `by_itself` is nobody's act: a locked device that shows the page sends it too.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: StaffRequest, *args: object, **kwargs: object) -> HttpResponse:
            roles = roles_here(request)
            if request.reads_only:
                request.roles = roles
                return view(request, *args, **kwargs)
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not roles:
                raise Http404
            granted = [role for role in Role if role in roles & ROLES[permission]]
            if not granted:
                raise PermissionDenied
            request.roles = roles
            request.role = granted[0]
            sentry_sdk.set_tag("role", request.role)
            if request.device is None and second_factor.is_missing(request, request.role):
                return redirect(second_factor.way_to_pass_it(request))
            return view(request, *args, **kwargs)

        guarded.permission, guarded.by_itself = permission, by_itself  # type: ignore[attr-defined]
        return guarded

    return decorate


def roles_here(request: Request) -> frozenset[Role]:
    """The roles of the user in the shop of this host, or in the group when the host is the group's."""
    if request.device is not None:
        return frozenset(Role(role) for role in request.device.roles)
    if not request.user.is_authenticated:
        return frozenset()
    held = Membership.objects.filter(user=request.user)
    held = held.filter(pizzeria_id=request.pizzeria.id) if request.pizzeria else held.filter(pizzeria=None)
    return frozenset(Role(role) for role in held.values_list("role", flat=True))
