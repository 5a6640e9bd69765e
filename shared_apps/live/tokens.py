"""What a page may listen to: signed, short-lived, checked by the stream without a query."""

from collections.abc import Iterable

from django.core import signing

SALT = "live"
SECONDS = 14 * 3600  # a kitchen screen stays open for a whole service


class BadToken(ValueError):
    """Forged or too old."""


def issue(*, scope: str, topics: Iterable[str]) -> str:
    return signing.dumps([f"{scope}:{topic}" for topic in topics], salt=SALT)


def read(token: str) -> list[str]:
    """The keys (`scope:topic`) of a token. Raises BadToken."""
    try:
        return signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.BadSignature as error:
        raise BadToken from error
