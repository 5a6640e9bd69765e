import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core import words
from shared_apps.core.errors import RuleError
from shared_apps.live.regions import region
from tenant_apps.office.forms import MovementForm, ThresholdForm
from tenant_apps.orders.services import stocktaking
from tenant_apps.stock import queries
from tenant_apps.stock.models import Movement


def _levels(request: StaffRequest) -> dict[str, object]:
    only_low, search = request.GET.get("voir") == "bas", request.GET.get("q", "").strip()[:60]
    levels = queries.low_levels() if only_low else queries.levels()
    found = [level for level in levels if words.match(search, level.ingredient.name)]
    return {"levels": found, "only_low": only_low, "search": search}


@require_GET
@staff(Permission.STOCK)
def stock(request: StaffRequest) -> HttpResponse:
    return render(request, "office/stock.html", _levels(request))


@require_GET
@staff(Permission.STOCK)
@region
def stock_levels(request: StaffRequest) -> HttpResponse:
    return render(request, "office/_stock_levels.html", _levels(request))


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def ingredient(request: StaffRequest, ingredient_id: int) -> HttpResponse:
    """An ingredient's level and its history; what happened to it is recorded here."""
    level = queries.levels().filter(pk=ingredient_id).first()
    if level is None:
        raise Http404
    form = MovementForm(request.POST or None, initial={"submission": uuid.uuid4()})
    if request.method == "POST" and form.is_valid() and _record(request, ingredient_id, form):
        messages.success(request, _("Stock recorded."), extra_tags="good")
        return redirect("office:ingredient", ingredient_id)
    thresholds = ThresholdForm(initial={"low_threshold": level.low_threshold, "par": level.par})
    context = {
        "thresholds": thresholds,
        "level": level,
        "form": form,
        "movements": queries.movements(ingredient_id)[:50],
    }
    return render(request, "office/ingredient.html", context, status=422 if form.errors else 200)


def _record(request: StaffRequest, ingredient_id: int, form: MovementForm) -> bool:
    try:
        stocktaking.record(
            shop=request.pizzeria,
            reason=Movement.Reason(form.cleaned_data["reason"]),
            ingredient_id=ingredient_id,
            quantity=form.cleaned_data["quantity"],
            actor_id=request.user.pk,
            now=timezone.now(),
            note=form.cleaned_data["note"],
            why=form.why,
            submission=form.cleaned_data["submission"],
        )
    except RuleError as refusal:
        form.add_error("quantity", str(refusal))
        return False
    return True
