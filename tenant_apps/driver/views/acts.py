"""Parti, Arrivé, Livré, Échec, back at the shop: a form of the page, or what the phone kept and sends later."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.delivery.models import Act
from tenant_apps.delivery.services import performing
from tenant_apps.driver.forms import ActForm
from tenant_apps.driver.views.deliveries import by


class ActRefused(RuleError):
    """In the words of the rule that refused it."""


def _perform(request: StaffRequest, kind: Act.Kind, round_id: int, stop_id: int = 0) -> HttpResponse:
    """The page is answered by a page, the phone's outbox (X-Act) by what was refused, if anything."""
    refusal = _refusal(request, kind, round_id, stop_id)
    if request.headers.get("X-Act"):
        return JsonResponse({"refused": refusal}, status=409 if refusal else 200)
    if refusal:
        raise ActRefused(refusal)
    return redirect("driver:deliveries")


def _refusal(request: StaffRequest, kind: Act.Kind, round_id: int, stop_id: int) -> str:
    form = ActForm(request.POST, kind=kind)
    if not form.is_valid():
        return _("Say why it is not delivered.") if "reason" in form.errors else _("This act cannot be read.")
    try:
        tap = form.tap(round_id=round_id, stop_id=stop_id)
        return performing.perform(shop=request.pizzeria, tap=tap, by=by(request), now=timezone.now()).refusal
    except RuleError as refusal:
        return str(refusal)


@require_POST
@staff(Permission.DELIVERIES)
def leave(request: StaffRequest, round_id: int) -> HttpResponse:
    return _perform(request, Act.Kind.LEFT, round_id)


@require_POST
@staff(Permission.DELIVERIES)
def arrived(request: StaffRequest, round_id: int, stop_id: int) -> HttpResponse:
    return _perform(request, Act.Kind.ARRIVED, round_id, stop_id)


@require_POST
@staff(Permission.DELIVERIES)
def delivered(request: StaffRequest, round_id: int, stop_id: int) -> HttpResponse:
    return _perform(request, Act.Kind.DELIVERED, round_id, stop_id)


@require_POST
@staff(Permission.DELIVERIES)
def failed(request: StaffRequest, round_id: int, stop_id: int) -> HttpResponse:
    return _perform(request, Act.Kind.FAILED, round_id, stop_id)


@require_POST
@staff(Permission.DELIVERIES)
def come_back(request: StaffRequest, round_id: int, stop_id: int) -> HttpResponse:
    return _perform(request, Act.Kind.RETURNED, round_id, stop_id)
