"""The till's drawer: opened with its float, counted without being told what it should hold."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import Membership, Role
from shared_apps.accounts.permissions import ROLES, Permission
from shared_apps.core.errors import RuleError
from tenant_apps.counter.forms import CashForm, CountForm, FloatForm
from tenant_apps.drawer import queries
from tenant_apps.drawer.models import CashMovement
from tenant_apps.drawer.services import cash, sessions


def _colleagues(request: StaffRequest) -> list[tuple[int, str]]:
    """Who else of this shop may have the drawer."""
    held = Membership.objects.filter(pizzeria_id=request.pizzeria.id, role__in=ROLES[Permission.COUNTER])
    held = held.filter(user__is_active=True).exclude(user=request.user)
    return sorted(set(held.values_list("user_id", "user__name")), key=lambda pair: pair[1])


def _page(
    request: StaffRequest,
    *,
    opening: FloatForm | None = None,
    moving: CashForm | None = None,
    counting: CountForm | None = None,
) -> HttpResponse:
    session = queries.open_session()
    refused = opening or moving or counting
    context = {
        "session": session,
        "movements": queries.movements(session) if session else [],
        "form": refused,
        "opening": opening or FloatForm(initial={"float_cents": queries.last_left_cents()}),
        "moving": moving or CashForm(initial={"submission": uuid.uuid4()}),
        "counting": counting or CountForm(colleagues=_colleagues(request)),
        "expected_cents": queries.expected_cents(session) if session and Role.MANAGER in request.roles else None,
    }
    return render(request, "counter/drawer.html", context, status=422 if refused else 200)


@require_GET
@staff(Permission.COUNTER)
def drawer(request: StaffRequest) -> HttpResponse:
    return _page(request)


@require_POST
@staff(Permission.COUNTER)
def open_drawer(request: StaffRequest) -> HttpResponse:
    form = FloatForm(request.POST)
    if not form.is_valid():
        return _page(request, opening=form)
    sessions.open_drawer(
        shop=request.pizzeria,
        operator_id=request.user.pk,
        operator=request.user.name,
        now=timezone.now(),
        **form.cleaned_data,
    )
    messages.success(request, _("The drawer is open."), extra_tags="good")
    return redirect("counter:drawer")


@require_POST
@staff(Permission.COUNTER)
def move_cash(request: StaffRequest) -> HttpResponse:
    form = CashForm(request.POST)
    if not form.is_valid():
        return _page(request, moving=form)
    data = form.cleaned_data
    try:
        cash.move(
            shop=request.pizzeria, kind=CashMovement.Kind(data["kind"]), cents=data["amount"] or 0,
            reason=data["reason"], submission=data["submission"], actor_id=request.user.pk, operator=request.user.name,
            now=timezone.now(),
        )  # fmt: skip
    except (cash.NoReason, cash.NotThatMuch) as refusal:
        form.add_error("amount", str(refusal))
        return _page(request, moving=form)
    messages.success(request, _("It is recorded."), extra_tags="good")
    return redirect("counter:drawer")


@require_POST
@staff(Permission.COUNTER)
def count_drawer(request: StaffRequest) -> HttpResponse:
    form = CountForm(request.POST, colleagues=_colleagues(request))
    if not form.is_valid():
        return _page(request, counting=form)
    try:
        sessions.count_and_close(
            shop=request.pizzeria, pieces=form.pieces, reason=form.cleaned_data["reason"], actor_id=request.user.pk,
            operator=request.user.name, now=timezone.now(), next_id=form.cleaned_data["next"],
        )  # fmt: skip
    except cash.NoDrawer:
        raise
    except RuleError as refusal:
        form.add_error("reason", str(refusal))
        return _page(request, counting=form)
    handed = form.cleaned_data["next"] is not None
    messages.success(
        request, _("The drawer is handed over.") if handed else _("The drawer is closed."), extra_tags="good"
    )
    return redirect("counter:drawer")
