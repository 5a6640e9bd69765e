"""Opening hours: the usual week, the days that depart from it, the public holidays of the coming year."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from tenant_apps.office.settings_forms import DayForm, HolidaysForm, WeekForm
from tenant_apps.orders import queries as order_queries
from tenant_apps.shop import configuration, public_holidays
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.hours import written
from tenant_apps.shop.models import Closure, SpecialRange
from tenant_apps.shop.public_holidays import Holiday

YEAR = dt.timedelta(days=365)


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def hours(request: StaffRequest) -> HttpResponse:
    form = WeekForm(request.POST or None, initial=_usual())
    if request.method == "POST" and form.is_valid():
        configuration.set_hours(shop=request.pizzeria, week=form.week, user_id=request.user.pk)
        _say_what_is_outside(request)
        return redirect("office:hours")
    return _page(request, form, DayForm())


def _usual() -> dict[str, str]:
    return {f"day_{day}": written(ranges) for day, ranges in enumerate(configuration.weekly())}


def _page(request: StaffRequest, form: WeekForm, day_form: DayForm) -> HttpResponse:
    settings, today = shop_queries.settings(), timezone.localdate()
    days = _days(today)
    holidays_form = HolidaysForm(
        initial={"closed_holidays": settings.closed_holidays, "holiday_region": settings.holiday_region}
    )
    coming = _coming(today, settings.closed_holidays, settings.holiday_region, days)
    context = {
        "form": form,
        "day_form": day_form,
        "holidays_form": holidays_form,
        "holidays": coming,
        "days": sorted((day, words) for day, words in days.items() if day not in {one.day for one in coming}),
    }
    errors = form.errors or day_form.errors
    return render(request, "office/hours.html", context, status=422 if errors else 200)


def _days(today: dt.date) -> dict[dt.date, str]:
    """The exceptions to come, in words."""
    days: dict[dt.date, str] = {}
    for closure in Closure.objects.filter(day__gte=today):
        days[closure.day] = _("closed") + (f" ({closure.reason})" if closure.reason else "")
    for special in SpecialRange.objects.filter(day__gte=today):
        days[special.day] = f"{days.get(special.day, '')} {written([(special.opens, special.closes)])}".strip()
    return days


@dataclass(frozen=True, slots=True)
class Coming:
    """A public holiday of the coming year, as the shop has it."""

    day: dt.date
    name: str
    is_closed: bool  # by the setting
    exception: str  # in words, when somebody decided otherwise for that day
    usual: str  # the hours of such a weekday


def _coming(today: dt.date, closed: list[str], region: str, days: dict[dt.date, str]) -> list[Coming]:
    week, found = configuration.weekly(), dict[dt.date, list[Holiday]]()
    for year in (today.year, today.year + 1):
        for day, holiday in public_holidays.of_year(year, region):
            if today <= day <= today + YEAR:
                found.setdefault(day, []).append(holiday)
    return [
        Coming(
            day,
            ", ".join(str(holiday.label) for holiday in holidays),
            any(holiday in closed for holiday in holidays),
            days.get(day, ""),
            written(week[day.weekday()]),
        )
        for day, holidays in sorted(found.items())
    ]


def _say_what_is_outside(request: StaffRequest) -> None:
    """Orders already promised keep their time; the manager hears of those that no opening covers any more."""
    situation = shop_queries.situation(timezone.now())
    outside = [
        str(handled.order.number)
        for handled in order_queries.in_progress()
        if not situation.hours.covers(handled.order.slot.starts_at)
    ]
    if outside:
        words = _("Kept. These orders were promised outside of the new hours, call their customers: %(numbers)s.")
        messages.warning(request, words % {"numbers": ", ".join(outside)}, extra_tags="bad")
    else:
        messages.success(request, _("Hours kept."), extra_tags="good")


@require_POST
@staff(Permission.SHOP_SETTINGS)
def set_holidays(request: StaffRequest) -> HttpResponse:
    """On which public holidays the shop stays closed, unless somebody opens on one of them."""
    form = HolidaysForm(request.POST)
    if form.is_valid():
        values = {**form.cleaned_data, "closed_holidays": sorted(form.cleaned_data["closed_holidays"])}
        configuration.change_settings(shop=request.pizzeria, values=values, user_id=request.user.pk)
        _say_what_is_outside(request)
    return redirect("office:hours")


@require_POST
@staff(Permission.SHOP_SETTINGS)
def set_day(request: StaffRequest) -> HttpResponse:
    form = DayForm(request.POST)
    if not form.is_valid():
        return _page(request, WeekForm(initial=_usual()), form)
    configuration.set_day(
        shop=request.pizzeria,
        day=form.cleaned_data["day"],
        ranges=form.cleaned_data["hours"],
        reason=form.cleaned_data["reason"],
        user_id=request.user.pk,
    )
    _say_what_is_outside(request)
    return redirect("office:hours")


@require_POST
@staff(Permission.SHOP_SETTINGS)
def forget_day(request: StaffRequest) -> HttpResponse:
    form = DayForm(request.POST)
    if form.is_valid():
        configuration.forget_day(shop=request.pizzeria, day=form.cleaned_data["day"], user_id=request.user.pk)
        messages.success(request, _("This day has its usual hours again."), extra_tags="good")
    return redirect("office:hours")
