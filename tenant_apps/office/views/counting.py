"""What the stock really is: the count of a shelf or of all, what can be made of it, and when to warn."""

from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core import quantities
from shared_apps.core.errors import RuleError
from tenant_apps.office.forms import ThresholdForm
from tenant_apps.orders.services import stocktaking
from tenant_apps.stock import queries
from tenant_apps.stock.services import movements


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def count_stock(request: StaffRequest) -> HttpResponse:
    """The sheet: only what is written is counted."""
    levels = list(queries.low_levels() if request.GET.get("voir") == "bas" else queries.levels())
    typed = {level.pk: request.POST.get(f"count-{level.pk}", "").strip() for level in levels}
    wrong, counted = dict[int, str](), dict[int, Decimal]()
    for level in levels:
        if text := typed[level.pk]:
            try:
                counted[level.pk] = quantities.read(text, level.ingredient.unit)
            except ValueError:
                wrong[level.pk] = _("Write a quantity such as 1250 or 12,5.")
    refusal = ""
    if request.method == "POST" and not wrong:
        try:
            act = stocktaking.count_many(
                shop=request.pizzeria, counted=counted, actor_id=request.user.pk, now=timezone.now()
            )
            return redirect("office:counted", act.pk)
        except RuleError as error:
            refusal = str(error)
    rows = [(level, typed[level.pk], wrong.get(level.pk, "")) for level in levels]
    context = {"rows": rows, "wrong": wrong, "refusal": refusal, "counts": queries.counts()[:10]}
    return render(request, "office/count_stock.html", context, status=422 if wrong or refusal else 200)


@require_GET
@staff(Permission.STOCK)
def counted(request: StaffRequest, count_id: int) -> HttpResponse:
    """The differences that a count found."""
    act = queries.counts().filter(pk=count_id).first()
    if act is None:
        raise Http404
    return render(request, "office/counted.html", {"count": act, "levels": act.levels.select_related("ingredient")})


@require_GET
@staff(Permission.STOCK)
def feasible(request: StaffRequest) -> HttpResponse:
    return render(request, "office/feasible.html", {"products": queries.feasible_products(now=timezone.now())})


@require_POST
@staff(Permission.STOCK)
def set_threshold(request: StaffRequest, ingredient_id: int) -> HttpResponse:
    form = ThresholdForm(request.POST)
    if not queries.levels().filter(pk=ingredient_id).exists():
        raise Http404
    if form.is_valid():
        movements.set_threshold(
            where=movements.Where(request.pizzeria.id, request.pizzeria.schema_name),
            ingredient_id=ingredient_id,
            actor_id=request.user.pk,
            now=timezone.now(),
            **form.cleaned_data,
        )
        messages.success(request, _("Thresholds kept."), extra_tags="good")
    else:
        messages.error(request, _("Thresholds are quantities, zero or more."), extra_tags="bad")
    return redirect("office:ingredient", ingredient_id)
