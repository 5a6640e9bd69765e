"""What the role of each shop costs (ADR 0019), against the same connection that changes the schema alone.

The work: a connection that was in another shop enters this one and reads its settings, through Django, eight shops in turn.
"""

import time
from typing import Any

from django.db import connection

from bench import database, shops
from bench.reporting import Line, expect
from tenants.backend.base import DatabaseWrapper
from tenants.hosts import Shop

ROUNDS = 41
SHOPS, TURNS = 8, 10  # each sample is eighty entries


class WithoutRole(DatabaseWrapper):
    """Enters a shop by its schema alone, as django-tenants does; the owner, who may read them all."""

    def _switch_statement(self, search_path: list[str]) -> str:
        return f"SET search_path = {', '.join(search_path)}"


def lines() -> list[Line]:
    there = shops.opened(SHOPS, kind="entered")
    plain = WithoutRole(_as_owner())
    ours, theirs = list[float](), list[float]()
    try:
        checked = _check(there, plain)
        for number in range(ROUNDS):
            for taken, opened in ((ours, connection), (theirs, plain))[:: 1 if number % 2 else -1]:
                taken.append(_entries(there, opened))
    finally:
        plain.close()
        connection.set_schema_to_public()
    return [Line("enter a shop, one question", "the schema alone, no role", "ms", ours, theirs, checked)]


def _as_owner() -> dict[str, Any]:
    options = connection.settings_dict["OPTIONS"] | {"options": f"-c role={database.OWNER}"}
    return connection.settings_dict | {"OPTIONS": options}


def _check(there: list[Shop], plain: WithoutRole) -> str:
    for shop in there:
        for opened, role in ((connection, f"{database.NAME}_{shop.schema_name}"), (plain, database.OWNER)):
            opened.set_schema(shop.schema_name)
            with opened.cursor() as cursor:
                cursor.execute("SELECT current_user, current_schema()")
                expect("who and where", found=cursor.fetchone(), wanted=(role, shop.schema_name))
    return "the schema is entered on both sides, its role on ours alone"


def _entries(there: list[Shop], opened: DatabaseWrapper) -> float:
    """Milliseconds of one entry."""
    start = time.perf_counter()
    for _turn in range(TURNS):
        for shop in there:
            opened.set_schema(shop.schema_name)
            with opened.cursor() as cursor:
                cursor.execute("SELECT slot_minutes FROM shop_shopsettings")
                cursor.fetchall()
    return (time.perf_counter() - start) * 1000 / (TURNS * len(there))
