"""The whole permission policy in one table: which roles may use which part of the system."""

from enum import StrEnum

from shared_apps.accounts.models import Role


class Permission(StrEnum):
    KITCHEN = "kitchen"
    COUNTER = "counter"
    DELIVERIES = "deliveries"
    STOCK = "stock"
    CASES = "cases"
    SHOP_SETTINGS = "shop_settings"
    GROUP_VIEW = "group_view"
    RUSH = "rush"
    PRINTS = "prints"


ROLES: dict[Permission, frozenset[Role]] = {
    Permission.KITCHEN: frozenset({Role.COOK, Role.MANAGER}),
    Permission.COUNTER: frozenset({Role.COUNTER, Role.MANAGER}),
    Permission.DELIVERIES: frozenset({Role.DRIVER, Role.COUNTER, Role.MANAGER}),
    Permission.STOCK: frozenset({Role.MANAGER}),
    Permission.CASES: frozenset({Role.COUNTER, Role.MANAGER}),
    Permission.SHOP_SETTINGS: frozenset({Role.MANAGER}),
    Permission.GROUP_VIEW: frozenset({Role.HEAD_OFFICE}),
    Permission.RUSH: frozenset({Role.COOK, Role.COUNTER, Role.MANAGER}),
    Permission.PRINTS: frozenset({Role.COOK, Role.COUNTER, Role.MANAGER}),
}
