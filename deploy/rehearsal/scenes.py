"""What is played, one function a scene: it acts, checks, and returns its figures. A scene that fails raises Stop.

The order of play is SCENES of `__main__`.
"""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from customers import Crowd, Tally, counts
from database import LOGIN, NAME, Database
from installed import DOMAIN, HOME, SHOPS, Site
from machine import REPOSITORY, Stop, processes, run, until
from releases import Repository, that_does_not_start, whose_check_fails, with_a_column
from ssh import Ssh

Figures = Mapping[str, str]


@dataclass
class Stage:
    site: Site
    database: Database
    repository: Repository
    ssh: Ssh
    crowd: Crowd
    submissions: set[str] = field(default_factory=set)  # of every scene until now
    confirmed: set[str] = field(default_factory=set)
    good: str = ""  # the commit that serves

    def reckon(self, tally: Tally) -> Figures:
        """Orders sent against orders made, in the database: none lost, none doubled."""
        self.submissions |= tally.sent
        self.confirmed |= tally.confirmed
        made: list[str] = []
        for slug in SHOPS:
            rows = self.database.ask(f"SELECT submission FROM shop_{slug}.orders_order", database=NAME)
            made += rows.split()
        refused = tally.refusals.total()
        lost, extra = self.submissions - set(made), set(made) - self.submissions
        if (lost and not refused) or extra or len(made) != len(set(made)) or len(made) != len(self.confirmed):
            raise Stop(
                f"{len(self.submissions)} envoyées, {len(made)} en base, {len(self.confirmed)} confirmées ; "
                f"perdues : {sorted(lost)[:5]}, en trop : {sorted(extra)[:5]} ; refus : {dict(tally.refusals)}"
            )
        return {
            "commandes envoyées": str(len(tally.sent)),
            "commandes en base": str(len(made)),
            "perdues": "0",
            "doublées": "0",
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
    stage.site.shell(REPOSITORY / "deploy/rehearsal/stage_shops.py")
    return {"pizzerias": "3", "ouvertes en": f"{seconds:.1f} s", "par": "create_pizzeria --file openings.toml"}


def the_site_is_what_it_should_be(stage: Stage) -> Figures:
    """The dossier's check, and what it does not look at: the login's powers, HTTP/2, addresses, limits."""
    said = stage.site.manage("check_deployment", *stage.site.checks.split())
    powers = stage.database.ask(
        f"SELECT rolsuper, rolinherit, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = '{LOGIN}'"
    )
    if powers != "f|f|f|f":
        raise Stop(f"le rôle de connexion en peut trop : {powers}")
    plain = run("psql", f"host=127.0.0.1 port=54329 dbname={NAME} user={LOGIN} sslmode=disable", "-c", "SELECT 1",
                env={"PGPASSWORD": stage.database.password}, check=False)  # fmt: skip
    if not plain.returncode:
        raise Stop("PostgreSQL répond sans TLS")
    return {
        "check_deployment": f"{said.count('ok   ')} points",
        "connexion": "ni superuser, ni héritage, TLS seulement",
    }


def nginx_keeps_the_door(stage: Stage) -> Figures:
    group = f"https://{DOMAIN}"
    protocol = curl(stage, f"{group}/", "--http2", write="%{http_version} %{http_code}")
    static = re.search(r"/static/css/base\.[0-9a-f]{12}\.css", curl(stage, f"{group}/", write="", body=True))
    kept = curl(stage, f"{group}{static[0]}", "-I", write="", body=True) if static else ""
    large = curl(stage, f"{group}/trouver/", "-X", "POST", "--data-binary", f"@{_large_file()}", write="%{http_code}")
    stranger = curl(stage, "https://127.0.0.1/", "-k", write="%{http_code}")
    attempts = [
        curl(stage, f"{group}/compte/connexion/", "-d", "x=1", "--interface", "127.9.9.9", write="%{http_code}")
        for _attempt in range(30)
    ]
    forged = curl(
        stage,
        f"{group}/?adresse=secrete",
        "-H",
        "X-Forwarded-For: 6.6.6.6",
        "--interface",
        "127.8.8.8",
        write="%{http_code}",
    )
    log = run("tail", "-n", "3", "/var/log/nginx/ocpizza.log").stdout
    expected = {
        "HTTP/2": protocol == "2 200",
        "fichiers statiques gardés": "max-age=315360000" in kept,
        "corps trop grand : 413": large == "413",
        "hôte inconnu : rien": stranger == "000",
        "connexions répétées : 429": "429" in attempts and attempts[0] != "429",
        "adresse réelle, sans requête dans le journal": forged == "200" and "127.8.8.8" in log and "secrete" not in log,
    }
    wrong = [name for name, well in expected.items() if not well]
    if wrong:
        raise Stop(f"nginx : {wrong} ({protocol}, {large}, {stranger}, {attempts[-1]}, {forged}) {kept[:300]} {log}")
    return {"vérifié": ", ".join(expected)}


def _large_file() -> str:
    path = HOME / ".data" / "large"
    path.write_bytes(b"x" * 2_000_000)
    return str(path)


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


def a_release_is_deployed(stage: Stage) -> Figures:
    """By SSH, with a migration of every shop, in the middle of the orders: no request fails."""
    before = stage.site.release()
    commit = stage.good = stage.repository.follow(stage.repository.first, "Une colonne de plus", with_a_column)
    with stage.crowd.scene() as tally:
        time.sleep(2)
        done = stage.site.deploy(commit, ssh=stage.ssh.secrets())
        time.sleep(3)
    if done.returncode or stage.site.release() == before or stage.site.told()["state"] != "serving":
        raise Stop(done.stdout)
    columns = stage.database.ask(
        "SELECT count(*) FROM information_schema.columns WHERE column_name = 'rehearsed'", database=NAME
    )
    if columns != str(len(SHOPS)):
        raise Stop(f"{columns} pizzerias migrées")
    no_failure(tally, pauses=False)
    return {**counts(tally), **steps(done.stdout), **stage.reckon(tally)}


def steps(said: str) -> Figures:
    found = re.findall(
        r"^\d\d:\d\d:\d\d (paquets|migrations|passage de relais|vérification|.*paquets installés) : ([\d.]+ s)$",
        said,
        re.M,
    )
    return {name.rpartition(" : ")[2]: seconds for name, seconds in found}


def a_release_that_does_not_start(stage: Stage) -> Figures:
    return _goes_back(stage, "Une version qui ne démarre pas", that_does_not_start)


def a_release_whose_check_fails(stage: Stage) -> Figures:
    return _goes_back(stage, "Une version dont la vérification échoue", whose_check_fails)


def _goes_back(stage: Stage, subject: str, change: Callable[..., None]) -> Figures:
    before = stage.site.release()
    commit = stage.repository.follow(stage.good, subject, change)
    with stage.crowd.scene() as tally:
        done = stage.site.deploy(commit, ssh=stage.ssh.secrets())
        time.sleep(2)
    if not done.returncode or "est de nouveau" not in done.stdout or stage.site.release() != before:
        raise Stop(f"code {done.returncode}, {stage.site.release()} au lieu de {before}\n{done.stdout}")
    told = stage.site.told()
    if (told["state"], told["release"]) != ("serving", before):
        raise Stop(str(told))
    no_failure(tally, pauses=False)
    seconds = re.search(r"retour à .* : ([\d.]+ s)", done.stdout)
    return {**counts(tally), "retour en": seconds[1] if seconds else "?", **stage.reckon(tally)}


def strangers_do_not_deploy(stage: Stage) -> Figures:
    """Another host key, another passphrase, no commit: each is refused in words, and no secret is said."""
    other = stage.ssh.folder / "other_hosts"
    other.write_text("ocpizza " + (stage.ssh.folder / "key.pub").read_text())
    tries = {
        "autre serveur": stage.ssh.secrets(DEPLOY_KNOWN_HOSTS=str(other)),
        "autre phrase": stage.ssh.secrets(SSH_PASS="une-autre-phrase"),
        "sans hôte": stage.ssh.secrets(SSH_HOST=""),
    }
    said = ""
    for name, secrets in tries.items():
        done = stage.site.deploy("0" * 40, ssh=secrets)
        if not done.returncode:
            raise Stop(f"{name} : accepté")
        said += done.stdout
    unknown = stage.site.deploy("0" * 40, ssh=stage.ssh.secrets())
    if "version inconnue" not in unknown.stdout:
        raise Stop(unknown.stdout)
    if stage.ssh.passphrase in said + unknown.stdout or "PRIVATE KEY" in said:
        raise Stop("un secret est dit")
    return {"refusés": ", ".join([*tries, "version inconnue"])}


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
    return {"check_invariants": "tout est juste", "sante": ", ".join(names), "version": told["release"]}
