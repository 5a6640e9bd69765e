"""The group's card: its products, edited once for every pizzeria."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.catalogue.models import Product
from shared_apps.catalogue.services import changes, products
from shared_apps.core.errors import RuleError
from shared_apps.headoffice import card as cards
from shared_apps.headoffice.card_forms import ProductForm, Recipe, sizes_of

LINE_BUTTONS = {"more", "drop", "up", "down"}


@require_GET
@staff(Permission.CATALOGUE)
def card(request: StaffRequest) -> HttpResponse:
    """Every product by category, on sale or not."""
    search, state = request.GET.get("q", "").strip(), request.GET.get("voir", "")
    context = {"sections": cards.sections(search=search, state=state), "search": search, "state": state}
    return render(request, "headoffice/card.html", context)


@require_http_methods(["GET", "POST"])
@staff(Permission.CATALOGUE)
def new_product(request: StaffRequest) -> HttpResponse:
    return _edit(request, None, is_pizza=request.GET.get("categorie", "pizza") == "pizza")


@require_http_methods(["GET", "POST"])
@staff(Permission.CATALOGUE)
def product(request: StaffRequest, product_id: int) -> HttpResponse:
    found = Product.objects.filter(pk=product_id).first()
    if found is None:
        raise Http404
    return _edit(request, found, is_pizza=found.category == Product.Category.PIZZA)


def _edit(request: StaffRequest, product: Product | None, *, is_pizza: bool) -> HttpResponse:
    """The form; the buttons of its table add, move and take out lines, and keep nothing."""
    data = request.POST if request.method == "POST" else None
    seen = changes.fingerprint(products.facts(product)) if product else ""
    sizes = sizes_of(is_pizza)
    initial = ProductForm.of(product) if product else ProductForm.of_new(is_pizza)
    form = ProductForm(data, is_pizza=is_pizza, sizes=sizes, initial=initial)
    recipe = Recipe.of(product, sizes) if data is None else Recipe.sent(data, sizes)
    only_lines = data is not None and not LINE_BUTTONS.isdisjoint(data)
    if data is not None and not only_lines and form.is_valid() and not recipe.wrong:
        kept = _keep(request, product, form, recipe)
        if kept:
            messages.success(request, _("Kept. Menus that are open show it now."), extra_tags="good")
            return redirect("headoffice:product", kept.pk)
    elif data is not None:
        seen = data.get("seen", "")
    context = {"form": form, "recipe": recipe, "product": product, "seen": seen, "is_pizza": is_pizza}
    context["history"] = cards.history(act=products.ACT, subject=product.code) if product else []
    context["wrong"] = not only_lines and bool(form.errors or recipe.wrong)
    return render(request, "headoffice/product.html", context, status=422 if context["wrong"] else 200)


def _keep(request: StaffRequest, product: Product | None, form: ProductForm, recipe: Recipe) -> Product | None:
    """The product as kept, or None with what refuses it among the form's errors."""
    try:
        return products.save(
            product_id=product.pk if product else None,
            values=form.values(recipe.lines),
            seen=request.POST.get("seen", ""),
            user_id=request.user.pk,
            now=timezone.now(),
        )
    except changes.Incomplete as refusal:
        for problem in refusal.problems:
            form.add_error(None, problem)
    except changes.NameTaken as refusal:
        form.add_error("name", str(refusal))
    except RuleError as refusal:
        form.add_error(None, str(refusal))
    return None
