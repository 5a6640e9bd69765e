"""Where somebody lands after signing in, and which screens their roles open."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import ROLES, Permission


@dataclass(frozen=True, slots=True)
class Screen:
    url_name: str
    label: Promise
    permission: Permission


# In the order of the menu; the first that a role opens is where it lands.
SHOP_SCREENS = (
    Screen("kitchen:board", _("Kitchen"), Permission.KITCHEN),
    Screen("counter:orders", _("Counter"), Permission.COUNTER),
    Screen("counter:dispatch", _("Rounds"), Permission.COUNTER),
    Screen("driver:deliveries", _("Deliveries"), Permission.DELIVERIES),
    Screen("office:today", _("Management"), Permission.SHOP_SETTINGS),
    Screen("office:stock", _("Stock"), Permission.STOCK),
    Screen("office:cases", _("To settle"), Permission.CASES),
    Screen("books:till", _("Till"), Permission.BOOKS),
    Screen("office:settings", _("Settings"), Permission.SHOP_SETTINGS),
)
GROUP_SCREENS = (
    Screen("headoffice:group", _("Group"), Permission.GROUP_VIEW),
    Screen("headoffice:card", _("Group’s card"), Permission.CATALOGUE),
    Screen("headoffice:comparison", _("Comparison"), Permission.GROUP_VIEW),
    Screen("headoffice:people", _("Teams"), Permission.GROUP_PEOPLE),
    Screen("headoffice:legal_pages", _("Legal pages"), Permission.LEGAL),
    Screen("headoffice:exports", _("Exports"), Permission.GROUP_VIEW),
)
LANDING = {
    Role.MANAGER: "office:today",
    Role.COUNTER: "counter:orders",
    Role.COOK: "kitchen:board",
    Role.DRIVER: "driver:deliveries",
    Role.FISCAL: "books:till",
    Role.HEAD_OFFICE: "headoffice:group",
}


def opened_by(roles: Collection[Role], *, in_shop: bool) -> list[Screen]:
    screens = SHOP_SCREENS if in_shop else GROUP_SCREENS
    return [screen for screen in screens if ROLES[screen.permission] & set(roles)]


def landing(roles: Collection[Role], *, in_shop: bool) -> str:
    """The URL name of the page for somebody with these roles here; a customer's is the shop's card or their account."""
    held = [role for role in LANDING if role in roles]
    if held:
        return LANDING[held[0]]
    return "storefront:menu" if in_shop else "website:account"
