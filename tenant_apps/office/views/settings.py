"""The shop's settings: kitchen and delivery, hours, own prices, staff; and the history of what was changed."""

import datetime as dt
from typing import Any

import holidays
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts import services as accounts
from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import AuditEntry, Membership, Role
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from shared_apps.core.fields import EurosField
from tenant_apps.office.settings_forms import DayForm, InvitationForm, RolesForm, SettingsForm, WeekForm
from tenant_apps.orders import queries as order_queries
from tenant_apps.shop import configuration
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.hours import written
from tenant_apps.shop.models import Closure, LocalOffer, SpecialRange

HOLIDAYS_AHEAD = dt.timedelta(days=120)


def _page(request: StaffRequest, template: str, form: Any, **context: object) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def settings(request: StaffRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=shop_queries.settings())
    if request.method == "POST" and form.is_valid():
        configuration.change_settings(shop=request.pizzeria, values=form.cleaned_data, user_id=request.user.pk)
        messages.success(request, _("Settings kept."), extra_tags="good")
        return redirect("office:settings")
    return _page(request, "office/settings.html", form)


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def hours(request: StaffRequest) -> HttpResponse:
    """The usual week, and the days that depart from it."""
    usual = {f"day_{day}": written(ranges) for day, ranges in enumerate(configuration.weekly())}
    form = WeekForm(request.POST or None, initial=usual)
    if request.method == "POST" and form.is_valid():
        configuration.set_hours(shop=request.pizzeria, week=form.week, user_id=request.user.pk)
        _say_what_is_outside(request)
        return redirect("office:hours")
    return _hours_page(request, form, DayForm())


def _hours_page(request: StaffRequest, form: WeekForm, day_form: DayForm) -> HttpResponse:
    today = timezone.localdate()
    days: dict[dt.date, str] = {}
    for closure in Closure.objects.filter(day__gte=today):
        days[closure.day] = _("closed") + (f" ({closure.reason})" if closure.reason else "")
    for special in SpecialRange.objects.filter(day__gte=today):
        days[special.day] = f"{days.get(special.day, '')} {written([(special.opens, special.closes)])}".strip()
    found = holidays.country_holidays("FR", years=(today.year, today.year + 1), language="fr")
    coming = sorted(
        (day, name) for day, name in found.items() if today <= day <= today + HOLIDAYS_AHEAD and day not in days
    )
    context = {"form": form, "day_form": day_form, "days": sorted(days.items()), "holidays": coming}
    errors = form.errors or day_form.errors
    return render(request, "office/hours.html", context, status=422 if errors else 200)


def _say_what_is_outside(request: StaffRequest) -> None:
    """Orders already promised keep their time; the manager hears of those that no opening covers any more."""
    situation = shop_queries.situation(timezone.now())
    outside = [
        str(handled.order.number)
        for handled in order_queries.in_progress()
        if not any(
            window.start <= handled.order.slot.starts_at < window.end
            for window in situation.hours.of_day(timezone.localdate(handled.order.slot.starts_at))
        )
    ]
    if outside:
        words = _("Kept. These orders were promised outside of the new hours, call their customers: %(numbers)s.")
        messages.warning(request, words % {"numbers": ", ".join(outside)}, extra_tags="bad")
    else:
        messages.success(request, _("Hours kept."), extra_tags="good")


@require_POST
@staff(Permission.SHOP_SETTINGS)
def set_day(request: StaffRequest) -> HttpResponse:
    form = DayForm(request.POST)
    if not form.is_valid():
        usual = {f"day_{day}": written(ranges) for day, ranges in enumerate(configuration.weekly())}
        return _hours_page(request, WeekForm(initial=usual), form)
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


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def offers(request: StaffRequest) -> HttpResponse:
    """The group's card with this shop's own prices and what it does not sell."""
    card, wrong = shop_queries.whole_card({}), dict[int, str]()
    if request.method == "POST":
        wanted = {}
        for key in card.offers:
            try:
                price = EurosField(required=False).clean(request.POST.get(f"price-{key}", "").strip())
                wanted[key] = (price, f"withdrawn-{key}" in request.POST)
            except Exception as error:  # a ValidationError of the field, shown at it
                wrong[key] = " ".join(getattr(error, "messages", [str(error)]))
        if not wrong:
            count = configuration.set_offers(shop=request.pizzeria, offers=wanted, user_id=request.user.pk)
            messages.success(request, _("%(count)s products changed.") % {"count": count}, extra_tags="good")
            return redirect("office:offers")
    own = {offer.variant_id: offer for offer in LocalOffer.objects.all()}
    rows = [
        {
            "offer": offer,
            "price": request.POST.get(f"price-{key}", _price(own.get(key))),
            "withdrawn": f"withdrawn-{key}" in request.POST or (key in own and own[key].withdrawn),
            "error": wrong.get(key, ""),
        }
        for key, offer in card.offers.items()
    ]
    return render(request, "office/offers.html", {"rows": rows, "wrong": wrong}, status=422 if wrong else 200)


def _price(own: LocalOffer | None) -> str:
    return f"{own.price_cents / 100:.2f}".replace(".", ",") if own and own.price_cents is not None else ""


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def members(request: StaffRequest) -> HttpResponse:
    """The shop's people and what they may do."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        accounts.invite_member(
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            roles=[Role(role) for role in form.cleaned_data["roles"]],
            pizzeria_id=request.pizzeria.id,
            by_id=request.user.pk,
        )
        messages.success(request, _("The invitation is on its way."), extra_tags="good")
        return redirect("office:members")
    held: dict[int, dict[str, Any]] = {}
    for membership in Membership.objects.filter(pizzeria_id=request.pizzeria.id).select_related("user"):
        held.setdefault(membership.user_id, {"user": membership.user, "roles": []})["roles"].append(membership.role)
    people = sorted(held.values(), key=lambda person: str(person["user"]))
    roles = [(role.value, role.label) for role in Role if role != Role.HEAD_OFFICE]
    return _page(request, "office/members.html", form, people=people, roles=roles)


@require_POST
@staff(Permission.SHOP_SETTINGS)
def set_roles(request: StaffRequest, user_id: int) -> HttpResponse:
    form = RolesForm(request.POST)
    if form.is_valid():
        try:
            accounts.set_roles(
                user_id=user_id,
                roles=[Role(role) for role in form.cleaned_data["roles"]],
                pizzeria_id=request.pizzeria.id,
                by_id=request.user.pk,
            )
            messages.success(request, _("Roles kept."), extra_tags="good")
        except RuleError as refusal:
            messages.error(request, str(refusal), extra_tags="bad")
    return redirect("office:members")


@require_GET
@staff(Permission.SHOP_SETTINGS)
def history(request: StaffRequest) -> HttpResponse:
    """Who changed what, when, before and after; the newest first."""
    entries = AuditEntry.objects.filter(pizzeria_id=request.pizzeria.id).select_related("actor")
    if request.GET.get("acte"):
        entries = entries.filter(act=request.GET["acte"])
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    return render(request, "office/history.html", {"page": page, "act": request.GET.get("acte", "")})
