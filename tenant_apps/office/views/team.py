"""The shop's people: who is invited, what each may do, who is taken out."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shared_apps.accounts import services as accounts
from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import Membership, Role
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.devices import queries as devices
from tenant_apps.office.settings_forms import SHOP_ROLES, InvitationForm, RolesForm


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def members(request: StaffRequest) -> HttpResponse:
    """The shop's people and what they may do."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _invited(request, form):
        messages.success(request, _("The invitation is on its way."), extra_tags="good")
        return redirect("office:members")
    context = {"form": form, "people": _people(request.pizzeria.id), "roles": SHOP_ROLES}
    return render(request, "office/members.html", context, status=422 if form.errors else 200)


def _invited(request: StaffRequest, form: InvitationForm) -> bool:
    """Else the form says why not."""
    try:
        accounts.invite_member(
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            roles=[Role(role) for role in form.cleaned_data["roles"]],
            pizzeria_id=request.pizzeria.id,
            by_id=request.user.pk,
        )
    except RuleError as refusal:
        form.add_error("email", str(refusal))
    return form.is_valid()


def _people(pizzeria_id: int) -> list[dict[str, Any]]:
    """By name; who has not answered is known by the e-mail that was written here, and by nothing of their account."""
    held: dict[int, list[Membership]] = {}
    for member in Membership.objects.filter(pizzeria_id=pizzeria_id).select_related("user"):
        held.setdefault(member.user_id, []).append(member)
    pins = devices.pins_of(held)
    people = [
        {
            "user": members[0].user,
            "name": str(members[0].user) if accounts.answered(members) else members[0].user.email,
            "roles": [member.role for member in members],
            "answered": accounts.answered(members),
            "pin_set_at": pins.get(key),
        }
        for key, members in held.items()
    ]
    return sorted(people, key=lambda person: str(person["name"]))


@require_POST
@staff(Permission.SHOP_SETTINGS)
def set_roles(request: StaffRequest, user_id: int) -> HttpResponse:
    form = RolesForm(request.POST)
    if form.is_valid():
        try:
            accounts.set_roles(
                user_id=user_id,
                roles=[Role(role) for role in form.cleaned_data["roles"]],
                pizzeria_id=request.pizzeria.id,
                by_id=request.user.pk,
            )
            messages.success(request, _("Roles kept."), extra_tags="good")
        except RuleError as refusal:
            messages.error(request, str(refusal), extra_tags="bad")
    return redirect("office:members")


@require_POST
@staff(Permission.SHOP_SETTINGS)
def invite_again(request: StaffRequest, user_id: int) -> HttpResponse:
    """The same invitation once more, to somebody who has not followed it."""
    sent = accounts.invite_again(user_id=user_id, pizzeria_id=request.pizzeria.id, by_id=request.user.pk)
    said = _("The invitation is on its way.") if sent else _("It was sent a moment ago: let it arrive.")
    messages.success(request, said, extra_tags="good")
    return redirect("office:members")
