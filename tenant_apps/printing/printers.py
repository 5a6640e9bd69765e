"""The way to a printer: its network port, or a file in development."""

import contextlib
import socket
from pathlib import Path

from django.conf import settings

from tenant_apps.printing.models import PrintJob

PORT = 9100
CONNECT_SECONDS = 2
ANSWER_SECONDS = 5


class PrinterSilent(OSError):
    """Nothing says that it was printed."""

    def __init__(self, fault: PrintJob.Fault) -> None:
        super().__init__(fault.label)
        self.fault = fault


def send(*, address: str, data: bytes) -> None:
    """Prints, and waits for the printer to say that it has. Raises PrinterSilent."""
    if address.startswith("/"):
        _write(Path(address), data)
        return
    host, _, port = address.partition(":")
    try:
        connection = socket.create_connection((host, int(port or PORT)), CONNECT_SECONDS)
    except OSError as error:
        raise PrinterSilent(PrintJob.Fault.UNREACHABLE) from error
    with contextlib.closing(connection):
        _talk(connection, data)


def _talk(connection: socket.socket, data: bytes) -> None:
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.sendall(data)
        answer = connection.recv(1)
    except TimeoutError as error:
        raise PrinterSilent(PrintJob.Fault.UNANSWERED) from error
    except OSError as error:
        raise PrinterSilent(PrintJob.Fault.CUT) from error
    if not answer:
        raise PrinterSilent(PrintJob.Fault.CUT)


def _write(path: Path, data: bytes) -> None:
    """A printer that is a file: never where orders are real."""
    if not settings.PRINTERS_MAY_BE_FILES:
        raise PrinterSilent(PrintJob.Fault.UNREACHABLE)
    with path.open("ab") as file:
        file.write(data)
