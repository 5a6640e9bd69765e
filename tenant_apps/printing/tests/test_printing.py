"""Tickets on a real loopback printer: up, down, slow, cut in the middle."""

import contextlib
import datetime as dt
import re
import socket
import threading
import uuid

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from conftest import COOK, COUNTER, CUSTOMER, DRIVER, ask, place, variant
from shared_apps.catalogue.models import Ingredient, ServiceMode
from tenant_apps.orders.services import changing, escalation, kitchen, settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.printing import printers, queries, services, tasks
from tenant_apps.printing.models import PrintJob
from tenant_apps.shop.models import ShopSettings

STATUS = b"\x1dr\x01"


class LoopbackPrinter:
    """Prints whole tickets and says so; `mute` never answers, `cut` hangs up after a few bytes."""

    def __init__(self, behaviour: str = "up") -> None:
        self.behaviour, self.paper = behaviour, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            with peer:
                self._print(peer)

    def _print(self, peer: socket.socket) -> None:
        data = b""
        if self.behaviour == "cut":
            peer.recv(10)
            return
        while not data.endswith(STATUS):
            data += peer.recv(4096)
        self.paper.append(data)
        if self.behaviour == "mute":
            peer.recv(1)  # until the other side gives up
        else:
            peer.sendall(b"\x12")

    def stop(self) -> None:
        with contextlib.suppress(OSError):  # already stopped
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


@pytest.fixture
def printer(shop):
    printer = LoopbackPrinter()
    ShopSettings.objects.update(printer_address=printer.address)
    yield printer
    printer.stop()


def work(now: dt.datetime | None = None) -> None:
    """Does what waits for the worker about printing."""
    for _ in range(5):
        for row in OrmQ.objects.order_by("id"):
            name, arguments = row.task["func"], row.task["args"]
            row.delete()
            if name.startswith("tenant_apps.printing"):
                getattr(tasks, name.rpartition(".")[2])(*arguments)


def words(data: bytes) -> str:
    commands = rb"\x1b@|\x1bt.|\x1d!.|\x1bE.|\x1dB.|\x1dVB.|\x1dr."
    return re.sub(commands, b"", data, flags=re.DOTALL).decode("cp1252")


def test_a_ticket_is_printed_in_french_and_the_kitchen_has_then_received_it(shop, printer):
    ham, extra = Ingredient.objects.get(code="jambon"), Ingredient.objects.get(code="mozzarella")
    wishes = Wishes(ServiceMode.COLLECTION, note="Bien cuite, s’il vous plaît", allergy_note="œufs, crustacés")
    order = place(
        shop,
        ask("reine", 2, removed=frozenset([ham.pk]), extras=frozenset([extra.pk])),
        ask("reine", other_half_id=variant("orientale").pk),
        wishes=wishes,
    )
    work()
    text = words(printer.paper[0])
    for part in (str(order.number), f"SANS {ham.name}", f"EXTRA {extra.name}", "s’il vous plaît", "œufs", "crustacés"):
        assert part in text
    assert "GAUCHE : Reine" in text
    assert "DROITE : Orientale" in text
    assert "Allergènes : GLUTEN, LAIT\n" in text
    assert "Allergènes : GLUTEN, ŒUFS, LAIT, SULFITES" in text
    assert b"\x1dB\x01" in printer.paper[0]  # white on black
    assert escalation.escalate(shop=shop, now=timezone.now() + dt.timedelta(minutes=5)) == []
    assert queries.silent_since() is None


def test_a_change_a_cancellation_and_a_bag_are_printed_once_each(shop, printer):
    order, other = place(shop, ask("margherita")), place(shop, ask("margherita"))
    changing.change(shop=shop, order_id=order.pk, lines=[ask("reine")], by=CUSTOMER, now=timezone.now())
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    kitchen.claim(shop=shop, order_id=other.pk, by=COOK, now=timezone.now())
    kitchen.mark_ready(shop=shop, order_id=other.pk, by=COOK, now=timezone.now())
    kitchen.recall(shop=shop, order_id=other.pk, by=COOK, now=timezone.now())
    kitchen.mark_ready(shop=shop, order_id=other.pk, by=COOK, now=timezone.now())
    work()
    texts = [words(data) for data in printer.paper]
    assert len(texts) == 5
    assert sum("MODIFIÉ" in text for text in texts) == 1
    assert sum("ANNULÉ" in text for text in texts) == 1
    label = next(text for text in texts if "À PAYER" in text)
    assert "Camille Martin" in label
    assert "Allergènes : GLUTEN, LAIT" in label


def test_a_printer_that_is_down_holds_no_order_and_is_shown_until_it_prints(shop, printer):
    printer.stop()
    first = place(shop, ask("margherita"))
    work()
    job = PrintJob.objects.get(order=first)
    assert (job.fault, job.printed_at) == (PrintJob.Fault.UNREACHABLE, None)
    assert queries.silent_since() == job.failed_at
    retry = Schedule.objects.get(func="tenant_apps.printing.tasks.send")
    assert job.failed_at < retry.next_run <= job.failed_at + dt.timedelta(seconds=16)
    repaired = LoopbackPrinter()
    ShopSettings.objects.update(printer_address=repaired.address)
    tasks.send(shop.id, job.pk)
    tasks.send(shop.id, job.pk)
    assert len(repaired.paper) == 1
    assert queries.silent_since() is None


def test_a_printer_cut_in_the_middle_is_tried_again(shop, printer):
    printer.behaviour = "cut"
    order = place(shop, ask("margherita"))
    work()
    job = PrintJob.objects.get(order=order)
    assert job.fault == PrintJob.Fault.CUT
    printer.behaviour = "up"
    tasks.send(shop.id, job.pk)
    assert words(printer.paper[0]).splitlines().count(str(order.number)) == 1  # the time may hold the same digit


def test_one_that_does_not_answer_prints_nothing_twice_unless_asked(shop, printer, monkeypatch):
    monkeypatch.setattr(printers, "ANSWER_SECONDS", 0.3)
    printer.behaviour = "mute"
    order = place(shop, ask("margherita"))
    work()
    job = PrintJob.objects.get(order=order)
    assert job.fault == PrintJob.Fault.UNANSWERED
    tasks.send(shop.id, job.pk)
    assert len(printer.paper) == 1
    assert escalation.escalate(shop=shop, now=timezone.now() + dt.timedelta(minutes=5)) == [order.pk]
    printer.behaviour = "up"
    services.reprint(shop=shop, job_id=job.pk, now=timezone.now())
    work()
    assert "DUPLICATA" in words(printer.paper[1])
    assert not escalation.ringing().exists()


def test_a_ticket_too_old_is_not_printed_by_itself(shop, printer):
    order = place(shop, ask("margherita"))
    services.enqueue(shop=shop, order_id=order.pk, kind="kitchen", version=1, now=timezone.now() - services.STALE)
    work()
    assert printer.paper == []


def test_a_file_is_a_printer_only_where_orders_are_not_real(shop, settings, tmp_path):
    path = tmp_path / "ticket"
    printers.send(address=str(path), data=b"bon")
    assert path.read_bytes() == b"bon"
    settings.PRINTERS_MAY_BE_FILES = False
    with pytest.raises(printers.PrinterSilent):
        printers.send(address=str(path), data=b"bon")


def test_without_a_printer_nothing_is_asked_of_the_worker(shop):
    place(shop, ask("margherita"))
    assert not [row for row in OrmQ.objects.all() if "printing" in row.task["func"]]


KICK = b"\x1bp\x00\x19\xfa"


def take(shop, means=Payment.Means.CASH, by=COUNTER) -> None:
    order = place(shop, ask("margherita"))
    tender = Tender(means, uuid.uuid4())
    settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=by, now=timezone.now())


def test_the_drawer_on_the_printer_opens_when_cash_is_taken_at_the_counter_and_for_nothing_else(shop, printer):
    ShopSettings.objects.update(printer_opens_drawer=True)
    take(shop)
    take(shop, Payment.Means.CARD_TERMINAL)
    take(shop, by=DRIVER)
    work()
    assert [data for data in printer.paper if KICK in data] == [b"\x1b@\x1bt\x10" + KICK + STATUS]


def test_no_pulse_is_sent_to_a_printer_without_a_drawer(shop, printer):
    take(shop)
    work()
    assert not [data for data in printer.paper if KICK in data]


def test_a_drawer_never_opens_late_by_itself(shop, printer):
    ShopSettings.objects.update(printer_opens_drawer=True)
    now = timezone.now()
    opened = services.open_cash_drawer(shop=shop, asked_at=now - dt.timedelta(seconds=16), now=now)
    assert (opened, printer.paper) == (False, [])
    printer.stop()
    assert not services.open_cash_drawer(shop=shop, asked_at=now, now=now)
    assert not Schedule.objects.filter(func__endswith="open_cash_drawer").exists()
