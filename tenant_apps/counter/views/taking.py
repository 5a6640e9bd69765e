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
from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import Permission
from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket
from shared_apps.baskets.services import AgreedPrice
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core import phones
from shared_apps.core.errors import RuleError
from tenant_apps.counter import dictation
from tenant_apps.counter.forms import TakingForm
from tenant_apps.counter.views.drafts import changes_since, draft_for, seen, typed
from tenant_apps.orders import discounts, filling, queries, quoting
from tenant_apps.orders.filling import Filled
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import BlockedNumber, Order
from tenant_apps.orders.services import placing
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment
from tenant_apps.shop import queries as shop_queries


@require_POST
@staff(Permission.COUNTER)
def begin(request: StaffRequest) -> HttpResponse:
    draft = baskets.open_at_counter(pizzeria_id=request.pizzeria.id, user_id=request.user.pk)
    return redirect("counter:taking", draft.token)


@require_GET
@staff(Permission.COUNTER)
def taking(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    return _page(request, draft_for(request, token))


def _page(request: StaffRequest, draft: Basket, form: TakingForm | None = None, status: int = 0) -> HttpResponse:
    now = timezone.now()
    filled = filling.filled(draft, now=now)
    form = form or _form(request, filled, now, draft.contact)
    filled = filled.at(draft, form.wanted_at, now=now, soonest=None)
    phone = form["phone"].value() or ""
    context = {
        "draft": draft,
        "filled": filled,
        "off": discounts.off(basket=draft, items_cents=filled.items_cents, now=now),
        "form": form,
        "names": sorted({offer.name for offer in shop_queries.whole_card().offers.values()}),
        "seen": seen(filled),
        "caller": _caller(phone),
        "blocked": _blocked(phone),
        "is_manager": Role.MANAGER in request.roles,
    }
    return render(request, "counter/taking.html", context, status=status or (422 if form.errors else 200))


def _form(request: StaffRequest, filled: Filled, now: dt.datetime, kept: dict[str, str] | None = None) -> TakingForm:
    data: Any = request.POST or None
    mode = (data or kept or {}).get("mode", ServiceMode.COLLECTION)
    mode = mode if mode in ServiceMode.values else ServiceMode.COLLECTION
    times = queries.times_offered(
        shop=request.pizzeria,
        situation=shop_queries.situation(now),
        mode=mode,
        place=None,
        work=filled.work,
        now=now,
        made_from=filled.made_from,
    )
    later = filled.made_from is not None
    return TakingForm(
        data,
        initial=kept,
        mode=mode,
        slots=times,
        today=timezone.localdate(now),
        place=None,
        closed=later,
        has_alcohol=filled.has_alcohol,
    )


def _caller(text: str) -> queries.Caller | None:
    try:
        return queries.caller(phones.parse(text))
    except RuleError:
        return None


def _blocked(text: str) -> BlockedNumber | None:
    try:
        return queries.blocked(phones.parse(text), timezone.localdate())
    except RuleError:
        return None


@require_GET
@staff(Permission.COUNTER)
def caller(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    """Who calls from this number: their name, their address, what they had."""
    phone = request.GET.get("phone", "")
    context = {
        "draft": draft_for(request, token),
        "caller": _caller(phone),
        "blocked": _blocked(phone),
        "is_manager": Role.MANAGER in request.roles,
    }
    return render(request, "counter/_caller.html", context)


def _lines(request: StaffRequest, draft: Basket, refusal: str = "", said: str = "") -> HttpResponse:
    if not request.htmx:
        if refusal:
            messages.error(request, refusal, extra_tags="bad")
        return redirect("counter:taking", draft.token)
    now = timezone.now()
    filled = filling.filled(draft, now=now)
    off = discounts.off(basket=draft, items_cents=filled.items_cents, now=now)
    context = {"draft": draft, "filled": filled, "off": off, "refusal": refusal, "typed": said, "seen": seen(filled)}
    return render(request, "counter/_lines.html", context)


@require_POST
@staff(Permission.COUNTER)
def add_line(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    draft, said = draft_for(request, token), request.POST.get("line", "")
    try:
        line = dictation.read(said, shop_queries.whole_card())
        agreed = _agreed(request, line)
        baskets.add(basket=draft, configuration=line.configuration, quantity=line.quantity, agreed=agreed)
    except RuleError as refusal:
        return _lines(request, draft, str(refusal), said)
    return _lines(request, draft)


def _agreed(request: StaffRequest, line: dictation.Dictated) -> AgreedPrice | None:
    """Checked against the limit when the order is placed, as a whole."""
    if line.price_cents is None:
        return None
    by_manager = Role.MANAGER in request.roles
    return AgreedPrice(line.price_cents, line.reason, request.user.pk, by_manager)


@require_POST
@staff(Permission.COUNTER)
def use_voucher(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    """A promotional code that the customer says, or none."""
    draft = draft_for(request, token)
    baskets.set_voucher(basket=draft, code=request.POST.get("code", ""))
    return _lines(request, draft)


@require_POST
@staff(Permission.COUNTER)
def remove_line(request: StaffRequest, token: uuid.UUID, line_id: int) -> HttpResponse:
    draft = draft_for(request, token)
    baskets.set_quantity(basket=draft, line_id=line_id, quantity=0)
    return _lines(request, draft)


@require_POST
@staff(Permission.COUNTER)
def same_again(request: StaffRequest, token: uuid.UUID, number: int) -> HttpResponse:
    """What this caller had last time, added to the order."""
    draft = draft_for(request, token)
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
    baskets.park(basket=draft_for(request, token), label=label, contact=typed(request.POST))
    return redirect("counter:orders")


@require_POST
@staff(Permission.COUNTER)
def discard(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    draft_for(request, token).delete()
    return redirect("counter:orders")


@require_POST
@staff(Permission.COUNTER)
def finish(request: StaffRequest, token: uuid.UUID) -> HttpResponse:
    """The order enters the same life as the web's: same prices, stock, slots and kitchen."""
    already = placing.placed(submission=token)  # the draft's own name: a double tap makes one order
    if already is not None:
        return redirect("counter:order", already.number)
    draft, now = draft_for(request, token), timezone.now()
    filled = filling.filled(draft, now=now)
    form = _form(request, filled, now)
    filled = filled.at(draft, form.wanted_at, now=now, soonest=None)
    shown = request.POST.get("seen", seen(filled))
    if shown != seen(filled):  # another tab or till changed it: nobody orders what they did not see
        form.add_error(None, _("This order was changed elsewhere: %(changes)s. Check it, then place it.")
                       % {"changes": "; ".join(changes_since(filled, shown))})  # fmt: skip
        return _page(request, draft, form, 409)
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
                by=By(Actor(request.role), request.user.pk, request.device_id),
                paid=_paid(form, token),
                now=now,
                terms_version="",  # nobody here was shown them
                shown=filled.shown,
                voucher_code=draft.voucher_code,
            )
            draft.delete()
    except RuleError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, draft, form)
    messages.success(request, _("Order no. %(number)s is placed.") % {"number": order.number}, extra_tags="good")
    return redirect("counter:order", order.number)


def _paid(form: TakingForm, token: uuid.UUID) -> Tender | None:
    """Named after the draft: sent twice it is one payment."""
    means = form.cleaned_data["paid_by"]
    return Tender(Payment.Means(means), uuid.uuid5(token, "paid")) if means else None
