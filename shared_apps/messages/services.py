"""Text messages: one function, off until SMS_URL is set."""

import requests
from django.conf import settings

TIMEOUT_SECONDS = 5


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
