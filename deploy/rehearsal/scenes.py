"""What is played, one function a scene: it acts, checks, and returns its figures. A scene that fails raises Stop.

The order of play is SCENES of `__main__`.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import lines
from customers import Crowd, Tally, counts
from database import LOGIN, NAME, Database
from installed import DOMAIN, HOME, SHOPS, STAFF, Site
from machine import REPOSITORY, Stop, processes, run, until
from releases import Repository
from ssh import Ssh

Figures = Mapping[str, str]
OWNERS = """
    SELECT rolname, count(*) FROM pg_roles JOIN (
        SELECT relowner AS owner FROM pg_class UNION ALL SELECT nspowner FROM pg_namespace
        UNION ALL SELECT proowner FROM pg_proc UNION ALL SELECT typowner FROM pg_type) AS owned ON owner = pg_roles.oid
    GROUP BY 1
"""


@dataclass
class Stage:
    site: Site
    database: Database
    repository: Repository
    ssh: Ssh
    crowd: Crowd
    submissions: set[str] = field(default_factory=set)  # of every scene until now
    confirmed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    good: str = ""  # the commit that serves
    last_words: set[str] = field(default_factory=set)  # plain lines of a release that died before it had a logger

    def reckon(self, tally: Tally) -> Figures:
        """Orders sent against orders made, in the database: none lost, none doubled. One refused in words is not lost."""
        self.submissions |= tally.sent
        self.confirmed |= tally.confirmed
        self.refused |= tally.refused
        made: list[str] = []
        for slug in SHOPS:
            rows = self.database.ask(f"SELECT submission FROM shop_{slug}.orders_order", database=NAME)
            made += rows.split()
        lost = self.submissions - set(made) - self.refused
        doubled = [submission for submission, times in Counter(made).items() if times > 1]
        extra = set(made) - self.submissions
        if lost or doubled or extra or len(made) != len(self.confirmed):
            raise Stop(
                f"{len(self.submissions)} envoyées, {len(made)} en base, {len(self.confirmed)} confirmées ; "
                f"perdues : {sorted(lost)[:5]}, doublées : {doubled[:5]}, en trop : {sorted(extra)[:5]} ; "
                f"refus : {dict(tally.refusals)}"
            )
        return {
            "commandes envoyées": str(len(tally.sent)),
            "commandes en base": str(len(made)),
            "refusées": str(len(tally.refused - set(made))),
            "perdues": str(len(lost)),
            "doublées": str(len(doubled)),
        }


def no_failure(tally: Tally, *, pauses: bool) -> None:
    if tally.failures or (tally.paused and not pauses):
        raise Stop(f"{tally.paused} × 503, échecs : {dict(tally.failures)}")


def shops_are_opened(stage: Stage) -> Figures:
    began = time.monotonic()
    said = stage.site.manage("create_pizzeria", "--file", "openings.toml")
    seconds = time.monotonic() - began
    if "[3/3]" not in said:
        raise Stop(said)
    stage.site.shell(REPOSITORY / "deploy/rehearsal/stage_shops.py", EMAIL=STAFF, PASSWORD=stage.site.password)
    return {"pizzerias": "3", "ouvertes en": f"{seconds:.1f} s", "par": "create_pizzeria --file openings.toml"}


def the_site_is_what_it_should_be(stage: Stage) -> Figures:
    """The dossier's check, and what it does not look at: the login's powers, what it owns, TLS of the database."""
    said = stage.site.manage("check_deployment", *stage.site.checks.split())
    powers = stage.database.ask(
        "SELECT rolsuper, rolinherit, rolcreatedb, rolbypassrls, rolreplication, rolcreaterole"
        f" FROM pg_roles WHERE rolname = '{LOGIN}'"
    )
    if powers != "f|f|f|f|f|t":
        raise Stop(f"le rôle de connexion en peut trop : {powers}")
    plain = run("psql", f"host=127.0.0.1 port=54329 dbname={NAME} user={LOGIN} sslmode=disable", "-c", "SELECT 1",
                env={"PGPASSWORD": stage.database.password}, check=False)  # fmt: skip
    if not plain.returncode:
        raise Stop("PostgreSQL répond sans TLS")
    return {
        "check_deployment": f"{said.count('ok   ')} points",
        "connexion": "CREATEROLE, ni superuser ni héritage, TLS seulement",
        "ne possèdent rien": ", ".join(own_nothing(stage)),
    }


def own_nothing(stage: Stage) -> list[str]:
    """The login and the roles that requests run as: no table, schema, function or type is theirs. Raises Stop."""
    roles = stage.database.ask(f"SELECT rolname FROM pg_roles WHERE rolname ~ '^{LOGIN}(_|$)' ORDER BY 1").split()
    serving = {LOGIN, f"{LOGIN}_app", f"{LOGIN}_shops", *(f"{LOGIN}_shop_{slug}" for slug in SHOPS)}
    owners = dict(line.split("|") for line in stage.database.ask(OWNERS, database=NAME).splitlines())
    guilty = {role: owners[role] for role in roles if role in owners and role != f"{LOGIN}_owner"}
    if set(roles) != {*serving, f"{LOGIN}_owner"} or guilty or f"{LOGIN}_owner" not in owners:
        raise Stop(f"rôles : {roles} ; possèdent quelque chose : {owners}")
    return sorted(serving)


def curl(stage: Stage, url: str, *options: str, write: str, body: bool = False) -> str:
    hosts = (DOMAIN, *(f"{slug}.{DOMAIN}" for slug in SHOPS))
    resolve = [word for host in hosts for word in ("--resolve", f"{host}:443:127.0.0.1")]
    output = () if body else ("-o", "/dev/null")
    command = (
        "curl",
        "-s",
        "--max-time",
        "20",
        "--cacert",
        str(HOME / "ca.crt"),
        *resolve,
        *output,
        "-w",
        write,
        *options,
        url,
    )
    return run(*command, check=False).stdout


def orders_flow(stage: Stage) -> Figures:
    with stage.crowd.scene() as tally:
        time.sleep(10)
    no_failure(tally, pauses=False)
    rate = {"requêtes/s": f"{tally.requests / tally.seconds:.0f}"}
    return {**counts(tally), **rate, **stage.reckon(tally)}


def the_site_restarts(stage: Stage) -> Figures:
    """`supervisorctl restart ocpizza` in the middle of the orders."""
    with stage.crowd.scene() as tally:
        time.sleep(3)
        began = time.monotonic()
        said = stage.site.supervisorctl("restart", "ocpizza")
        stage.site.until_running()
        seconds = time.monotonic() - began
        time.sleep(3)
    if "ocpizza: stopped" not in said or "ocpizza: started" not in said:
        raise Stop(said)
    no_failure(tally, pauses=True)
    return {
        **counts(tally),
        "redémarré en": f"{seconds:.1f} s",
        "503 pendant": f"{tally.outage:.1f} s",
        **stage.reckon(tally),
    }


def the_site_stops_and_says_so(stage: Stage) -> Figures:
    """What each kind of visitor is told while the site is away."""
    url = f"https://{SHOPS[0]}.{DOMAIN}/"
    stopped = stage.site.supervisorctl("stop", "ocpizza")
    try:
        page = curl(stage, url, "-i", write="", body=True)
        form = curl(stage, url + "commander/a-emporter/", "-i", "-d", "x=1", write="", body=True)
        region = curl(stage, url, "-i", "-H", "HX-Request: true", write="", body=True)
        style = curl(stage, url + "static/css/base.css", write="%{http_code}")
    finally:
        started = stage.site.supervisorctl("start", "ocpizza")
        stage.site.until_running()
    expected = {
        "page qui se recharge": " 503" in page and 'http-equiv="refresh"' in page,
        "formulaire à renvoyer": " 503" in form and "prise" in form and 'http-equiv="refresh"' not in form,
        "région intacte": " 503" in region and "hx-retarget: #toast" in region.lower(),
        "Retry-After": all("retry-after: 5" in text.lower() for text in (page, form, region)),
        "feuille de style": style == "200",
        "stop et start": "ocpizza: stopped" in stopped and "ocpizza: started" in started,
    }
    wrong = [name for name, well in expected.items() if not well]
    if wrong:
        raise Stop(f"{wrong}\n{page[:1500]}\n{form[:600]}\n{region[:600]}")
    return {"vérifié": ", ".join(expected)}


def processes_are_killed(stage: Stage) -> Figures:
    """-9 on each in turn, in the middle of the orders; each comes back by itself."""
    figures = {}
    with stage.crowd.scene() as tally:
        for name, words in (
            ("web", "ocpizza.wsgi"),
            ("temps réel", "ocpizza.asgi"),
            ("tâches", "qcluster"),
            ("parent", "manage.py serve"),
        ):
            time.sleep(2)
            figures[f"{name} revenu en"] = f"{_killed(stage, words):.1f} s"
        time.sleep(3)
    no_failure(tally, pauses=True)
    return {**counts(tally), **figures, **stage.reckon(tally)}


def _killed(stage: Stage, words: str) -> float:
    """Seconds until another one runs, and the site answers."""
    before = processes(words, user=stage.site.user_id)
    if not before:
        raise Stop(f"rien ne tourne qui soit {words}")
    began = time.monotonic()
    os.kill(before[0], signal.SIGKILL)
    if words == "manage.py serve":
        until(lambda: stage.site.told().get("pid") not in (None, before[0]), seconds=60, words="un autre parent")
        stage.site.until_running()
    else:
        until(
            lambda: set(processes(words, user=stage.site.user_id)) - set(before), seconds=30, words=f"un autre {words}"
        )
    until(lambda: curl(stage, f"https://{DOMAIN}/sante/", write="%{http_code}") == "200", seconds=60, words="/sante/")
    return time.monotonic() - began


def all_adds_up(stage: Stage) -> Figures:
    """The invariants, the complete check with its details, and nothing in the log that should not be there."""
    stage.site.manage("check_invariants")
    token = f"Authorization: Bearer {stage.site.health_token}"
    complete = f"https://{SHOPS[1]}.{DOMAIN}/sante/complet/"
    until(lambda: curl(stage, complete, write="%{http_code}") == "200", seconds=60, words="/sante/complet/")
    told = json.loads(curl(stage, complete, "-H", token, write="", body=True))
    if "checks" in curl(stage, complete, write="", body=True):
        raise Stop("/sante/complet/ donne ses détails à n’importe qui")
    names = [row["name"] for row in told["checks"] if row["well"]]
    own_nothing(stage)
    admin = curl(stage, f"https://{DOMAIN}/{stage.site.admin_path}/", write="%{http_code}")
    if admin != "302":  # to its login; and the address is in no log
        raise Stop(f"administration : {admin}")
    return {
        "check_invariants": "tout est juste",
        "sante": ", ".join(names),
        "version": told["release"],
        **lines.say_nothing_of_anybody(stage.site, orders=stage.confirmed, last_words=stage.last_words),
    }
