"""Everybody who works in the group: who they are, what each is and where, as head office reads and changes it."""

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import Membership, Role, User
from shared_apps.accounts.services import answered
from tenants.models import Pizzeria

GROUP = "siege"  # the place without a pizzeria, in an address and in a form
SHOP_ROLES = [(role.value, role.label) for role in Role if role != Role.HEAD_OFFICE]


def places() -> list[tuple[str, str]]:
    """Where somebody may be given a role: head office, and every pizzeria that is not closed."""
    shops = Pizzeria.objects.with_schema().order_by("name").values_list("pk", "name")
    return [(GROUP, str(_("Head office"))), *((str(key), name) for key, name in shops)]


def everybody(*, words: str = "", place: str = "") -> QuerySet[User]:
    """By name; with `words` in the name or the e-mail, with a role in `place`."""
    people = _staff()
    if words:
        people = people.filter(Q(name__icontains=words) | Q(email__icontains=words))
    if place:
        pizzeria_id = None if place == GROUP else int(place)
        people = people.filter(Exists(Membership.objects.filter(user=OuterRef("pk"), pizzeria=pizzeria_id)))
    return people.order_by("name", "email")


def somebody(user_id: int) -> User | None:
    """One of them; nobody else has a page here, customers neither."""
    return _staff().filter(pk=user_id).first()


def _staff() -> QuerySet[User]:
    held = Membership.objects.select_related("pizzeria").order_by("pizzeria__name", "pk")
    return (
        User.objects.filter(Exists(Membership.objects.filter(user=OuterRef("pk"))))
        .annotate(has_codes=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)))
        .prefetch_related(Prefetch("memberships", queryset=held))
    )


def posts(user: User) -> list[dict[str, Any]]:
    """Where they are, with their roles there: a row for each place."""
    found: dict[str, dict[str, Any]] = {}
    for member in user.memberships.all():
        place = str(member.pizzeria_id or GROUP)
        name = member.pizzeria.name if member.pizzeria else _("Head office")
        found.setdefault(place, {"place": place, "name": name, "members": []})["members"].append(member)
    for post in found.values():
        post["roles"] = [member.role for member in post["members"]]
        post["labels"] = ", ".join(str(Role(role).label) for role in post["roles"])
        post["answered"] = answered([Membership(user=user, created_at=one.created_at) for one in post["members"]])
    return list(found.values())


class SearchForm(forms.Form):
    q = forms.CharField(label=_("Name or e-mail"), max_length=80, required=False)
    lieu = forms.ChoiceField(label=_("Where"), required=False)

    def __init__(self, *args: Any, places: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["lieu"].choices = [("", _("Everywhere")), *places]  # type: ignore[attr-defined]


class PostForm(forms.Form):
    """A place, and roles there: head office is a role of its own."""

    place = forms.ChoiceField(label=_("Where"))
    roles = forms.MultipleChoiceField(
        label=_("Roles in the pizzeria"), choices=SHOP_ROLES, widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, places: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["place"].choices = places  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("place") not in (None, GROUP) and not data.get("roles"):
            self.add_error("roles", _("Choose a role at least."))
        return data

    @property
    def pizzeria_id(self) -> int | None:
        return pizzeria_of(self.cleaned_data["place"])

    @property
    def chosen(self) -> list[Role]:
        return roles_in(self.cleaned_data["place"], self.cleaned_data["roles"])


class InvitationForm(PostForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    email = forms.EmailField(label=_("E-mail"))
    field_order = ("name", "email", "place", "roles")


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(choices=SHOP_ROLES, required=False)


def pizzeria_of(place: str) -> int | None:
    return None if place == GROUP else int(place)


def roles_in(place: str, chosen: list[str]) -> list[Role]:
    """In the group there is one role: being of head office."""
    return [Role.HEAD_OFFICE] if place == GROUP else [Role(role) for role in chosen]
