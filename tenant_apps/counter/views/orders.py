import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import Permission
from shared_apps.baskets import services as baskets
from shared_apps.baskets.services import AgreedPrice
from shared_apps.core.calendar import business_day, day_bounds
from shared_apps.live.regions import region
from tenant_apps.counter.forms import PaymentForm, PriceForm
from tenant_apps.delivery.services import handling
from tenant_apps.drawer import queries as drawer
from tenant_apps.orders import ledger, queries
from tenant_apps.orders.forms import WITH_THE_ORDER, HandOverForm
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import RemakeReason
from tenant_apps.orders.queries import Handled
from tenant_apps.orders.services import escalation, repricing
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import ReversalLine
from tenant_apps.printing import queries as prints
from tenant_apps.shop import queries as shop_queries


def _by(request: StaffRequest) -> By:
    return By(Actor(request.role), request.user.pk, request.device_id)


def _list(request: StaffRequest) -> dict[str, object]:
    """The filter is in the address: open orders, the late ones, or those over since the business day began."""
    now = timezone.now()
    shown = request.GET.get("voir", "")
    if shown == "retard":
        orders = queries.late(now)
    elif shown == "terminees":
        orders = queries.over(day_bounds(business_day(now))[0])
    else:
        orders = queries.in_progress()
    return {"orders": orders, "shown": shown, "means": WITH_THE_ORDER, "now": now}


@require_GET
@staff(Permission.COUNTER)
def orders(request: StaffRequest) -> HttpResponse:
    context = {
        **_list(request),
        **_drafts(request),
        "ringing": escalation.ringing(),
        "is_manager": Role.MANAGER in request.roles,
        "silent_since": prints.silent_since(),
        "trading": shop_queries.trading(timezone.now()),
    }
    return render(request, "counter/orders.html", context)


def _drafts(request: StaffRequest) -> dict[str, object]:
    return {"drafts": baskets.at_counter(pizzeria_id=request.pizzeria.id)}


@require_GET
@staff(Permission.COUNTER)
@region
def drafts_list(request: StaffRequest) -> HttpResponse:
    """Those being taken, parked, or handed over by another shop."""
    return render(request, "counter/_drafts.html", _drafts(request))


@require_GET
@staff(Permission.COUNTER)
@region
def orders_list(request: StaffRequest) -> HttpResponse:
    return render(request, "counter/_orders.html", _list(request))


@require_GET
@staff(Permission.COUNTER)
def order(request: StaffRequest, number: int) -> HttpResponse:
    return page(request, handled(number))


def handled(number: int) -> Handled:
    found = queries.handled(number)
    if found is None:
        raise Http404
    return found


def page(request: StaffRequest, found: Handled, form: PaymentForm | None = None) -> HttpResponse:
    """The page of an order, with a form that was refused."""
    context = {
        "handled": found,
        "order": found.order,
        "ledger": ledger.ledger(order=found.order, due_cents=found.due_cents),
        "events": found.order.events.select_related("actor"),
        "form": form or PaymentForm(initial={"submission": uuid.uuid4()}),
        "means": WITH_THE_ORDER,
        "discounts": found.order.discounts.select_related("voucher", "agreed_by"),
        "fates": ReversalLine.Fate.choices,
        "act": uuid.uuid4(),
        "drawer": drawer.open_session(),
        "remakes": found.order.remade_by.select_related("slot"),
        "is_manager": Role.MANAGER in request.roles,
        "remake_reasons": RemakeReason.choices,
        "remake_submission": uuid.uuid4(),
    }
    return render(request, "counter/order.html", context, status=422 if form and form.errors else 200)


@require_POST
@staff(Permission.COUNTER)
def reprice(request: StaffRequest, number: int) -> HttpResponse:
    """A price agreed on a line, until the kitchen takes the order; beyond the shop's limit by the manager."""
    form = PriceForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a line, a price and a reason."), extra_tags="bad")
        return redirect("counter:order", number)
    by_manager = Role.MANAGER in request.roles
    agreed = AgreedPrice(form.cents, form.cleaned_data["reason"], request.user.pk, by_manager)
    repricing.reprice(
        shop=request.pizzeria,
        order_id=number,
        line_id=form.cleaned_data["line"],
        agreed=agreed,
        by=_by(request),
        now=timezone.now(),
    )
    messages.success(request, _("The price is agreed."), extra_tags="good")
    return redirect("counter:order", number)


@require_POST
@staff(Permission.COUNTER)
def hand_over(request: StaffRequest, number: int) -> HttpResponse:
    """Collected or delivered, with what was due taken in the same act."""
    form = HandOverForm(request.POST)
    if not form.is_valid():
        return redirect("counter:order", number)
    handling.hand_over(
        shop=request.pizzeria,
        order_id=number,
        by=_by(request),
        now=timezone.now(),
        tender=form.tender,
        age=form.age,
    )
    return _after(request)


@require_POST
@staff(Permission.COUNTER)
def cancel(request: StaffRequest, number: int) -> HttpResponse:
    absent = request.POST.get("not_collected") == "1"
    reason = queries.NOT_COLLECTED if absent else request.POST.get("reason", "").strip()[:200]
    handling.cancel(shop=request.pizzeria, order_id=number, by=_by(request), now=timezone.now(), reason=reason)
    messages.success(request, _("Order cancelled."), extra_tags="good")
    return redirect("counter:order", number)


def _after(request: StaffRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("counter:orders")
    return render(request, "counter/_orders.html", _list(request))
