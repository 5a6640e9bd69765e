"""Web addresses of the group's own host, for pages of a shop, letters and commands."""

from django.conf import settings


def group_url(path: str) -> str:
    """The whole address of a path on the group's host, from anywhere."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{settings.BASE_DOMAIN}{port}{path}"
