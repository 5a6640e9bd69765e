"""Archives of the journal: made by the manager, read by whoever checks the books."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from shared_apps.core.periods import PeriodForm
from tenant_apps.books.views.closings import may_write
from tenant_apps.till.models import Archive
from tenant_apps.till.services import archiving


def _page(request: StaffRequest, form: PeriodForm | None = None) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "archives": Archive.objects.defer("file"),
        "form": form or PeriodForm(initial={"du": today.replace(month=1, day=1), "au": today}),
        "may_write": may_write(request),
    }
    return render(request, "books/archives.html", context, status=422 if form else 200)


@require_GET
@staff(Permission.BOOKS)
def archives(request: StaffRequest) -> HttpResponse:
    return _page(request)


@require_POST
@staff(Permission.TILL)
def make_archive(request: StaffRequest) -> HttpResponse:
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    starts_on, ends_on = form.days
    try:
        made = archiving.make(
            shop=request.pizzeria, starts_on=starts_on, ends_on=ends_on, operator=request.user.name, now=timezone.now()
        )
    except RuleError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form)
    messages.success(request, _("Archive no. %(number)s is made.") % {"number": made.number}, extra_tags="good")
    return redirect("books:archives")


@require_GET
@staff(Permission.BOOKS)
def archive(request: StaffRequest, archive_number: int) -> HttpResponse:
    found = Archive.objects.filter(number=archive_number).first()
    if found is None:
        raise Http404
    name = f"caisse-{request.pizzeria.slug}-{found.starts_on}-{found.ends_on}-{found.number}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(archiving.read(archive=found), content_type="application/zip", headers=headers)
