"""The promotional codes of the shop."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from tenant_apps.promotions import services
from tenant_apps.promotions.forms import VoucherForm
from tenant_apps.promotions.models import Voucher


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def vouchers(request: StaffRequest) -> HttpResponse:
    """Those that are under way, and a new one."""
    form = VoucherForm(request.POST or None, initial={"first_date": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            services.create(pizzeria_id=request.pizzeria.id, user_id=request.user.pk, now=timezone.now(), **form.values)
        except services.CodeTaken as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, _("The code may be used."), extra_tags="good")
            return redirect("office:vouchers")
    context = {"form": form, "vouchers": Voucher.objects.select_related("created_by")[:200]}
    return render(request, "office/vouchers.html", context, status=422 if form.errors else 200)


@require_POST
@staff(Permission.SHOP_SETTINGS)
def withdraw_voucher(request: StaffRequest, voucher_id: int) -> HttpResponse:
    services.withdraw(
        pizzeria_id=request.pizzeria.id, voucher_id=voucher_id, user_id=request.user.pk, now=timezone.now()
    )
    messages.success(request, _("The code is withdrawn: no order more may use it."), extra_tags="good")
    return redirect("office:vouchers")
