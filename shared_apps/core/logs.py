"""One line of log for each request, and with every line the shop, the request and the user that it is about.

An address may be secret (that of an order) and a name is personal: lines carry the route, ids, and masked text.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pythonjsonlogger.json import JsonFormatter

from shared_apps.core.scrubbing import mask, mask_all

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}\Z")
logger = logging.getLogger("ocpizza.request")
slow = logging.getLogger("ocpizza.slow")
_current: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
_shop: ContextVar[str | None] = ContextVar("shop", default=None)  # of a task


class RequestLogMiddleware:
    """Names the request (nginx's X-Request-ID, else a new name) and writes its line: route, status, milliseconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if REQUEST_ID.match(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        token, started = _current.set(request), time.monotonic()
        try:
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else ""
            logger.info(
                "%s %s %s", request.method, route, response.status_code,
                extra={"ms": round(1000 * (time.monotonic() - started)), "status": response.status_code, "route": mask(route)},
            )  # fmt: skip
        finally:
            _current.reset(token)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response


@contextmanager
def about(slug: str) -> Iterator[None]:
    """Lines written within are about this shop, where no request says of which one."""
    token = _shop.set(slug)
    try:
        yield
    finally:
        _shop.reset(token)


class AboutFilter(logging.Filter):
    """Gives a line what it is about, and masks what it says."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = _current.get()
        shop = getattr(request, "pizzeria", None)
        user = getattr(request, "_cached_user", None)  # known already: a line of log asks nothing of the database
        record.request_id = getattr(request, "id", None)
        record.pizzeria = shop.slug if shop else _shop.get()
        record.user_id = user.pk if user else None
        record.msg, record.args = mask(record.getMessage()), ()
        return True


class _Masked(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802  its name in the standard library
        return mask(super().formatException(ei))


class LineFormatter(_Masked):
    """For a terminal."""


class JsonLineFormatter(_Masked, JsonFormatter):
    """For a machine: one JSON object a line, without the request that Django joins to an error: its address is whole."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        log_data.pop("request", None)
        masked: dict[str, Any] = mask_all(log_data)
        return super().process_log_record(masked)


def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Around every statement: those that last are written, without their values."""
    started = time.monotonic()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = time.monotonic() - started
        if 1000 * seconds > settings.SLOW_QUERY_MS:
            slow.warning("%s", " ".join(str(sql).split())[:2000], extra={"ms": round(1000 * seconds)})
