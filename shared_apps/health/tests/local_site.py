"""A site of its own on loopback, well until a test gives it a fault; and a mail server and a Sentry to speak to."""

import contextlib
import datetime as dt
import ipaddress
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "ocpizza.example"
GUARDS = {
    "Content-Security-Policy": "default-src 'self'", "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
}  # fmt: skip


@dataclass
class Said:
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """What it answers, by host and path; everything else is a 404."""

    folder: Path
    answers: dict[tuple[str, str], Said] = field(default_factory=dict)
    plain: Said = field(default_factory=lambda: Said(308, headers={"Location": f"https://{HOST}/"}))
    port: int = 0
    plain_port: int = 0

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"


@contextlib.contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    site: Site
    is_plain = False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        key = (self.headers["Host"].partition(":")[0], path)
        said = self.site.plain if self.is_plain else self.site.answers.get(key, Said(404))
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        body = said.body.encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def open_site(folder: Path, *, days: int = 60, names: tuple[str, ...] = (HOST, f"*.{HOST}")) -> Iterator[Site]:
    """Over TLS by a certificate of its own authority, and without on another port, which sends to the first."""
    site = Site(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(site, days, names))
    secured = ThreadingHTTPServer(("127.0.0.1", 0), type("Secured", (_Handler,), {"site": site}))
    secured.socket = context.wrap_socket(secured.socket, server_side=True)
    plain = ThreadingHTTPServer(("127.0.0.1", 0), type("Plain", (_Handler,), {"site": site, "is_plain": True}))
    secured.handle_error = lambda *_: None  # type: ignore[method-assign]  a visitor who does not trust us hangs up
    with serving(secured) as site.port, serving(plain) as site.plain_port:
        yield site


def _certificate(site: Site, days: int, names: tuple[str, ...]) -> Path:
    """Signed by itself: its own authority."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([*alternatives, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public = made.public_bytes(serialization.Encoding.PEM)
    site.authority.write_bytes(public)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = site.folder / "server.pem"
    path.write_bytes(private + public)
    return path


class Letterbox(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given, unless it has no mailbox for anybody."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, *, refuses: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Delivery)
        self.letters: list[str] = []
        self.refuses = refuses


class _Delivery(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: Letterbox = self.server  # type: ignore[assignment]
        self.wfile.write(b"220 letterbox\r\n")
        while line := self.rfile.readline().strip().upper():
            if line == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                box.letters.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            refused = box.refuses and line.startswith(b"RCPT")
            self.wfile.write(
                b"550 nobody here\r\n" if refused else b"221 bye\r\n" if line == b"QUIT" else b"250 yes\r\n"
            )


class Sentry(ThreadingHTTPServer):
    """Takes envelopes of the project 1 for the key `cle`, and says so as Sentry does; tells the issues to `un-jeton`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Envelopes)
        self.envelopes: list[list[dict[str, object]]] = []
        self.issues: list[dict[str, str]] = []
        self.asked: list[str] = []


class _Envelopes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        sentry: Sentry = self.server  # type: ignore[assignment]
        sentry.asked.append(self.path)
        known = self.headers["Authorization"] == "Bearer un-jeton"
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(json.dumps(sentry.issues if known else {"detail": "Invalid token"}).encode())

    def do_POST(self) -> None:
        sentry: Sentry = self.server  # type: ignore[assignment]
        parts = [json.loads(line) for line in self.rfile.read(int(self.headers["Content-Length"])).splitlines()]
        known = self.path == "/api/1/envelope/" and "sentry_key=cle," in self.headers["X-Sentry-Auth"] + ","
        if known:
            sentry.envelopes.append(parts)
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(b'{"id": "fc6d8c0c43fc4630ad850ee518f1b9d0"}' if known else b'{"detail": "unknown key"}')

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""
