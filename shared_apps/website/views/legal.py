"""The legal pages: the version in force, and every other at its own address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shared_apps.legal import queries
from shared_apps.legal.models import Page
from shared_apps.legal.queries import State


@require_GET
def legal_page(request: HttpRequest, page: str) -> HttpResponse:
    return _shown(request, page, None)


@require_GET
def legal_version(request: HttpRequest, page: str, version: str) -> HttpResponse:
    return _shown(request, page, version)


def _shown(request: HttpRequest, page: str, name: str | None) -> HttpResponse:
    history = queries.history(page=page, now=timezone.now())
    wanted = [one for one in history if (one.version.name == name if name else one.state == State.IN_FORCE)]
    if not wanted:
        raise Http404
    context = {
        "page": Page(page),
        "shown": wanted[0],
        "by_name": name is not None,
        "text": queries.text(wanted[0]).html,
        "others": [one for one in history if one.state != State.NEVER and one is not wanted[0]],
    }
    return render(request, "website/legal_page.html", context)
