from dataclasses import dataclass

from django import template
from django.template.context import RequestContext
from django.urls import reverse

from shared_apps.accounts import screens
from shared_apps.accounts.permissions import ROLES, Permission

register = template.Library()


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: str
    current: str  # of `aria-current`: the page itself, one of its pages, or nothing


@register.simple_tag(takes_context=True)
def staff_screens(context: RequestContext) -> list[Link]:
    """The screens that the visitor's roles open, for the menu of a staff page."""
    request = context["request"]
    opened = screens.opened_by(request.roles, in_shop=request.pizzeria is not None)
    if request.device:
        opened = [screen for screen in opened if request.device.opens(screen.permission)]
    urls = [reverse(screen.url_name) for screen in opened]
    nearest = max((url for url in urls if request.path.startswith(url)), key=len, default="")
    current = {nearest: "page" if request.path == nearest else "true"}
    return [Link(url, str(screen.label), current.get(url, "")) for url, screen in zip(urls, opened, strict=True)]


@register.simple_tag(takes_context=True)
def may(context: RequestContext, permission: str) -> bool:
    """Whether the visitor's roles here give a permission: what a link to its page asks."""
    return bool(ROLES[Permission(permission)] & context["request"].roles)
