"""« Refaire »: the form of an order, and the list of what was made again and why."""

import csv
import datetime as dt
from collections import Counter

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.calendar import business_day
from tenant_apps.counter.forms import PeriodForm, RemakeForm
from tenant_apps.orders import queries
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import RemakeReason
from tenant_apps.orders.services import remaking
from tenant_apps.orders.services.acts import By

WEEK = dt.timedelta(days=6)


@require_POST
@staff(Permission.COUNTER)
def remake(request: StaffRequest, number: int) -> HttpResponse:
    form = RemakeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it is made again, and how many of each."), extra_tags="bad")
        return redirect("counter:order", number)
    order = remaking.remake(
        shop=request.pizzeria,
        order_id=number,
        submission=form.cleaned_data["submission"],
        quantities=form.quantities,
        reason=RemakeReason(form.cleaned_data["reason"]),
        words=form.cleaned_data["words"],
        by=By(Actor(request.role), request.user.pk, request.device_id),
        now=timezone.now(),
    )
    messages.success(request, _("The kitchen makes it again, first of all."), extra_tags="good")
    return redirect("counter:order", order.number)


@require_GET
@staff(Permission.SHOP_SETTINGS)
def remakes(request: StaffRequest) -> HttpResponse:
    """What was made again over a period, by reason; as a file for a spreadsheet with `format=csv`."""
    today = business_day(timezone.now())
    form = PeriodForm(request.GET or {"first": today - WEEK, "last": today})
    found = queries.remakes(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else []
    if request.GET.get("format") == "csv" and form.is_valid():
        return _file(found)
    reasons = Counter(made.order.get_remake_reason_display() for made in found)
    context = {"form": form, "remakes": found, "reasons": reasons.most_common(), "csv": request.GET.urlencode()}
    return render(request, "counter/remakes.html", context, status=422 if form.errors else 200)


def _file(found: list[queries.Remade]) -> HttpResponse:
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # spreadsheets want the mark
    answer["Content-Disposition"] = 'attachment; filename="refaits.csv"'
    writer = csv.writer(answer, delimiter=";")
    writer.writerow([_("Date"), _("Time"), _("Order"), _("Remake"), _("Reason"), _("Words"), _("What"), _("By")])
    for made in found:
        placed, order = timezone.localtime(made.order.placed_at), made.order
        when = [placed.date(), f"{placed:%H:%M}", order.remakes_id, order.number]
        writer.writerow([*when, order.get_remake_reason_display(), _safe(order.remake_words), made.what, made.who])
    return answer


def _safe(text: str) -> str:
    """A spreadsheet must not take what somebody typed for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text
