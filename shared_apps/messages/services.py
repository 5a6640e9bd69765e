"""Telling once, and text messages: one function, off until SMS_URL is set."""

from collections.abc import Callable
from typing import Any

import requests
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from shared_apps.messages.models import Message

TIMEOUT_SECONDS = 5


def tell_once(
    *, pizzeria_id: int, order_number: int, kind: Message.Kind, channel: Message.Channel, version: int, again: bool,
    send: Callable[[], None],
) -> None:  # fmt: skip
    """Sends one message once, whatever is delivered twice or dies meanwhile; its row is locked while it is sent.

    A sender that died after it began leaves a doubt that nobody can settle: with `again` the message is sent once more
    (under the same Message-ID: mail programs show it once), else never. One that failed alive is tried again.
    """
    key: dict[str, Any] = {"pizzeria_id": pizzeria_id, "order_number": order_number}
    key |= {"kind": kind, "channel": channel, "version": version}
    if not _begin(key, again):
        return
    try:
        with transaction.atomic():
            message = Message.objects.select_for_update().get(**key)
            if message.sent_at is None:
                send()
                message.sent_at = timezone.now()
                message.save(update_fields=["sent_at"])
    except Exception:
        Message.objects.filter(**key, sent_at=None).update(attempted_at=None)
        raise


@transaction.atomic
def _begin(key: dict[str, Any], again: bool) -> bool:
    """Keeps that it is being sent, before it is; False when it was sent, or may have been and must not be again."""
    Message.objects.get_or_create(**key)
    message = Message.objects.select_for_update().get(**key)
    if message.sent_at or (message.attempted_at and not again):
        return False
    message.attempted_at = timezone.now()
    message.save(update_fields=["attempted_at"])
    return True


class SmsFailed(RuntimeError):
    """The gateway did not take the message; the task is tried again."""


def send_sms(*, phone: str, text: str) -> bool:
    """Sends `text` to an E.164 number by the gateway at SMS_URL; False when there is none.

    The gateway gets a POST of JSON `{"to": …, "text": …}` with SMS_TOKEN as bearer. Raises SmsFailed.
    """
    if not settings.SMS_URL:
        return False
    headers = {"Authorization": f"Bearer {settings.SMS_TOKEN}"}
    try:
        answer = requests.post(
            settings.SMS_URL, json={"to": phone, "text": text}, headers=headers, timeout=TIMEOUT_SECONDS
        )
        answer.raise_for_status()
    except requests.RequestException as error:
        raise SmsFailed(type(error).__name__) from None  # its words may hold the number
    return True
