"""Sentry: errors with their shop and role, and nothing of anybody. Its defaults send bodies, variables and addresses."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.scrubber import EventScrubber

from shared_apps.core.scrubbing import mask_all

logger = logging.getLogger(__name__)
Task = TypeVar("Task", bound=Callable[..., object])
MINUTES_LATE = 5  # a schedule that has not begun by then is told
DAILY = {"type": "crontab", "value": "0 4 * * *"}
EVERY_MINUTE = {"type": "interval", "value": 1, "unit": "minute"}
EVERY_FIVE_MINUTES = {"type": "interval", "value": 5, "unit": "minute"}
HOURLY = {"type": "interval", "value": 1, "unit": "hour"}
EVERY_DAY = {"type": "interval", "value": 1, "unit": "day"}  # at the hour of the server's cron
EVERY_WEEK = {"type": "interval", "value": 1, "unit": "week"}


def start(*, dsn: str, environment: str, release: str, traces: float) -> None:
    """`traces`: the share of requests that are timed, from 0 to 1."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        traces_sample_rate=traces,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        event_scrubber=EventScrubber(recursive=True),
        before_send=_scrubbed,
        before_send_transaction=_scrubbed,
        integrations=[DjangoIntegration(transaction_style="url")],
    )
    ignore_logger("django-q")  # it says again, as text and from another process, what `reported` has told


def _scrubbed(event: Any, hint: Any) -> Any:
    """Of the request only its method stays: its address may be the secret one of an order, or of an invitation."""
    method = event.pop("request", {}).get("method")
    event.pop("user", None)
    event.pop("server_name", None)
    masked = mask_all(event)
    if method:
        masked["request"] = {"method": method}
    return masked


@contextmanager
def reporting(name: str, **tags: str) -> Iterator[None]:
    """What fails within is told to Sentry with these tags, written in the log, and goes on failing."""
    with sentry_sdk.new_scope() as scope:
        for tag, value in tags.items():
            scope.set_tag(tag, value)
        try:
            yield
        except Exception as error:
            sentry_sdk.capture_exception(error)
            logger.warning("%s failed", name, exc_info=True)
            raise


def reported(task: Task) -> Task:
    """A task of the group; those of one shop are `tenants.tasks.of_shop` or `in_shop`."""

    @wraps(task)
    def run(*args: Any, **kwargs: Any) -> object:
        with reporting(task.__name__):
            return task(*args, **kwargs)

    return run  # type: ignore[return-value]


def monitored(slug: str, schedule: dict[str, Any]) -> Callable[[Task], Task]:
    """Tells Sentry that a schedule ran, and how it ended; nothing where there is no Sentry."""
    config = {"schedule": schedule, "checkin_margin": MINUTES_LATE, "max_runtime": 30, "timezone": "Europe/Paris"}
    monitor: Callable[[Task], Task] = sentry_sdk.monitor(monitor_slug=slug, monitor_config=config)  # type: ignore[arg-type,assignment]

    def decorate(task: Task) -> Task:
        run = monitor(reported(task))
        run.monitor_slug = slug  # type: ignore[attr-defined]
        return run

    return decorate
