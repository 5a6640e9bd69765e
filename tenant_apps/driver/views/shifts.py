from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.delivery.services import shifts
from tenant_apps.driver.forms import EndForm, StartForm
from tenant_apps.driver.views.deliveries import shown


@require_POST
@staff(Permission.DELIVERIES)
def start_shift(request: StaffRequest) -> HttpResponse:
    form = StartForm(request.POST)
    if form.is_valid():
        shifts.start(
            shop=request.pizzeria,
            driver_id=request.user.pk,
            float_cents=form.cleaned_data["float_cents"],
            now=timezone.now(),
        )
    else:
        messages.error(request, _("Write the float in euros, such as 30,00."), extra_tags="bad")
    return redirect("driver:deliveries")


@require_POST
@staff(Permission.DELIVERIES)
def end_shift(request: StaffRequest) -> HttpResponse:
    """The cash is counted and handed in."""
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            shifts.end(shop=request.pizzeria, driver_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
        except RuleError as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, _("Your shift is over. Thank you!"), extra_tags="good")
            return redirect("driver:deliveries")
    return render(request, "driver/deliveries.html", shown(request, form), status=422)
