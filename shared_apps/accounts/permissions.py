"""The whole permission policy in tables: which roles may use which part of the system, and what a shared device opens."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import Role


class Permission(StrEnum):
    KITCHEN = "kitchen"
    COUNTER = "counter"
    DELIVERIES = "deliveries"
    STOCK = "stock"
    CASES = "cases"
    SHOP_SETTINGS = "shop_settings"
    GROUP_VIEW = "group_view"
    CATALOGUE = "catalogue"
    LEGAL = "legal"
    GROUP_PEOPLE = "group_people"
    RUSH = "rush"
    PRINTS = "prints"
    BOOKS = "books"
    TILL = "till"
    TRAINING = "training"
    OWN_PIN = "own_pin"


ROLES: dict[Permission, frozenset[Role]] = {
    Permission.KITCHEN: frozenset({Role.COOK, Role.MANAGER}),
    Permission.COUNTER: frozenset({Role.COUNTER, Role.MANAGER}),
    Permission.DELIVERIES: frozenset({Role.DRIVER, Role.COUNTER, Role.MANAGER}),
    Permission.STOCK: frozenset({Role.MANAGER}),
    Permission.CASES: frozenset({Role.COUNTER, Role.MANAGER}),
    Permission.SHOP_SETTINGS: frozenset({Role.MANAGER}),
    Permission.GROUP_VIEW: frozenset({Role.HEAD_OFFICE}),
    Permission.CATALOGUE: frozenset({Role.HEAD_OFFICE}),  # products, recipes, prices, allergens of the whole group
    Permission.LEGAL: frozenset({Role.HEAD_OFFICE}),  # the texts of the legal pages
    Permission.GROUP_PEOPLE: frozenset({Role.HEAD_OFFICE}),  # roles anywhere in the group, and lost phones
    Permission.RUSH: frozenset({Role.COOK, Role.COUNTER, Role.MANAGER}),
    Permission.PRINTS: frozenset({Role.COOK, Role.COUNTER, Role.MANAGER}),
    Permission.BOOKS: frozenset({Role.MANAGER, Role.FISCAL}),  # reading the sealed journal, the closings, the archives
    Permission.TILL: frozenset({Role.MANAGER}),  # closing it, archiving it
    Permission.TRAINING: frozenset({Role.COUNTER, Role.MANAGER}),
    Permission.OWN_PIN: frozenset({Role.COOK, Role.COUNTER, Role.DRIVER, Role.MANAGER}),
}


class Purpose(models.TextChoices):
    """What a tablet or till that a shop shares is for."""

    KITCHEN = "kitchen", _("Kitchen")
    COUNTER = "counter", _("Counter")
    DISPATCH = "dispatch", _("Dispatch")


# What a PIN opens on a device, to those whose role opens it too. The rest takes a password: a PIN is short and is seen.
OPENED_BY_PIN: dict[Purpose, frozenset[Permission]] = {
    Purpose.KITCHEN: frozenset({Permission.KITCHEN, Permission.RUSH, Permission.PRINTS}),
    Purpose.COUNTER: frozenset(
        {
            Permission.COUNTER,
            Permission.KITCHEN,
            Permission.DELIVERIES,
            Permission.RUSH,
            Permission.PRINTS,
            Permission.TRAINING,
        }
    ),
    Purpose.DISPATCH: frozenset({Permission.KITCHEN, Permission.DELIVERIES, Permission.RUSH, Permission.PRINTS}),
}
# What it shows, to read only, while nobody works on it: tickets, on which no customer is named.
SHOWN_LOCKED: dict[Purpose, frozenset[Permission]] = {
    Purpose.KITCHEN: frozenset({Permission.KITCHEN, Permission.RUSH, Permission.PRINTS}),
    Purpose.COUNTER: frozenset(),
    Purpose.DISPATCH: frozenset({Permission.KITCHEN, Permission.RUSH, Permission.PRINTS}),
}
