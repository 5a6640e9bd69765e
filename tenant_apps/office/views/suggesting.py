from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.stock import suggestion as suggestions
from tenant_apps.stock.services import receptions
from tenant_apps.stock.services.movements import Where


@require_GET
@staff(Permission.STOCK)
def suggestion(request: StaffRequest) -> HttpResponse:
    """What to order and how much dough to make, and how wrong this would have been."""
    return render(request, "office/suggestion.html", {"suggestion": suggestions.suggest(now=timezone.now())})


@require_POST
@staff(Permission.STOCK)
def take_suggestion(request: StaffRequest, supplier_id: int) -> HttpResponse:
    """Worked out again, then kept as a draft for somebody to read."""
    now = timezone.now()
    found = next((one for one in suggestions.suggest(now=now).deliveries if one.supplier.pk == supplier_id), None)
    if found is None:
        raise Http404
    try:
        made = receptions.plan(
            where=Where(request.pizzeria.id, request.pizzeria.schema_name),
            supplier_id=supplier_id,
            expected_at=found.expected_at,
            quantities=found.quantities,
            actor_id=request.user.pk,
            now=now,
        )
    except RuleError as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
        return redirect("office:suggestion")
    messages.success(request, _("Draft made: read it, then order it."), extra_tags="good")
    return redirect("office:reception", made.pk)
