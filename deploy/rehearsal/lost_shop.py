"""One pizzeria is backed up, dropped, restored and verified, while customers order at the two others."""

import re
import time

from customers import counts
from database import NAME
from installed import DOMAIN, SHOPS
from machine import REPOSITORY, Stop, until
from scenes import Figures, Stage, curl, no_failure

LOST, OTHERS = SHOPS[-1], SHOPS[:-1]
SCHEMA = f"shop_{LOST}"
# A table a line: its name, its rows, a digest of all that they hold.
DIGEST = "SELECT count(*) || '' '' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), ''-'') AS told"
CONTENTS = f"""
    SELECT relname || ' ' || (xpath('/row/told/text()', query_to_xml(
        format('{DIGEST} FROM {SCHEMA}.%I AS t', relname), false, true, '')))[1]::text
    FROM pg_class WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind = 'r' AND relname <> 'django_migrations'
    ORDER BY 1
"""


def a_shop_is_lost_and_comes_back(stage: Stage) -> Figures:
    figures: dict[str, str] = {}
    with stage.crowd.scene(OTHERS) as tally:
        figures["commandes terminées avant"] = _suspended(stage)
        before = _contents(stage)
        backup = _backed_up(stage)
        _dropped(stage)
        began = time.monotonic()
        _restored(stage, backup, before)
        figures["restaurée et vérifiée en"] = f"{time.monotonic() - began:.1f} s"
        drill = stage.site.manage("restore_drill", "--newest")
    no_failure(tally, pauses=False)
    figures |= {
        "lignes": str(_rows(before)),
        "tables identiques": str(len(before)),
        **counts(tally),
        **stage.reckon(tally),
    }
    seconds = re.search(r"vérifiées en ([\d.]+ s)", drill)
    return figures | {"exercice": seconds[1] if seconds else drill, **_ordered_again(stage)}


def _suspended(stage: Stage) -> str:
    """Its orders are worked off by the services that its screens call; `suspend_pizzeria` refuses until then."""
    refusal = stage.site.manage("suspend_pizzeria", LOST, check=False)
    if "Rien n'a été suspendu" not in refusal:
        raise Stop(refusal)
    served = stage.site.shell(REPOSITORY / "deploy/rehearsal/serve_orders.py", SLUG=LOST)
    stage.site.manage("suspend_pizzeria", LOST)
    until(lambda: _answers(stage) == "503", seconds=30, words=f"{LOST} suspendue")
    return served.strip()


def _contents(stage: Stage) -> dict[str, str]:
    lines = stage.database.ask(CONTENTS, database=NAME).splitlines()
    found = dict(line.split(" ", 1) for line in lines)
    if int(found["orders_order"].split()[0]) == 0 or int(found["till_entry"].split()[0]) == 0:
        raise Stop(f"rien à sauvegarder : {found}")
    return found


def _rows(contents: dict[str, str]) -> int:
    return sum(int(told.split()[0]) for told in contents.values())


def _backed_up(stage: Stage) -> str:
    said = stage.site.manage("backup_pizzeria", LOST)
    found = re.search(r" : (/\S+) \(", said)
    if not found:
        raise Stop(said)
    return found[1]


def _dropped(stage: Stage) -> None:
    """In two steps, by a code; then there is neither its schema, nor its role, nor its site."""
    stage.site.manage("close_pizzeria", LOST, "--confirm", "00000000", check=False)
    if not _exists(stage):
        raise Stop("un faux code a fermé la pizzeria")
    said = stage.site.manage("close_pizzeria", LOST)
    code = re.search(r"--confirm (\w+)", said)
    if not code:
        raise Stop(said)
    stage.site.manage("close_pizzeria", LOST, "--confirm", code[1])
    if _exists(stage):
        raise Stop("le schéma ou le rôle est encore là")
    until(lambda: _answers(stage) in ("404", "410"), seconds=30, words=f"{LOST} fermée")


def _exists(stage: Stage) -> bool:
    question = (
        f"SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = '{SCHEMA}')"
        f" + (SELECT count(*) FROM pg_roles WHERE rolname LIKE '%{SCHEMA}')"
    )
    return stage.database.ask(question, database=NAME) != "0"


def _restored(stage: Stage, backup: str, before: dict[str, str]) -> None:
    stage.site.manage("restore_pizzeria", backup)
    after = _contents(stage)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if changed:
        raise Stop(f"ne revient pas comme avant : {[(name, before.get(name), after.get(name)) for name in changed]}")
    stage.site.manage("check_invariants", LOST)
    stage.site.manage("verify_till", "--shop", LOST)
    stage.site.manage("resume_pizzeria", LOST)
    until(lambda: _answers(stage) == "200", seconds=30, words=f"{LOST} revenue")


def _answers(stage: Stage) -> str:
    return curl(stage, f"https://{LOST}.{DOMAIN}/", write="%{http_code}")


def _ordered_again(stage: Stage) -> Figures:
    with stage.crowd.scene() as tally:
        time.sleep(4)
    no_failure(tally, pauses=False)
    return {
        "puis aux trois": f"{len(tally.sent)} commandes",
        "en base à la fin": stage.reckon(tally)["commandes en base"],
    }
