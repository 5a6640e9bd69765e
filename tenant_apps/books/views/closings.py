"""The till's day and its closings: seen by whoever may read the books, closed by the manager."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import ROLES, Permission
from shared_apps.core.errors import RuleError
from shared_apps.core.periods import PeriodForm
from tenant_apps.books.forms import CloseForm
from tenant_apps.drawer import queries as drawers
from tenant_apps.orders import payouts
from tenant_apps.orders import queries as orders
from tenant_apps.till import exports, queries
from tenant_apps.till.models import Closing
from tenant_apps.till.services import closings as till_closings

PAGE = 31


def may_write(request: StaffRequest) -> bool:
    return bool(ROLES[Permission.TILL] & request.roles)


@require_GET
@staff(Permission.BOOKS)
def till(request: StaffRequest) -> HttpResponse:
    """X: the day that is open, as it stands; nothing is sealed by looking."""
    now = timezone.now()
    context = {
        "reading": queries.reading(now=now),
        "now": now,
        "closings": Closing.objects.all()[:8],
        "may_write": may_write(request),
        "drawer_is_open": drawers.open_session() is not None,
        "unpaid": len(orders.unpaid()),
        "period": PeriodForm(initial={"du": timezone.localdate().replace(day=1), "au": timezone.localdate()}),
    }
    return render(request, "books/till.html", context)


@require_POST
@staff(Permission.TILL)
def close_day(request: StaffRequest) -> HttpResponse:
    form = CloseForm(request.POST)
    if not form.is_valid():
        return redirect("books:till")
    closed = till_closings.close_day(
        shop=request.pizzeria,
        day=form.cleaned_data["day"],
        operator=request.user.name,
        now=timezone.now(),
    )
    messages.success(
        request, _("The day is closed. What is sold from now on belongs to the next one."), extra_tags="good"
    )
    return redirect("books:closing", closed.entry_number)


@require_GET
@staff(Permission.BOOKS)
def closings(request: StaffRequest) -> HttpResponse:
    period = request.GET.get("periode", "")
    found = Closing.objects.all()
    if period in Closing.Period.values:
        found = found.filter(period=period)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "books/closings.html", {"page": page, "period": period, "periods": Closing.Period.choices})


@require_GET
@staff(Permission.BOOKS)
def closing(request: StaffRequest, closing_number: int) -> HttpResponse:
    """Z, by the number of its entry in the journal."""
    found = queries.closing(entry_number=closing_number)
    if found is None:
        raise Http404
    context = {"closing": found, "figures": found.figures, "signature": queries.signature(number=closing_number)}
    return render(request, "books/closing.html", context)


@require_GET
@staff(Permission.BOOKS)
def figures_csv(request: StaffRequest) -> HttpResponse:
    """The closed days of a period by rate and by means, for the accountant."""
    form = PeriodForm(request.GET)
    if not form.is_valid():
        return render(request, "books/wrong_period.html", {"form": form}, status=422)
    starts_on, ends_on = form.days
    text = exports.figures(Closing.objects.filter(period="day", starts_on__range=(starts_on, ends_on)))
    return as_csv(text, f"caisse-{request.pizzeria.slug}-{starts_on}-{ends_on}")


@require_GET
@staff(Permission.BOOKS)
def payouts_csv(request: StaffRequest) -> HttpResponse:
    """The shop's payments online against the payouts that reach the bank in a period."""
    form = PeriodForm(request.GET)
    if not form.is_valid():
        return render(request, "books/wrong_period.html", {"form": form}, status=422)
    starts_on, ends_on = form.days
    try:
        text = payouts.journal(shop=request.pizzeria, starts_on=starts_on, ends_on=ends_on, now=timezone.now())
    except RuleError as refusal:
        form.add_error(None, str(refusal))
        return render(request, "books/wrong_period.html", {"form": form}, status=409)
    return as_csv(text, f"virements-{request.pizzeria.slug}-{starts_on}-{ends_on}")


def as_csv(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return HttpResponse(text.encode(), content_type="text/csv; charset=utf-8", headers=headers)
