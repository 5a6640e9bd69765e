"""Reading the sealed journal, entry by entry, and having it verified."""

import datetime as dt
import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from tenant_apps.till.models import Chain, Entry
from tenant_apps.till.services import checking

PAGE = 50


@require_GET
@staff(Permission.BOOKS)
def journal(request: StaffRequest) -> HttpResponse:
    """The newest first; of one day, of one kind, of the training chain."""
    chain = Chain.TRAINING if request.GET.get("chaine") == "ecole" else Chain.TILL
    found = Entry.objects.filter(chain=chain).order_by("-number")
    day, kind = _day(request.GET.get("jour", "")), request.GET.get("nature", "")
    if day:
        found = found.filter(day=day)
    if kind in Entry.Kind.values:
        found = found.filter(kind=kind)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "day": day,
        "kind": kind,
        "kinds": Entry.Kind.choices,
        "is_training": chain == Chain.TRAINING,
    }
    return render(request, "books/journal.html", context)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


@require_GET
@staff(Permission.BOOKS)
def entry(request: StaffRequest, entry_number: int) -> HttpResponse:
    chain = Chain.TRAINING if request.GET.get("chaine") == "ecole" else Chain.TILL
    found = Entry.objects.filter(chain=chain, number=entry_number).first()
    if found is None:
        raise Http404
    content = json.dumps(found.content, ensure_ascii=False, indent=2, sort_keys=True)
    return render(request, "books/entry.html", {"entry": found, "content": content})


@require_POST
@staff(Permission.BOOKS)
def verify(request: StaffRequest) -> HttpResponse:
    verified = checking.verify(shop=request.pizzeria, operator=request.user.name, now=timezone.now())
    faults = [str(chain.fault) for chain in verified if chain.fault]
    entries = sum(chain.entries for chain in verified)
    if faults:
        messages.error(request, " ".join(faults), extra_tags="bad")
    else:
        words = ngettext("%(count)s entry was read: it is intact.", "%(count)s entries were read: all intact.", entries)
        messages.success(
            request, words % {"count": entries} + " " + _("This is in the journal too."), extra_tags="good"
        )
    return redirect("books:journal")
