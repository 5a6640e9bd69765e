"""Print jobs: made once per version of an order, tried until the printer answers or the ticket is too old."""

import datetime as dt
import logging
from dataclasses import replace

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule
from django_q.tasks import async_task, schedule

from shared_apps.core.errors import RuleError
from shared_apps.live import hints
from tenant_apps.orders import queries as order_queries
from tenant_apps.orders.services import escalation
from tenant_apps.printing import escpos, printers, receipts, tickets
from tenant_apps.printing.models import PrintJob
from tenant_apps.shop import queries as shop_queries
from tenant_apps.till import queries as till
from tenant_apps.till.services import issuing
from tenants.hosts import Shop

TOPIC = "printing"
SEND = "tenant_apps.printing.tasks.send"
BACKOFF_SECONDS = (15, 30, 60, 120, 240)
# An older ticket says nothing to the kitchen any more: it is only printed when somebody asks.
STALE = dt.timedelta(minutes=20)
OPENS_WITHIN = dt.timedelta(seconds=15)  # of the cash being taken

logger = logging.getLogger(__name__)


class UnknownJob(RuleError):
    """No such print job in this shop."""

    def __init__(self) -> None:
        super().__init__(_("This ticket was never to be printed here."))


class ReceiptsAreCounted(RuleError):
    """Printed again without being sealed, a duplicata would not be counted."""

    def __init__(self) -> None:
        super().__init__(_("A receipt is printed again from its order: it is then a duplicata, and counted."))


@transaction.atomic
def enqueue(*, shop: Shop, order_id: int, kind: str, version: int, now: dt.datetime) -> None:
    """The job of this version, made once however often the task is delivered."""
    job, created = PrintJob.objects.get_or_create(
        order_id=order_id, kind=kind, version=version, copy=0, defaults={"created_at": now}
    )
    if created:
        async_task(SEND, shop.id, job.pk)


@transaction.atomic
def print_receipt(*, shop: Shop, order_id: int, operator: str, now: dt.datetime) -> bool:
    """The receipt of an order, because the customer asks for it: sealed as given, a duplicata from the second time on.

    False when the shop has no printer: it is sealed all the same, for the browser's to print. Raises NotSoldYet.
    """
    receipt = issuing.issue(shop=shop, order_number=order_id, medium="paper", operator=operator, now=now)
    if not shop_queries.settings().printer_address:
        return False
    job = PrintJob.objects.create(order_id=order_id, kind=PrintJob.Kind.RECEIPT, version=receipt.issued, created_at=now)
    async_task(SEND, shop.id, job.pk)
    return True


@transaction.atomic
def reprint(*, shop: Shop, job_id: int, now: dt.datetime) -> PrintJob:
    """Another copy, because somebody asks for it; the one that waits, if there is. Raises UnknownJob, ReceiptsAreCounted."""
    job = PrintJob.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise UnknownJob
    if job.kind == PrintJob.Kind.RECEIPT:
        raise ReceiptsAreCounted
    same = PrintJob.objects.filter(order_id=job.order_id, kind=job.kind, version=job.version)
    waiting = same.filter(printed_at=None, fault="").first()
    if waiting:
        return waiting
    copy = 1 + same.aggregate(last=Max("copy"))["last"]
    again = PrintJob.objects.create(
        order_id=job.order_id, kind=job.kind, version=job.version, copy=copy, created_at=now
    )
    async_task(SEND, shop.id, again.pk)
    hints.changed(scope=shop.schema_name, topics=[TOPIC])
    return again


def open_cash_drawer(*, shop: Shop, asked_at: dt.datetime, now: dt.datetime) -> bool:
    """The drawer plugged into the shop's printer, once and at once: false when it stays shut.

    Never tried again: a drawer that opens by itself when nobody stands there is worse than a key turned by hand.
    """
    own = shop_queries.settings()
    if not (own.printer_opens_drawer and own.printer_address) or now - asked_at > OPENS_WITHIN:
        return False
    try:
        printers.send(address=own.printer_address, data=escpos.INITIALIZE + escpos.OPEN_DRAWER + escpos.STATUS)
    except printers.PrinterSilent as silence:
        logger.warning("The cash drawer of %s did not open: %s", shop.slug, silence.fault)
        return False
    return True


def send(*, shop: Shop, job_id: int, now: dt.datetime) -> None:
    """Prints a job unless it is printed, in doubt or too old; the kitchen has then received its ticket."""
    printed = _attempt(shop, job_id, now)
    if printed and printed.kind in (PrintJob.Kind.KITCHEN, PrintJob.Kind.CHANGED):
        escalation.show(shop=shop, numbers=[printed.order_id], now=now)


@transaction.atomic
def _attempt(shop: Shop, job_id: int, now: dt.datetime) -> PrintJob | None:
    """The job if it was printed. Its row alone is locked meanwhile: no order waits for a printer."""
    address = shop_queries.settings().printer_address
    waiting = PrintJob.objects.exclude(fault=PrintJob.Fault.UNANSWERED).filter(printed_at=None)
    waiting = waiting.filter(pk=job_id, created_at__gt=now - STALE)
    job = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if job is None or not address:
        return None
    data = _data(job)
    if data is None:
        return None
    job.attempts += 1
    try:
        printers.send(address=address, data=data)
    except printers.PrinterSilent as silence:
        _failed(shop, job, silence.fault, now)
        return None
    job.printed_at, job.fault = now, ""
    job.save(update_fields=["attempts", "printed_at", "fault"])
    hints.changed(scope=shop.schema_name, topics=[TOPIC])
    return job


def _data(job: PrintJob) -> bytes | None:
    if job.kind == PrintJob.Kind.RECEIPT:
        receipt = till.receipt(order_number=job.order_id)
        return receipts.render(receipt=replace(receipt, issued=job.version)) if receipt else None
    handled = order_queries.handled(job.order_id)
    if handled is None:
        return None
    kind = PrintJob.Kind(job.kind)
    return tickets.render(order=handled.order, kind=kind, due_cents=handled.due_cents, copy=job.copy)


def _failed(shop: Shop, job: PrintJob, fault: PrintJob.Fault, now: dt.datetime) -> None:
    job.fault, job.failed_at = fault, job.failed_at or now
    job.save(update_fields=["attempts", "fault", "failed_at"])
    if fault != PrintJob.Fault.UNANSWERED:
        wait = BACKOFF_SECONDS[min(job.attempts, len(BACKOFF_SECONDS)) - 1]
        next_run = now + dt.timedelta(seconds=wait)
        schedule(SEND, shop.id, job.pk, schedule_type=Schedule.ONCE, next_run=next_run)
    hints.changed(scope=shop.schema_name, topics=[TOPIC])
