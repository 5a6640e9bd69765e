"""Releases that are put in service while customers order: good ones, bad ones, and those that strangers ask for."""

import re
import subprocess
import time
from collections.abc import Callable

import lines
import streams
from customers import counts
from database import NAME
from installed import HOME, SHOPS
from machine import Stop, until
from releases import another_column, that_does_not_start, that_takes_a_column, whose_check_fails, with_a_column
from scenes import Figures, Stage, no_failure

BUSY = SHOPS[1]
LOG = HOME / ".data/deployments.log"


def a_release_is_deployed(stage: Stage) -> Figures:
    """By SSH, with a migration of every shop, in the middle of the orders: no request fails; a counter's screen hears on."""
    before = stage.site.release()
    commit = stage.good = stage.repository.follow(stage.repository.first, "Une colonne de plus", with_a_column)
    with streams.counter(stage, SHOPS[0]) as screen:
        with stage.crowd.scene() as tally:
            time.sleep(2)
            done = stage.site.deploy(commit, ssh=stage.ssh.secrets())
            time.sleep(3)
        figures = {} if done.returncode else streams.hears_on(stage, screen)  # without the hints of the others
    if done.returncode or stage.site.release() == before or stage.site.told()["state"] != "serving":
        raise Stop(done.stdout)
    if "deploy/ocpizza.cron a changé : à recopier" not in done.stdout or "nginx.conf a changé" in done.stdout:
        raise Stop(f"ce qui est à recopier n’est pas dit : {done.stdout}")
    if _shops_with("rehearsed", stage) != len(SHOPS):
        raise Stop("des pizzerias sans la colonne")
    no_failure(tally, pauses=False)
    return {**counts(tally), **steps(done.stdout), **figures, **stage.reckon(tally)}


def steps(said: str) -> Figures:
    found = re.findall(
        r"^\d\d:\d\d:\d\d (paquets|migrations|passage de relais|vérification|.*paquets installés) : ([\d.]+ s)$",
        said,
        re.M,
    )
    return {name.rpartition(" : ")[2]: seconds for name, seconds in found}


def a_release_that_does_not_start(stage: Stage) -> Figures:
    """Its last words, which Gunicorn and Python print as they are, are the only lines of the log that are no JSON."""
    if free := lines.plain():
        raise Stop(f"des lignes qui ne sont pas du JSON, déjà avant : {free[:5]}")
    figures = _goes_back(stage, "Une version qui ne démarre pas", that_does_not_start)
    stage.last_words = set(lines.plain())
    return {**figures, "dernières paroles": f"{len(lines.plain())} lignes"}


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


def a_shop_is_busy(stage: Stage) -> Figures:
    """A table of one shop is held while its migration comes: the others are migrated, it is tried again.

    Meanwhile somebody asks for another deployment, and is told that there is one.
    """
    commit = stage.repository.follow(stage.good, "Une autre colonne", another_column)
    known = LOG.stat().st_size
    with stage.crowd.scene() as tally, stage.site.deploying(commit, ssh=stage.ssh.secrets()) as deployment:
        until(lambda: LOG.stat().st_size > known, seconds=60, words="une mise en service commence")
        second = stage.site.deploy(commit, ssh=stage.ssh.secrets())
        with stage.database.held(f"shop_{BUSY}.shop_shopsettings"):
            until(lambda: "nouvel essai" in _said_since(known) or _over(deployment), seconds=300, words="nouvel essai")
        said = deployment.communicate()[0]
    if not second.returncode or "Une autre mise en service est en cours" not in second.stdout:
        raise Stop(f"deux mises en service à la fois : {second.stdout}")
    left = re.search(r"1 schéma\(s\) non migré\(s\) : (\w+) — nouvel essai", said)
    if deployment.returncode or not left or left[1] != f"shop_{BUSY}":
        raise Stop(said)
    if _shops_with("rehearsed_again", stage) != len(SHOPS):
        raise Stop("des pizzerias sans la colonne")
    stage.good = commit
    no_failure(tally, pauses=False)
    return {
        **counts(tally),
        "plus longue attente": f"{max(tally.taken):.1f} s",
        "laissée puis reprise": BUSY,
        "seconde mise en service": "refusée",
        **stage.reckon(tally),
    }


def _over(deployment: subprocess.Popen[str]) -> bool:
    return deployment.poll() is not None


def _said_since(size: int) -> str:
    return LOG.read_bytes()[size:].decode()


def _shops_with(column: str, stage: Stage) -> int:
    question = f"SELECT count(*) FROM information_schema.columns WHERE column_name = '{column}'"
    return int(stage.database.ask(question, database=NAME))


def a_release_that_takes_away(stage: Stage) -> Figures:
    """A column that the release in service knows: refused before any shop is touched, whatever the list says."""
    before = stage.site.release()
    commit = stage.repository.follow(stage.good, "Une colonne de moins", that_takes_a_column)
    done = stage.site.deploy(commit, ssh=stage.ssh.secrets())
    if not done.returncode or "la version d’avant lit encore cette colonne" not in done.stdout:
        raise Stop(done.stdout)
    if stage.site.release() != before or _shops_with("rehearsed", stage) != len(SHOPS):
        raise Stop("la version refusée a laissé des traces")
    return {"refusée": "la version d’avant lit encore cette colonne"}


def strangers_do_not_deploy(stage: Stage) -> Figures:
    """Another host key, another passphrase, another key, no host: each is stopped at its own door, and no secret is said.

    The commit does not exist: who came past that door would be told so.
    """
    other_hosts, other_key = stage.ssh.folder / "other_hosts", stage.ssh.other_key()
    other_hosts.write_text("ocpizza " + (stage.ssh.folder / "key.pub").read_text())
    tries = {
        "autre serveur": (stage.ssh.secrets(DEPLOY_KNOWN_HOSTS=str(other_hosts)), "Host key verification failed"),
        "autre phrase": (stage.ssh.secrets(SSH_PASS="une-autre-phrase"), "SSH_KEY ne s'ouvre pas avec SSH_PASS"),
        "autre clé": (stage.ssh.secrets(SSH_KEY=other_key), "Permission denied"),
        "sans hôte": (stage.ssh.secrets(SSH_HOST=""), "SSH_HOST est vide"),
        "version inconnue": (stage.ssh.secrets(), "version inconnue"),
    }
    said = ""
    for name, (secrets, words) in tries.items():
        done = stage.site.deploy("0" * 40, ssh=secrets)
        if not done.returncode or words not in done.stdout:
            raise Stop(f"{name} : code {done.returncode}, {done.stdout}")
        if ("version inconnue" in done.stdout) != (name == "version inconnue"):
            raise Stop(f"{name} : arrivé jusqu’au serveur")
        said += done.stdout
    if stage.ssh.passphrase in said or "PRIVATE KEY" in said:
        raise Stop("un secret est dit")
    return {"refusés": ", ".join(tries)}
