"""Replacing an ingredient by another for a time: what it would change is shown first, then done or not."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.office.forms import SubstitutionForm
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import substituting
from tenant_apps.stock import queries


@require_GET
@staff(Permission.STOCK)
def substitutions(request: StaffRequest) -> HttpResponse:
    return _page(request, SubstitutionForm(initial={"ratio": 1, "replaced": request.GET.get("ingredient")}))


def _page(request: StaffRequest, form: SubstitutionForm, effect: queries.Effect | None = None) -> HttpResponse:
    found = queries.substitutions()
    context = {
        "form": form,
        "effect": effect,
        "under_way": [one for one in found if one.ended_at is None],
        "past": [one for one in found if one.ended_at][:50],
    }
    return render(request, "office/substitutions.html", context, status=422 if form.errors else 200)


@require_POST
@staff(Permission.STOCK)
def start_substitution(request: StaffRequest) -> HttpResponse:
    """Without `confirmed`, only what it would change."""
    form = SubstitutionForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    asked = form.cleaned_data
    if not request.POST.get("confirmed"):
        return _page(
            request,
            form,
            queries.effect(replaced=asked["replaced"], replacement=asked["replacement"], now=timezone.now()),
        )
    try:
        changed = substituting.start(
            shop=request.pizzeria,
            replaced_id=asked["replaced"].pk,
            replacement_id=asked["replacement"].pk,
            ratio=asked["ratio"],
            reason=asked["reason"],
            until_at=asked["until_at"],
            actor_id=request.user.pk,
            now=timezone.now(),
        )
    except RuleError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form)
    messages.success(request, _said(changed), extra_tags="good")
    return redirect("office:substitutions")


@require_POST
@staff(Permission.STOCK)
def end_substitution(request: StaffRequest, substitution_id: int) -> HttpResponse:
    changed = substituting.end(
        shop=request.pizzeria, substitution_id=substitution_id, actor_id=request.user.pk, now=timezone.now()
    )
    messages.success(request, _said(changed), extra_tags="good")
    return redirect("office:substitutions")


def _said(changed: list[Order]) -> str:
    if not changed:
        return _("Done: no order under way was concerned.")
    numbers = ", ".join(str(order.number) for order in changed)
    words = ngettext(
        "Done: order no. %(numbers)s follows, and its ticket flashes in the kitchen.",
        "Done: orders no. %(numbers)s follow, and their tickets flash in the kitchen.",
        len(changed),
    )
    return words % {"numbers": numbers}
