"""A customer's own account: orders, details, addresses, allergies."""

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts.access import SignedInRequest
from shared_apps.core.errors import RuleError
from shared_apps.customers import services as customers
from shared_apps.privacy.models import Erasure
from shared_apps.privacy.periods import periods
from shared_apps.privacy.services import erasing, exporting
from shared_apps.website import queries
from shared_apps.website.forms import AllergensForm, DetailsForm, ErasureForm

ORDERS = 6  # on a page


@never_cache
@login_required
@require_GET
def account(request: SignedInRequest) -> HttpResponse:
    return _account(request)


def _account(
    request: SignedInRequest, details: DetailsForm | None = None, allergens: AllergensForm | None = None
) -> HttpResponse:
    """The page, with the form that was refused if one was."""
    customer = customers.find(user=request.user)
    orders = queries.orders_of(customer.pk) if customer else queries.orders_of(0)
    context = {
        "page": Paginator(orders, ORDERS).get_page(request.GET.get("page")),
        "addresses": customer.addresses.all() if customer else [],
        "customer": customer,
        "details": details or DetailsForm(initial=queries.details(request.user, customer)),
        "allergens": allergens or AllergensForm(initial={"allergens": customer.allergens if customer else []}),
    }
    return render(request, "website/account.html", context, status=422 if details or allergens else 200)


@require_POST
@login_required
def set_details(request: SignedInRequest) -> HttpResponse:
    form = DetailsForm(request.POST)
    if not form.is_valid():
        return _account(request, details=form)
    customers.change_details(user=request.user, **form.cleaned_data)
    messages.success(request, _("Your details are kept."), extra_tags="good")
    return redirect("website:account")


@require_POST
@login_required
def remove_address(request: SignedInRequest, address_id: int) -> HttpResponse:
    if not customers.remove_address(user=request.user, address_id=address_id):
        raise Http404
    messages.success(request, _("This address is removed."), extra_tags="good")
    return redirect("website:account")


@require_POST
@login_required
def set_allergens(request: SignedInRequest) -> HttpResponse:
    form = AllergensForm(request.POST)
    if not form.is_valid():
        return _account(request, allergens=form)
    chosen = form.cleaned_data["allergens"]
    customers.keep_allergens(
        user=request.user, allergens=chosen, agreed=form.cleaned_data["agreed"], now=timezone.now()
    )
    said = _("Your allergies are kept: the card warns you.") if chosen else _("We keep no allergy of yours.")
    messages.success(request, said, extra_tags="good")
    return redirect("website:account")


@never_cache
@login_required
@require_GET
def own_data(request: SignedInRequest) -> HttpResponse:
    """A copy of them, and the way to have them erased."""
    context = {"export": exporting.current(user=request.user, now=timezone.now()), "days": periods().export}
    return render(request, "website/own_data.html", context)


@require_POST
@login_required
def ask_export(request: SignedInRequest) -> HttpResponse:
    exporting.ask(user=request.user, now=timezone.now())
    return redirect("website:own_data")


@never_cache
@login_required
@require_GET
def export_file(request: SignedInRequest) -> HttpResponse:
    export = exporting.current(user=request.user, now=timezone.now())
    if export is None or export.ready_at is None:
        raise Http404
    response = HttpResponse(exporting.file(export=export), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="oc-pizza-mes-donnees-{export.ready_at:%Y-%m-%d}.json"'
    return response


@never_cache
@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "POST"])
def erase(request: SignedInRequest) -> HttpResponse:
    """What it does, in words, and the password once more."""
    obstacle = erasing.obstacle(user=request.user)
    form = ErasureForm(request.POST or None, user=request.user, too_often=_too_often(request))
    if request.method == "POST" and obstacle is None and form.is_valid():
        try:
            erasing.begin(user=request.user, cause=Erasure.Cause.ASKED, now=timezone.now())
        except RuleError as refusal:
            obstacle = refusal
        else:
            logout(request)
            return redirect("website:erased")
    wrong = bool(form.errors) or (request.method == "POST" and obstacle is not None)
    return render(request, "website/erase.html", {"form": form, "obstacle": obstacle}, status=422 if wrong else 200)


def _too_often(request: SignedInRequest) -> bool:
    """Somebody at a phone left open guesses no password here."""
    return not ratelimit.consume(request, action="reauthenticate", user=request.user)


@require_GET
def erased(request: SignedInRequest) -> HttpResponse:
    return render(request, "website/erased.html")
