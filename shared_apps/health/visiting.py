"""The deployed site as a visitor from outside reaches it: by its names, over TLS, with its certificate checked."""

import datetime as dt
import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str


class Unreachable(Exception):
    """No answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """`connect` is where the site listens when its names do not lead there (yet); `authority` a private certificate's."""

    connect: tuple[str, int] | None = None
    authority: Path | None = None
    port: int = 443
    plain_port: int = 80
    context: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cafile=str(self.authority) if self.authority else None)
        object.__setattr__(self, "context", context)

    def ask(self, host: str, path: str, *, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Raises Unreachable."""
        connection = self._connection(host)
        try:
            connection.request(method, path, body, {"Host": host, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{host}{path} : {error}") from error
        finally:
            connection.close()

    def begins(self, host: str, path: str) -> Answer:
        """The first bytes of an answer that never ends. Raises Unreachable."""
        connection = self._connection(host)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read1(200).decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{host}{path} : {error}") from error
        finally:
            connection.close()

    def plainly(self, host: str) -> Answer:
        """Without TLS. Raises Unreachable."""
        address = self.connect[0] if self.connect else host
        connection = http.client.HTTPConnection(address, self.plain_port, timeout=SECONDS)
        try:
            connection.request("GET", "/", headers={"Host": host})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), "")
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"http://{host} : {error}") from error
        finally:
            connection.close()

    def certificate(self, host: str) -> dict[str, Any]:
        """Raises Unreachable, also when nobody we trust vouches for it."""
        try:
            with self._socket(host) as secured:
                return {**secured.getpeercert(), "protocol": secured.version()}  # type: ignore[dict-item]
        except OSError as error:
            raise Unreachable(f"{host} : {error}") from error

    def _connection(self, host: str) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(host, self.port, timeout=SECONDS)
        try:
            connection.sock = self._socket(host)
        except OSError as error:
            raise Unreachable(f"{host} : {error}") from error
        return connection

    def _socket(self, host: str) -> ssl.SSLSocket:
        raw = socket.create_connection(self.connect or (host, self.port), timeout=SECONDS)
        try:
            return self.context.wrap_socket(raw, server_hostname=host)
        except OSError:
            raw.close()
            raise


def days_left(certificate: Mapping[str, Any], *, now: dt.datetime) -> int:
    ends = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), dt.UTC)
    return (ends - now).days
