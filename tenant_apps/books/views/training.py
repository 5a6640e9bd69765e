"""« MODE ÉCOLE »: a till to learn on."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.catalogue.models import ServiceMode, Variant
from shared_apps.catalogue.recipes import Configuration
from tenant_apps.books.forms import PracticeForm
from tenant_apps.books.views.closings import may_write
from tenant_apps.orders.quoting import Asked
from tenant_apps.orders.services import practising
from tenant_apps.till import queries
from tenant_apps.till.models import Chain
from tenant_apps.till.services import training as till_training


def _page(request: StaffRequest, form: PracticeForm | None = None) -> HttpResponse:
    products = Variant.objects.filter(product__published=True).select_related("product", "size")
    context = {
        "is_open": queries.is_training(),
        "may_write": may_write(request),
        "form": form or PracticeForm(),
        "products": products.order_by("product__position", "size__position"),
        "receipts": queries.last_sales(chain=Chain.TRAINING),
    }
    return render(request, "books/training.html", context, status=422 if form else 200)


@require_GET
@staff(Permission.TRAINING)
def training(request: StaffRequest) -> HttpResponse:
    return _page(request)


@require_POST
@staff(Permission.TILL)
def set_training(request: StaffRequest) -> HttpResponse:
    is_open = request.POST.get("ouvert") == "1"
    till_training.set_training(shop=request.pizzeria, is_open=is_open, operator=request.user.name, now=timezone.now())
    words = _("The training mode is open.") if is_open else _("The training mode is closed.")
    messages.success(request, words, extra_tags="good")
    return redirect("books:training")


@require_POST
@staff(Permission.TRAINING)
def practise(request: StaffRequest) -> HttpResponse:
    form = PracticeForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    data = form.cleaned_data
    sale = practising.practise(
        shop=request.pizzeria,
        lines=[Asked(Configuration(data["variant"]), data["quantity"])],
        mode=ServiceMode(data["mode"]),
        means=data["means"],
        operator=request.user.name,
        now=timezone.now(),
    )
    return redirect("books:training_receipt", sale.number)


@require_GET
@staff(Permission.TRAINING)
def training_receipt(request: StaffRequest, entry_number: int) -> HttpResponse:
    found = queries.training_receipt(number=entry_number)
    if found is None:
        raise Http404
    return render(request, "books/training_receipt.html", {"receipt": found})
