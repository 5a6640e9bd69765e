"""The legal pages: written by head office, published as versions."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from shared_apps.core.templatetags.formats import dated
from shared_apps.headoffice.legal_forms import LegalPageForm, named
from shared_apps.legal import queries, services
from shared_apps.legal.markup import Text
from shared_apps.legal.models import Page, Version
from shared_apps.legal.services import PublishedMeanwhile, Unfit


@require_GET
@staff(Permission.LEGAL)
def legal_pages(request: StaffRequest) -> HttpResponse:
    """Each page with the version that binds, and those that will."""
    now = timezone.now()
    rows = [
        (page, queries.history(page=page, now=now), queries.draft(page=page, user_id=request.user.pk)) for page in Page
    ]
    return render(request, "headoffice/legal_pages.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@staff(Permission.LEGAL)
def legal_page(request: StaffRequest, page: str) -> HttpResponse:
    """Its text: written, looked at, published. What is sent is kept as a draft before anything is made of it."""
    if page not in Page.values:
        raise Http404
    if "drop" in request.POST:
        services.drop_draft(page=page, user_id=request.user.pk)
        return redirect("headoffice:legal_page", page)
    if request.method == "GET":
        return _page(request, page, _begun(request, page), None)
    form, text = LegalPageForm(request.POST), None
    valid = form.is_valid()
    if {"source", "seen"} <= form.cleaned_data.keys():
        sent = form.cleaned_data
        services.keep_draft(
            page=page, source=sent["source"], based_on=sent["seen"], user_id=request.user.pk, now=timezone.now()
        )
    if valid and "preview" in request.POST:
        text = _checked(page, form)
    elif valid and (published := _published(request, page, form)):
        messages.success(request, _done(published), extra_tags="good")
        return redirect("headoffice:legal_page", page)
    return _page(request, page, form, text)


def _begun(request: StaffRequest, page: str) -> LegalPageForm:
    """From an older version that is asked for, else one's draft, else the last version."""
    last, draft = queries.last(page=page), queries.draft(page=page, user_id=request.user.pk)
    older = Version.objects.filter(page=page, name=request.GET.get("depuis", "")).first()
    if draft and not older:
        return LegalPageForm(initial={"source": draft.source, "seen": draft.based_on})
    return LegalPageForm(initial={"source": (older or last).source, "seen": last.number})


def _checked(page: str, form: LegalPageForm) -> Text | None:
    try:
        return services.check(page=page, source=form.cleaned_data["source"])
    except Unfit as refusal:
        form.add_error("source", str(refusal))
        return None


def _published(request: StaffRequest, page: str, form: LegalPageForm) -> Version | None:
    """The version, or None with what refuses it among the form's errors."""
    try:
        return services.publish(page=page, user_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
    except Unfit as refusal:
        form.add_error("source", str(refusal))
    except RuleError as refusal:
        form.was_overtaken = isinstance(refusal, PublishedMeanwhile)
        form.add_error(None, str(refusal))
    return None


def _done(version: Version) -> str:
    if version.effective_at > version.published_at:
        words = _("Version %(name)s is published: it applies from %(day)s.")
        return words % {"name": version.name, "day": dated(version.effective_at)}
    return _("Version %(name)s is published: the site shows it.") % {"name": version.name}


def _page(request: StaffRequest, page: str, form: LegalPageForm, text: Text | None) -> HttpResponse:
    last, seen = queries.last(page=page), form.written_from
    context = {
        "page": Page(page),
        "form": form,
        "text": text,
        "changes": queries.differences(last.source, form.cleaned_data["source"]) if text else [],
        "theirs": queries.published_since(page=page, number=seen) if seen != last.number else [],
        "seen": last.number if form.was_overtaken else seen,
        "draft": queries.draft(page=page, user_id=request.user.pk),
        "required": named(last, required=True),
        "optional": named(last, required=False),
        "history": queries.history(page=page, now=timezone.now()),
    }
    return render(request, "headoffice/legal_page.html", context, status=422 if form.errors else 200)
