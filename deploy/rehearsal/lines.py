"""What the logs hold after all of it: lines for a machine, and nothing about anybody."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from customers import DOOR, WHO
from installed import LOGS, STAFF, Site
from machine import Stop

NGINX = Path("/var/log/nginx/ocpizza.log")


def of_the_site() -> list[str]:
    return [line for path in sorted(LOGS.glob("ocpizza.log*")) for line in path.read_text().splitlines()]


def plain() -> list[str]:
    """Those that are no JSON object."""
    return [line for line in of_the_site() if not _is_json(line)]


def say_nothing_of_anybody(site: Site, *, orders: Iterable[str], last_words: Collection[str]) -> dict[str, str]:
    """`orders` are pages of orders, whose address alone opens them; `last_words` those of a release that did not start."""
    ours, free = of_the_site(), [line for line in plain() if line not in last_words]
    if free:
        raise Stop(f"{len(free)} lignes sur {len(ours)} ne sont pas du JSON : {free[:5]}")
    web = NGINX.read_text().splitlines()
    if len(ours) < 100 or len(web) < 100:
        raise Stop(f"trop peu de lignes pour juger : {len(ours)}, {len(web)}")
    kept = "\n".join((*ours, *web)).lower()
    found = sorted({words for words in _forbidden(site, orders) if words.lower() in kept})
    if found:
        raise Stop(f"dans les journaux : {found[:10]}")
    return {"lignes relues": str(len(ours)), "et de nginx": str(len(web)), "noms, adresses, secrets": "0"}


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _forbidden(site: Site, orders: Iterable[str]) -> Iterable[str]:
    yield from WHO["name"].split()
    yield from (WHO["email"], STAFF)
    digits = WHO["phone"].replace(" ", "")
    yield from (WHO["phone"], digits, digits.removeprefix("0"), DOOR["street"], DOOR["street"].partition(" ")[2])
    yield from (site.admin_path, site.password, site.health_token, site.database.password)
    yield from (page.rstrip("/").rpartition("/")[2] for page in orders)
