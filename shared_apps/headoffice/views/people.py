"""The group's people: found, invited, given roles anywhere, helped when their phone is lost."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts import services as accounts
from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import User
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from shared_apps.headoffice import people as group
from shared_apps.headoffice.people import InvitationForm, PostForm, RolesForm, SearchForm

PAGE = 50


@require_http_methods(["GET", "POST"])
@staff(Permission.GROUP_PEOPLE)
def people(request: StaffRequest) -> HttpResponse:
    """Everybody, and the invitation of somebody more."""
    places = group.places()
    form = InvitationForm(request.POST or None, places=places)
    if request.method == "POST" and form.is_valid():
        user = _invited(request, form)
        if user:
            messages.success(request, _("The invitation is on its way."), extra_tags="good")
            return redirect("headoffice:person", user.pk)
    search = SearchForm(request.GET, places=places)
    asked = search.cleaned_data if search.is_valid() else {}
    found = group.everybody(words=asked.get("q", ""), place=asked.get("lieu", ""))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = [(user, group.posts(user)) for user in page]
    context = {"form": form, "search": search, "page": page, "rows": rows, "asked": asked}
    return render(request, "headoffice/people.html", context, status=422 if form.errors else 200)


def _invited(request: StaffRequest, form: InvitationForm) -> User | None:
    """None when the form says why not."""
    try:
        return accounts.invite_member(
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            roles=form.chosen,
            pizzeria_id=form.pizzeria_id,
            by_id=request.user.pk,
        )
    except RuleError as refusal:
        form.add_error("email", str(refusal))
        return None


@require_GET
@staff(Permission.GROUP_PEOPLE)
def person(request: StaffRequest, user_id: int) -> HttpResponse:
    return _person(request, _found(user_id), None)


def _person(request: StaffRequest, user: User, form: PostForm | None) -> HttpResponse:
    posts = group.posts(user)
    held = {post["place"] for post in posts}
    places = [(place, name) for place, name in group.places() if place not in held]
    context = {
        "person": user,
        "posts": posts,
        "roles": group.SHOP_ROLES,
        "form": form or PostForm(places=places),
        "has_places": bool(places),
    }
    return render(request, "headoffice/person.html", context, status=422 if form else 200)


def _found(user_id: int) -> User:
    user = group.somebody(user_id)
    if user is None:
        raise Http404
    return user


@require_POST
@staff(Permission.GROUP_PEOPLE)
def add_post(request: StaffRequest, user_id: int) -> HttpResponse:
    """A place more for somebody of the group."""
    user = _found(user_id)
    form = PostForm(request.POST, places=group.places())
    if not form.is_valid():
        return _person(request, user, form)
    try:
        accounts.invite_member(
            email=user.email, name=user.name, roles=form.chosen, pizzeria_id=form.pizzeria_id, by_id=request.user.pk
        )
        messages.success(request, _("Roles kept."), extra_tags="good")
    except RuleError as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    return redirect("headoffice:person", user_id)


@require_POST
@staff(Permission.GROUP_PEOPLE)
def set_roles(request: StaffRequest, user_id: int, place: str) -> HttpResponse:
    """What somebody is in one place; without a role, they are taken out of it."""
    _found(user_id)
    if place not in dict(group.places()):
        raise Http404
    form = RolesForm(request.POST)
    if form.is_valid():
        roles = group.roles_in(place, form.cleaned_data["roles"]) if "keep" in request.POST else []
        try:
            accounts.set_roles(
                user_id=user_id, roles=roles, pizzeria_id=group.pizzeria_of(place), by_id=request.user.pk
            )
            messages.success(request, _("Roles kept."), extra_tags="good")
        except RuleError as refusal:
            messages.error(request, str(refusal), extra_tags="bad")
    still_there = group.somebody(user_id)
    return redirect("headoffice:person", user_id) if still_there else redirect("headoffice:people")


@require_POST
@staff(Permission.GROUP_PEOPLE)
def invite_again(request: StaffRequest, user_id: int, place: str) -> HttpResponse:
    """The same invitation once more, to somebody who has not followed it."""
    _found(user_id)
    if place not in dict(group.places()):
        raise Http404
    sent = accounts.invite_again(user_id=user_id, pizzeria_id=group.pizzeria_of(place), by_id=request.user.pk)
    said = _("The invitation is on its way.") if sent else _("It was sent a moment ago: let it arrive.")
    messages.success(request, said, extra_tags="good")
    return redirect("headoffice:person", user_id)


@require_POST
@staff(Permission.GROUP_PEOPLE)
def remove_second_factor(request: StaffRequest, user_id: int) -> HttpResponse:
    """Their phone is lost: they set another one up the next time they sign in."""
    accounts.remove_second_factor(user=_found(user_id), by_id=request.user.pk)
    messages.success(request, _("The codes of the lost phone are no longer asked."), extra_tags="good")
    return redirect("headoffice:person", user_id)
