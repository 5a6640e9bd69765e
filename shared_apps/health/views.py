from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shared_apps.health import queries
from tenants.requests import Request


@never_cache
@require_GET
def alive(request: Request) -> HttpResponse:
    """This process answers: no query, so that a release can be asked before it serves."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_GET
def complete(request: Request) -> HttpResponse:
    """Everything the site stands on. To whoever has HEALTH_TOKEN with its details, to others in one word."""
    authorised = _has_token(request)
    findings = queries.findings() if authorised else queries.recent_findings()
    well = all(finding.well for finding in findings)
    answer: dict[str, object] = {"state": "ok" if well else "failing"}
    if authorised:
        answer |= {"release": settings.RELEASE, "checks": [finding.as_row() for finding in findings]}
    return JsonResponse(answer, status=200 if well else 503)


def _has_token(request: Request) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.HEALTH_TOKEN) and constant_time_compare(given, settings.HEALTH_TOKEN)
