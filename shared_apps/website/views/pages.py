import logging
from email.utils import parseaddr

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from shared_apps.baskets import services as baskets
from shared_apps.core.errors import RuleError
from shared_apps.gateway import services as gateway
from shared_apps.places import services as places
from shared_apps.places import visitors
from shared_apps.places.geometry import Location
from shared_apps.privacy.periods import periods
from shared_apps.website import queries
from shared_apps.website.forms import AddressForm
from tenant_apps.orders.services.placing import TERMS_VERSION

logger = logging.getLogger(__name__)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    context = {"form": AddressForm(), "pizzerias": queries.trading().order_by("city", "name")}
    return render(request, "website/home.html", context)


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Where the visitor is, kept for the address of a delivery."""
    form = AddressForm(request.POST)
    if form.is_valid():
        try:
            visitors.remember(request.session, _location(form))
        except RuleError as refusal:
            form.add_error("address", str(refusal))
        else:
            return redirect("website:pizzerias")
    context = {"form": form, "pizzerias": queries.trading().order_by("city", "name")}
    return render(request, "website/home.html", context, status=422)


def _location(form: AddressForm) -> Location:
    data = form.cleaned_data
    if data["address"]:
        return places.locate(text=data["address"])
    return visitors.at_position(latitude=data["latitude"], longitude=data["longitude"])


@require_GET
def pizzerias(request: HttpRequest) -> HttpResponse:
    """The nearest shops and what each can do now, for this visitor's basket too."""
    asked = request.GET.get("adresse", "")
    form = AddressForm(initial={"address": asked})
    try:
        place = places.locate(text=asked) if asked else visitors.remembered(request.session)
    except RuleError as refusal:
        form = AddressForm({"address": asked})
        form.add_error("address", str(refusal))
        place = None
    if place is None:
        context = {"form": form, "pizzerias": queries.trading().order_by("city", "name")}
        return render(request, "website/home.html", context, status=422 if form.errors else 200)
    basket = baskets.find(token=request.COOKIES.get(baskets.COOKIE))
    near = queries.nearest(place=place, basket=basket, now=timezone.now())
    context = {"form": form, "place": place, "near": near, "pieces": baskets.count(basket=basket)}
    return render(request, "website/pizzerias.html", context)


@csrf_exempt  # Stripe posts here; its signature is the proof
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Kept and answered at once; a task does the rest. Whoever is not Stripe learns nothing of why."""
    try:
        gateway.receive(body=request.body, signature=request.headers.get("Stripe-Signature", ""), now=timezone.now())
    except gateway.ForeignEvent:
        logger.warning("An event that Stripe did not sign for us was refused")
        return HttpResponse(status=400)
    return HttpResponse(status=204)


def _seller() -> dict[str, str]:
    return {
        "legal_name": settings.GROUP_LEGAL_NAME,
        "siret": settings.GROUP_SIRET,
        "vat_number": settings.GROUP_VAT_NUMBER,
        "email": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
    }


@require_GET
def terms(request: HttpRequest) -> HttpResponse:
    context = {"seller": _seller(), "version": TERMS_VERSION, "mediator": settings.GROUP_MEDIATOR}
    return render(request, "website/terms.html", context)


@require_GET
def legal_notice(request: HttpRequest) -> HttpResponse:
    return render(request, "website/legal_notice.html", {"seller": _seller()})


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    context = {"seller": _seller(), "periods": periods().words, "backup_days": settings.BACKUP_DAYS}
    return render(request, "website/privacy.html", context)
