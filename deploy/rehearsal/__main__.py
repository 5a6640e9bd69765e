"""The production shape on one machine, on loopback, from Debian's packages and this repository alone: `make production`.

As root, on a machine without a site. It installs nginx, Supervisor, PostgreSQL and an SSH server, puts the application in
place as the operating dossier says (docs/exploitation.fr.md) with the repository's own files, opens three pizzerias, lets
customers order through restarts, deployments, failed ones and killed processes, counts, and takes everything away again.
Ten minutes and more on two cores; its report is also in test-results/production.json. Code 1 when anything is not as promised.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import deploying
import door
import lost_shop
import nights
import scenes
import streams
from certificates import Authority
from customers import Crowd
from database import Database
from installed import HOME, USER, Site, clean, refuse_a_machine_in_use
from machine import REPOSITORY, Stop, install_packages
from releases import Repository
from ssh import Ssh

Row = tuple[str, float, scenes.Figures]
Scene = Callable[[scenes.Stage], scenes.Figures]
SCENES: tuple[tuple[str, Scene], ...] = (
    ("trois pizzerias ouvertes", scenes.shops_are_opened),
    ("le site est ce qu’il doit être", scenes.the_site_is_what_it_should_be),
    ("nginx", door.nginx_keeps_the_door),
    ("limites par adresse", door.nginx_counts),
    ("adresse des visiteurs", door.the_address_is_the_visitors),
    ("commandes", scenes.orders_flow),
    ("flux du comptoir", streams.the_counter_hears),
    ("redémarrage pendant les commandes", scenes.the_site_restarts),
    ("arrêt et démarrage", scenes.the_site_stops_and_says_so),
    ("mise en service pendant les commandes", deploying.a_release_is_deployed),
    ("pizzeria occupée, seconde mise en service", deploying.a_shop_is_busy),
    ("version qui ne démarre pas", deploying.a_release_that_does_not_start),
    ("version dont la vérification échoue", deploying.a_release_whose_check_fails),
    ("version qui retire une colonne", deploying.a_release_that_takes_away),
    ("mises en service refusées", deploying.strangers_do_not_deploy),
    ("processus tués pendant les commandes", scenes.processes_are_killed),
    ("pizzeria perdue et restaurée", lost_shop.a_shop_is_lost_and_comes_back),
    ("une nuit", nights.a_night_passes),
    ("tout est juste", scenes.all_adds_up),
)
ALWAYS = frozenset((scenes.shops_are_opened,))  # without it there is nobody to play the others with
LONG = frozenset((
    deploying.a_release_is_deployed, deploying.a_shop_is_busy, deploying.a_release_that_does_not_start,
    deploying.a_release_whose_check_fails, deploying.a_release_that_takes_away, deploying.strangers_do_not_deploy,
))  # fmt: skip


class Report:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.began = time.monotonic()

    def play(self, name: str, scene: Callable[[], scenes.Figures]) -> None:
        began = time.monotonic()
        figures = scene()
        self.rows.append((name, time.monotonic() - began, figures))
        words = " · ".join(f"{label} {value}" for label, value in figures.items())
        print(f"{name:<40} {self.rows[-1][1]:5.1f} s  {words}", flush=True)

    def write(self, *, failure: str = "") -> None:
        rows = [{"scene": name, "seconds": round(seconds, 1), **figures} for name, seconds, figures in self.rows]
        whole = {"seconds": round(time.monotonic() - self.began), "failure": failure, "scenes": rows}
        path = REPOSITORY / "test-results/production.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")


def install(folder: Path, report: Report) -> scenes.Stage:
    authority = Authority(folder)
    made: dict[str, scenes.Stage] = {}

    def whole() -> scenes.Figures:
        database = Database(authority)
        site = Site(authority, database)
        site.make_home()
        repository = Repository(site.origin, owner=USER)
        site.first_release()
        site.start_nginx()
        site.start()
        made["stage"] = scenes.Stage(site, database, repository, Ssh(folder), Crowd(HOME / "ca.crt"))
        return {"version": site.release()}

    report.play("installation selon le dossier", whole)
    return made["stage"]


def rehearse(report: Report, chosen: Collection[Scene], *, keep: bool) -> None:
    refuse_a_machine_in_use()
    with tempfile.TemporaryDirectory(prefix="repetition-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            report.play("paquets de Debian", lambda: {"installés": ", ".join(install_packages()) or "déjà là"})
            stage = install(folder, report)
            for title, scene in SCENES:
                if scene in chosen:
                    report.play(title, partial(scene, stage))
        except Stop:
            _show_the_log()
            raise
        finally:
            if not keep:
                report.play("tout est repris", lambda: clean() or {})


def _show_the_log() -> None:
    log = Path("/var/log/ocpizza/ocpizza.log")
    if log.exists():
        print(log.read_text(errors="replace")[-6000:], file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="La forme de la production, répétée sur cette machine.")
    parser.add_argument("--keep", action="store_true", help="laisse tout en place à la fin, pour regarder")
    parser.add_argument("--short", action="store_true", help="sans les mises en service")
    parser.add_argument("--clean", action="store_true", help="ne fait que retirer ce qui a été laissé")
    names = {scene.__name__: scene for _title, scene in SCENES}
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"celles-là seulement : {', '.join(names)}")
    given = parser.parse_args()
    if unknown := set(given.scenes) - set(names):
        parser.error(f"inconnues : {', '.join(sorted(unknown))}")
    if given.clean:
        clean()
        return
    chosen = {names[name] for name in given.scenes} | ALWAYS if given.scenes else set(names.values())
    report = Report()
    try:
        rehearse(report, chosen - (LONG if given.short else frozenset()), keep=given.keep)
    except Stop as stop:
        report.write(failure=str(stop))
        sys.exit(f"ÉCHEC : {stop}")
    report.write()
    print(f"La forme de la production tient, en {time.monotonic() - report.began:.0f} s.")


if __name__ == "__main__":
    main()
