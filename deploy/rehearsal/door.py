"""What nginx lets in, to whom it says no, and whose address it passes on."""

import pwd
import re
from collections import Counter
from pathlib import Path

from customers import Customer
from installed import DOMAIN, HOME, NGINX, SHOPS, STAFF
from machine import REPOSITORY, Stop, processes, put, run, until
from scenes import Figures, Stage, curl

BALANCER = NGINX.with_name("balancer.conf")
VISITOR, FORGED = "203.0.113.9", "6.6.6.6"
SIGNED_IN = '"POST /compte/connexion/ HTTP/1.1" 302'
OUTSIDE = "127.8.8.8"  # where a visitor comes from who does not come through the balancer


def nginx_keeps_the_door(stage: Stage) -> Figures:
    group = f"https://{DOMAIN}"
    protocol = curl(stage, f"{group}/", "--http2", write="%{http_version} %{http_code}")
    static = re.search(r"/static/css/base\.[0-9a-f]{12}\.css", curl(stage, f"{group}/", write="", body=True))
    kept = curl(stage, f"{group}{static[0]}", "-I", write="", body=True) if static else ""
    large = curl(stage, f"{group}/trouver/", "-X", "POST", "--data-binary", f"@{_large_file()}", write="%{http_code}")
    stranger = curl(stage, "https://127.0.0.1/", "-k", write="%{http_code}")
    hidden = curl(stage, f"{group}/?adresse=secrete", "--interface", OUTSIDE, write="%{http_code}")
    log = run("tail", "-n", "3", "/var/log/nginx/ocpizza.log").stdout
    expected = {
        "HTTP/2": protocol == "2 200",
        "fichiers statiques gardés": "max-age=315360000" in kept,
        "corps trop grand : 413": large == "413",
        "hôte inconnu : rien": stranger == "000",
        "aucune requête dans le journal": hidden == "200" and OUTSIDE in log and "secrete" not in log,
    }
    wrong = [name for name, well in expected.items() if not well]
    if wrong:
        raise Stop(f"nginx : {wrong} ({protocol}, {large}, {stranger}, {hidden}) {kept[:300]} {log}")
    return {"vérifié": ", ".join(expected)}


def _large_file() -> str:
    path = HOME / ".data" / "large"
    path.write_bytes(b"x" * 2_000_000)
    return str(path)


def nginx_counts(stage: Stage) -> Figures:
    """Each limit is reached, by one address alone, and says so in words."""
    tries, sent = _at_once(stage, f"https://{DOMAIN}/compte/connexion/?n=[1-30]", "127.9.9.9", "-d", "x=1")
    pages, page = _at_once(stage, f"https://{SHOPS[0]}.{DOMAIN}/sante/?n=[1-400]", "127.7.7.7")
    neighbour = curl(stage, f"https://{SHOPS[0]}.{DOMAIN}/", "--interface", "127.7.7.8", write="%{http_code}")
    expected = {
        "20 connexions et plus": tries["429"] >= 1 and tries["403"] >= 20,
        "formulaire refusé en mots": "Trop d’essais" in sent and "retry-after: 5" in sent.lower(),
        "120 pages et plus": pages["429"] >= 1 and pages["200"] >= 120,
        "page refusée en mots": "Trop de demandes" in page and "retry-after: 5" in page.lower(),
        "le voisin entre": neighbour == "200",
    }
    wrong = [name for name, well in expected.items() if not well]
    if wrong:
        raise Stop(f"limites de nginx : {wrong} ({tries}, {pages}, {neighbour})\n{sent[-600:]}\n{page[-600:]}")
    return {"connexions": f"{tries['429']} × 429 sur 30", "pages": f"{pages['429']} × 429 sur 400"}


def _at_once(stage: Stage, address: str, source: str, *options: str) -> tuple[Counter[str], str]:
    """How many answers of each status, and all of what they said."""
    parallel = ("--parallel", "--parallel-max", "250", "--max-time", "120", "--interface", source, "-i")
    said = curl(stage, address, *parallel, *options, write="\n=%{http_code}\n", body=True)
    return Counter(re.findall(r"^=(\d{3})$", said, re.M)), said


def the_address_is_the_visitors(stage: Stage) -> Figures:
    """As « sessions » shows it: what a visitor writes about themselves is not believed; a balancer is, once told of."""
    seen = {"sans équilibreur": _signed_in_from(stage, OUTSIDE, f"{FORGED}, {VISITOR}")}
    _balance(stage, "127.0.0.1")
    try:
        seen["par l’équilibreur"] = _signed_in_from(stage, "127.0.0.1", f"{FORGED}, {VISITOR}")
        seen["à côté de lui"] = _signed_in_from(stage, OUTSIDE, f"{FORGED}, {VISITOR}")
    finally:
        BALANCER.unlink()
        _reload()
    if list(seen.values()) != [OUTSIDE, VISITOR, OUTSIDE]:
        raise Stop(f"adresses : {seen}")
    return seen


def _signed_in_from(stage: Stage, source: str, forwarded: str) -> str:
    """The address of the newest session."""
    visitor = Customer(SHOPS[0], source, stage.crowd, forwarded=forwarded)
    visitor.sign_in(STAFF, stage.site.password)
    newest = "SELECT ip FROM usersessions_usersession ORDER BY id DESC LIMIT 1"
    found = stage.database.ask(newest, database="ocpizza")
    logged = [line for line in Path("/var/log/nginx/ocpizza.log").read_text().splitlines() if SIGNED_IN in line]
    if not logged[-1].startswith(f"{found} ["):
        raise Stop(f"{found} dans la session, autre chose dans le journal de nginx : {logged[-1]}")
    return found


def _balance(stage: Stage, address: str) -> None:
    """The line that nginx.conf says to add."""
    line = re.search(r"^# +(set_real_ip_from ADDRESS;.*)$", (REPOSITORY / "deploy/nginx.conf").read_text(), re.M)
    if not line:
        raise Stop("deploy/nginx.conf ne dit plus quoi ajouter derrière un équilibreur")
    put(BALANCER, line[1].replace("ADDRESS", address) + "\n")
    _reload()


def _reload() -> None:
    """Until the workers of before have left: they answer as before."""
    before = _workers()
    run("nginx", "-t")
    run("nginx", "-s", "reload")
    until(lambda: _workers() and not before & _workers(), seconds=60, words="nginx relit sa configuration")


def _workers() -> set[int]:
    user = pwd.getpwnam("www-data").pw_uid
    return {*processes("nginx: worker process", user=user)} - {*processes("is shutting down", user=user)}
