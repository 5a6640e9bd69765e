import csv
import datetime as dt
from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from tenant_apps.delivery import reports
from tenant_apps.delivery.reports import ShiftLine

SHOWN = dt.timedelta(days=14)


@require_GET
@staff(Permission.SHOP_SETTINGS)
def drivers(request: StaffRequest) -> HttpResponse:
    """Shifts of the last two weeks, with what was delivered and handed in; as a file with `format=csv`."""
    lines = reports.by_shift(timezone.now() - SHOWN)
    if request.GET.get("format") == "csv":
        return _file(lines)
    return render(request, "office/drivers.html", {"shifts": lines, "drivers": reports.by_driver(lines)})


def _file(lines: Sequence[ShiftLine]) -> HttpResponse:
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # spreadsheets want the mark
    answer["Content-Disposition"] = 'attachment; filename="livreurs.csv"'
    writer = csv.writer(answer, delimiter=";")
    writer.writerow(
        [_("Driver"), _("From"), _("To"), _("Deliveries"), _("Failures"), _("Late"), _("Float"), _("Expected"),
         _("Handed in"), _("Difference"), _("Reason")]
    )  # fmt: skip
    for line in lines:
        shift = line.shift
        over = [_money(shift.counted_cents or 0), _money(shift.difference_cents)] if shift.ended_at else ["", ""]
        counts = [line.delivered, line.failed, line.late, _money(shift.float_cents), _money(line.expected_cents)]
        when = [_moment(shift.started_at), _moment(shift.ended_at) if shift.ended_at else ""]
        writer.writerow([_safe(str(shift.driver)), *when, *counts, *over, _safe(shift.reason)])
    return answer


def _moment(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}".replace(".", ",")


def _safe(text: str) -> str:
    """A spreadsheet must not take what somebody typed for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text
