"""What suppliers are to bring, and what they brought."""

import datetime as dt
import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.office.supply_forms import Expected, MomentForm, Received
from tenant_apps.orders.services import receiving
from tenant_apps.stock import queries
from tenant_apps.stock.models import Reception
from tenant_apps.stock.services import receptions as reception_services
from tenant_apps.stock.services.movements import Where

SHOWN = 30


@require_GET
@staff(Permission.STOCK)
def receptions(request: StaffRequest) -> HttpResponse:
    """What is to come, then what came or did not."""
    context = {
        "coming": queries.receptions().filter(state__in=("draft", "expected")),
        "over": queries.receptions().filter(state__in=("received", "cancelled")).order_by("-expected_at")[:SHOWN],
        "suppliers": queries.suppliers().filter(is_active=True),
        "now": timezone.now(),
    }
    return render(request, "office/receptions.html", context)


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def new_reception(request: StaffRequest, supplier_id: int) -> HttpResponse:
    """A draft: nothing counts on it before the supplier was asked."""
    supplier = queries.suppliers().filter(pk=supplier_id).first()
    if supplier is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form, expected = MomentForm(data, initial={"time": supplier.delivers_by}), Expected.of(supplier, None, data)
    if data is not None and form.is_valid() and not expected.wrong:
        try:
            made = reception_services.plan(
                where=Where(request.pizzeria.id, request.pizzeria.schema_name),
                supplier_id=supplier.pk,
                expected_at=form.moment,
                quantities=expected.quantities,
                actor_id=request.user.pk,
                now=timezone.now(),
            )
            return redirect("office:reception", made.pk)
        except RuleError as refusal:
            form.add_error(None, str(refusal))
    context = {"supplier": supplier, "form": form, "expected": expected}
    return render(request, "office/new_reception.html", context, status=422 if form.errors or expected.wrong else 200)


def _found(reception_id: int) -> Reception:
    found = queries.receptions().filter(pk=reception_id).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def reception(request: StaffRequest, reception_id: int) -> HttpResponse:
    """One delivery: its moment and quantities while it is to come, what came after."""
    found = _found(reception_id)
    data = request.POST if request.method == "POST" else None
    form = MomentForm(data, initial=MomentForm.of(found.expected_at))
    expected = Expected.of(found.supplier, found, data)
    if data is not None and form.is_valid() and not expected.wrong and _change(request, found, form, expected):
        messages.success(request, _("Delivery changed: what orders may count on follows."), extra_tags="good")
        return redirect("office:reception", found.pk)
    context = {
        "reception": found,
        "lines": found.lines.select_related("ingredient"),
        "form": form,
        "expected": expected,
    }
    return render(request, "office/reception.html", context, status=422 if form.errors or expected.wrong else 200)


def _change(request: StaffRequest, found: Reception, form: MomentForm, expected: Expected) -> bool:
    try:
        receiving.change(
            shop=request.pizzeria,
            reception_id=found.pk,
            expected_at=form.moment,
            quantities=expected.quantities,
            actor_id=request.user.pk,
            now=timezone.now(),
        )
    except RuleError as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@require_POST
@staff(Permission.STOCK)
def order_reception(request: StaffRequest, reception_id: int) -> HttpResponse:
    """The supplier was asked: by the letter when it has an address and the manager wants it so."""
    found = _found(reception_id)
    try:
        receiving.order(
            shop=request.pizzeria,
            reception_id=found.pk,
            actor_id=request.user.pk,
            now=timezone.now(),
            by_letter="letter" in request.POST,
        )
        messages.success(request, _("Ordered: customers may now count on it."), extra_tags="good")
    except RuleError as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    return redirect("office:reception", found.pk)


@require_POST
@staff(Permission.STOCK)
def cancel_reception(request: StaffRequest, reception_id: int) -> HttpResponse:
    found = _found(reception_id)
    try:
        receiving.cancel(shop=request.pizzeria, reception_id=found.pk, actor_id=request.user.pk, now=timezone.now())
        messages.success(request, _("Delivery cancelled: no order counts on it any more."), extra_tags="good")
    except RuleError as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    return redirect("office:receptions")


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def receive(request: StaffRequest, reception_id: int) -> HttpResponse:
    """What really came, against what was expected. Sent twice it is received once."""
    found = _found(reception_id)
    if not found.is_open:
        return redirect("office:reception", found.pk)
    data = request.POST if request.method == "POST" else None
    received, refusal = Received.of(found, data), ""
    if data is not None and not received.wrong:
        try:
            receiving.receive(
                shop=request.pizzeria,
                reception_id=found.pk,
                taken=received.taken,
                actor_id=request.user.pk,
                now=timezone.now(),
            )
            messages.success(request, _("Received: the stock is up to date."), extra_tags="good")
            return redirect("office:reception", found.pk)
        except RuleError as error:
            refusal = str(error)
    wrong = data is not None and (received.wrong or refusal)
    context = {
        "reception": found, "brought_by": found.supplier, "received": received, "refusal": refusal, "wrong": wrong
    }  # fmt: skip
    return render(request, "office/receive.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def receive_unexpected(request: StaffRequest, supplier_id: int) -> HttpResponse:
    """What a supplier brought that nobody expected. Sent twice it is received once."""
    supplier = queries.suppliers().filter(pk=supplier_id).first()
    if supplier is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    received, refusal = Received.unexpected(supplier, data), ""
    if data is not None and not received.wrong:
        try:
            made = receiving.receive_unexpected(
                shop=request.pizzeria,
                supplier_id=supplier.pk,
                submission=_submission(data.get("submission", "")),
                taken=received.taken,
                actor_id=request.user.pk,
                now=timezone.now(),
            )
            messages.success(request, _("Received: the stock is up to date."), extra_tags="good")
            return redirect("office:reception", made.pk)
        except RuleError as error:
            refusal = str(error)
    wrong = data is not None and (received.wrong or refusal)
    submission = data.get("submission", "") if data is not None else str(uuid.uuid4())
    context = {
        "brought_by": supplier, "received": received, "refusal": refusal, "wrong": wrong, "submission": submission
    }  # fmt: skip
    return render(request, "office/receive.html", context, status=422 if wrong else 200)


def _submission(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


@require_GET
@staff(Permission.STOCK)
def order_sheet(request: StaffRequest, reception_id: int) -> HttpResponse:
    """The order as it is sent or printed."""
    found = _found(reception_id)
    return render(request, "office/order_sheet.html", {"reception": found, "lines": queries.packed(found)})


@require_GET
@staff(Permission.STOCK)
def use_by(request: StaffRequest) -> HttpResponse:
    """Lots that may still be on the shelf, the nearest date first."""
    today = timezone.localdate()
    context = {"lots": queries.lots(), "today": today, "soon": today + dt.timedelta(days=queries.SOON_DAYS)}
    return render(request, "office/use_by.html", context)
