"""Phone numbers that the manager blocks."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from tenant_apps.counter.forms import BlockForm
from tenant_apps.orders.models import BlockedNumber
from tenant_apps.orders.services import blocking


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def blocked(request: StaffRequest) -> HttpResponse:
    form = BlockForm(request.POST or None, initial={"phone": request.GET.get("phone", "")})
    if request.method == "POST" and form.is_valid():
        blocking.block(**form.cleaned_data, user_id=request.user.pk, now=timezone.now())
        messages.success(request, _("This number is blocked."), extra_tags="good")
        return redirect("counter:blocked")
    context = {"form": form, "numbers": BlockedNumber.objects.select_related("blocked_by"), "now": timezone.now()}
    return render(request, "counter/blocked.html", context, status=422 if form.errors else 200)


@require_POST
@staff(Permission.SHOP_SETTINGS)
def unblock(request: StaffRequest, blocked_id: int) -> HttpResponse:
    blocking.unblock(blocked_id=blocked_id)
    messages.success(request, _("This number can order again; nothing is kept of it."), extra_tags="good")
    return redirect("counter:blocked")


@require_POST
@staff(Permission.SHOP_SETTINGS)
def let_through(request: StaffRequest, blocked_id: int) -> HttpResponse:
    blocking.let_through(blocked_id=blocked_id)
    messages.success(request, _("The next order from this number is taken."), extra_tags="good")
    return redirect("counter:blocked")
