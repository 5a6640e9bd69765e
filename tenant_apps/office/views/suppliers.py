from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from tenant_apps.office.supply_forms import Items, SupplierForm
from tenant_apps.orders.services import receiving
from tenant_apps.stock import queries
from tenant_apps.stock.models import Supplier, SupplierItem


@require_GET
@staff(Permission.STOCK)
def suppliers(request: StaffRequest) -> HttpResponse:
    return render(request, "office/suppliers.html", {"suppliers": queries.suppliers()})


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def new_supplier(request: StaffRequest) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "POST"])
@staff(Permission.STOCK)
def supplier(request: StaffRequest, supplier_id: int) -> HttpResponse:
    found = queries.suppliers().filter(pk=supplier_id).first()
    if found is None:
        raise Http404
    return _form(request, found)


def _form(request: StaffRequest, supplier: Supplier | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = SupplierForm(data, initial=SupplierForm.of(supplier) if supplier else {"lead_days": 1, "is_active": True})
    sellers = {item.ingredient_id: item for item in SupplierItem.objects.select_related("supplier")}
    items = Items.of(supplier, sellers, data)
    if data is not None and form.is_valid() and not items.wrong and _keep(request, supplier, form, items):
        messages.success(request, _("Supplier kept; its usual deliveries follow."), extra_tags="good")
        return redirect("office:suppliers")
    context = {"form": form, "items": items, "supplier": supplier}
    return render(request, "office/supplier.html", context, status=422 if form.errors or items.wrong else 200)


def _keep(request: StaffRequest, supplier: Supplier | None, form: SupplierForm, items: Items) -> bool:
    try:
        receiving.keep_supplier(
            shop=request.pizzeria,
            supplier_id=supplier.pk if supplier else None,
            terms=form.terms,
            items=items.sold,
            actor_id=request.user.pk,
            now=timezone.now(),
        )
    except RuleError as refusal:
        form.add_error("name", str(refusal))
        return False
    return True
