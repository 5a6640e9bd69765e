"""Who may open a page of the staff: the decorator of every such view.

The session is valid on every subdomain, so being signed in says nothing of a shop: membership is read on each request.
Not signed in: login. No role here: 404, as if the page did not exist. A role, but not one of this page: 403.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse

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


def staff(permission: Permission) -> Callable[[View], View]:
    """Lets in those whose role in this shop (in the group, on the group's host) has the permission.

    Sets `request.roles`, all the roles of the user here, and `request.role`, the first that gives the permission.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: StaffRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            roles = roles_here(request)
            if not roles:
                raise Http404
            granted = sorted(roles & ROLES[permission])
            if not granted:
                raise PermissionDenied
            request.roles = roles
            request.role = granted[0]
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def roles_here(request: Request) -> frozenset[Role]:
    """The roles of the user in the shop of this host, or in the group when the host is the group's."""
    if not request.user.is_authenticated:
        return frozenset()
    held = Membership.objects.filter(user=request.user)
    held = held.filter(pizzeria_id=request.pizzeria.id) if request.pizzeria else held.filter(pizzeria=None)
    return frozenset(Role(role) for role in held.values_list("role", flat=True))
