"""What the group's recipes are made of: allergens, origin of meats, extras."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.catalogue.models import Ingredient
from shared_apps.catalogue.services import changes
from shared_apps.catalogue.services import ingredients as services
from shared_apps.core import words
from shared_apps.core.errors import RuleError
from shared_apps.headoffice import card as cards
from shared_apps.headoffice.ingredient_forms import IngredientForm


@require_GET
@staff(Permission.CATALOGUE)
def ingredients(request: StaffRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    every = Ingredient.objects.prefetch_related("extras__size")
    context = {"ingredients": [one for one in every if words.match(search, one.name)], "search": search}
    return render(request, "headoffice/ingredients.html", context)


@require_http_methods(["GET", "POST"])
@staff(Permission.CATALOGUE)
def new_ingredient(request: StaffRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@staff(Permission.CATALOGUE)
def ingredient(request: StaffRequest, ingredient_id: int) -> HttpResponse:
    found = Ingredient.objects.filter(pk=ingredient_id).first()
    if found is None:
        raise Http404
    return _edit(request, found)


def _edit(request: StaffRequest, ingredient: Ingredient | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    seen = changes.fingerprint(services.facts(ingredient)) if ingredient else ""
    form = IngredientForm(data, ingredient=ingredient)
    if data is not None and form.is_valid():
        kept = _keep(request, ingredient, form)
        if kept:
            messages.success(request, _("Kept. Menus that are open show it now."), extra_tags="good")
            return redirect("headoffice:ingredient", kept.pk)
    elif data is not None:
        seen = data.get("seen", "")
    history = cards.history(act=services.ACT, subject=ingredient.code) if ingredient else []
    context = {"form": form, "ingredient": ingredient, "seen": seen, "history": history}
    return render(request, "headoffice/ingredient.html", context, status=422 if form.errors else 200)


def _keep(request: StaffRequest, ingredient: Ingredient | None, form: IngredientForm) -> Ingredient | None:
    """The ingredient as kept, or None with what refuses it among the form's errors."""
    try:
        return services.save(
            ingredient_id=ingredient.pk if ingredient else None,
            values=form.values(ingredient),
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
