"""Taking an order on the phone or at the counter: by keyboard, in under a minute."""

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from tenant_apps.counter import dictation
from tenant_apps.counter.forms import TakingForm
from tenant_apps.orders import filling, queries, quoting
from tenant_apps.orders.filling import Filled
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import placing
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries


def _draft(request: StaffRequest, token: uuid.UUID) -> Basket:
    found = baskets.find_at_counter(token=token, pizzeria_id=request.pizzeria.id)
    if found is None:
        raise Http404
    return found


@require_POST
@staff(Permission.COUNTER)
def begin(request: StaffRequest) -> HttpResponse:
    draft = baskets.open_at_counter(pizzeria_id=request.pizzeria.id, user_id=request.user.pk)
    return redirect("counter:taking", draft.token)


@require_GET
@staff(Permission.COUNTER)
def taking(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    return _page(request, _draft(request, token))


def _page(request: StaffRequest, draft: Basket, form: TakingForm | None = None) -> HttpResponse:
    filled, now = filling.filled(draft), timezone.now()
    form = form or _form(request, filled, now)
    context = {
        "draft": draft,
        "filled": filled,
        "form": form,
        "names": sorted({offer.name for offer in shop_queries.whole_card().offers.values()}),
        "caller": _caller(form["phone"].value() or ""),
    }
    return render(request, "counter/taking.html", context, status=422 if form.errors else 200)


def _form(request: StaffRequest, filled: Filled, now: dt.datetime) -> TakingForm:
    data: Any = request.POST or None
    mode = (data or {}).get("mode", ServiceMode.COLLECTION)
    mode = mode if mode in ServiceMode.values else ServiceMode.COLLECTION
    times = queries.times_offered(
        shop=request.pizzeria,
        situation=shop_queries.situation(now),
        mode=mode,
        place=None,
        work=filled.work,
        now=now,
    )
    return TakingForm(data, mode=mode, slots=times, today=timezone.localdate(now), place=None)


def _caller(text: str) -> queries.Caller | None:
    try:
        return queries.caller(phones.parse(text))
    except RuleError:
        return None


@require_GET
@staff(Permission.COUNTER)
def caller(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    """Who calls from this number: their name, their address, what they had."""
    found = _caller(request.GET.get("phone", ""))
    return render(request, "counter/_caller.html", {"draft": _draft(request, token), "caller": found})


def _lines(request: StaffRequest, draft: Basket, refusal: str = "", typed: str = "") -> HttpResponse:
    if not request.htmx:
        if refusal:
            messages.error(request, refusal, extra_tags="bad")
        return redirect("counter:taking", draft.token)
    context = {"draft": draft, "filled": filling.filled(draft), "refusal": refusal, "typed": typed}
    return render(request, "counter/_lines.html", context)


@require_POST
@staff(Permission.COUNTER)
def add_line(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    draft, typed = _draft(request, token), request.POST.get("line", "")
    try:
        line = dictation.read(typed, shop_queries.whole_card())
        baskets.add(basket=draft, configuration=line.configuration, quantity=line.quantity)
    except RuleError as refusal:
        return _lines(request, draft, str(refusal), typed)
    return _lines(request, draft)


@require_POST
@staff(Permission.COUNTER)
def remove_line(request: StaffRequest, token: uuid.UUID, line_id: int) -> HttpResponse:
    draft = _draft(request, token)
    baskets.set_quantity(basket=draft, line_id=line_id, quantity=0)
    return _lines(request, draft)


@require_POST
@staff(Permission.COUNTER)
def same_again(request: StaffRequest, token: uuid.UUID, number: int) -> HttpResponse:
    """What this caller had last time, added to the order."""
    draft = _draft(request, token)
    order = Order.objects.prefetch_related("lines").filter(pk=number).first()
    if order is None:
        raise Http404
    lines = [(line.configuration, line.quantity) for line in quoting.asked(list(order.lines.all()))]
    baskets.fill(basket=draft, lines=lines)
    return _lines(request, draft)


@require_POST
@staff(Permission.COUNTER)
def park(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    label = request.POST.get("name", "") or request.POST.get("phone", "") or _("Without a name")
    baskets.park(basket=_draft(request, token), label=label)
    return redirect("counter:orders")


@require_POST
@staff(Permission.COUNTER)
def discard(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    _draft(request, token).delete()
    return redirect("counter:orders")


@require_POST
@staff(Permission.COUNTER)
def finish(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    """The order enters the same life as the web's: same prices, stock, slots and kitchen."""
    already = placing.placed(submission=token)  # the draft's own name: a double tap makes one order
    if already is not None:
        return redirect("counter:order", already.number)
    draft, now = _draft(request, token), timezone.now()
    filled = filling.filled(draft)
    form = _form(request, filled, now)
    if not form.is_valid():
        return _page(request, draft, form)
    try:
        with transaction.atomic():  # together: no draft stays behind whose order is placed
            order = placing.place(
                shop=request.pizzeria,
                submission=token,
                lines=filled.asked,
                wishes=form.wishes,
                contact=form.contact,
                channel=Order.Channel(form.cleaned_data["channel"]),
                by=By(Actor(request.role), request.user.pk),
                now=now,
            )
            draft.delete()
    except RuleError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, draft, form)
    messages.success(request, _("Order no. %(number)s is placed.") % {"number": order.number}, extra_tags="good")
    return redirect("counter:order", order.number)
