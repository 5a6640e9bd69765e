import datetime as dt

from django.db.models import Max, Min

from tenant_apps.printing.models import PrintJob

SHOWN = 100


def silent_since() -> dt.datetime | None:
    """Since when the printer has not printed what it was sent; None once it has printed something after."""
    last = PrintJob.objects.aggregate(at=Max("printed_at"))["at"]
    failed = PrintJob.objects.filter(printed_at=None, failed_at__isnull=False)
    if last:
        failed = failed.filter(failed_at__gt=last)
    return failed.aggregate(at=Min("failed_at"))["at"]


def recent() -> list[PrintJob]:
    """The last jobs, newest first."""
    return list(PrintJob.objects.select_related("order")[:SHOWN])
