"""Promotional codes for several pizzerias at once."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.headoffice import promotions
from tenant_apps.promotions.forms import GroupVoucherForm
from tenants.models import Pizzeria


@require_http_methods(["GET", "POST"])
@staff(Permission.GROUP_VIEW)
def vouchers(request: StaffRequest) -> HttpResponse:
    """A promotional code in the pizzerias that head office chooses."""
    shops = Pizzeria.objects.filter(state=Pizzeria.State.TRADING)
    form = GroupVoucherForm(
        request.POST or None,
        initial={"first_date": timezone.localdate()},
        pizzerias=list(shops.values_list("pk", "name")),
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["pizzerias"]
        promotions.create(pizzeria_ids=chosen, values=form.values, user_id=request.user.pk)
        words = _("The code is on its way to %(count)s pizzeria(s).") % {"count": len(chosen)}
        messages.success(request, words, extra_tags="good")
        return redirect("headoffice:vouchers")
    return render(request, "headoffice/vouchers.html", {"form": form}, status=422 if form.errors else 200)
