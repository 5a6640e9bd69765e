from django import template
from django.conf import settings
from django.urls import reverse

from shared_apps.core import addresses

register = template.Library()


@register.simple_tag
def group_url(name: str, *args: object) -> str:
    """The address of a page of the group's host, from any host."""
    return addresses.group_url(reverse(name, urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=args))


@register.simple_tag
def shop_url(base: str, name: str, *args: object) -> str:
    """The address of a page of a shop, `base` being the shop's `url`."""
    return base + reverse(name, urlconf=settings.ROOT_URLCONF, args=args)
