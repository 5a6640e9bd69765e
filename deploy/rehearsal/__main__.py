"""The production shape on one machine, on loopback, from Debian's packages and this repository alone: `make production`.

As root, on a machine without a site. It installs nginx, Supervisor, PostgreSQL and an SSH server, puts the application in
place as the operating dossier says (docs/exploitation.fr.md) with the repository's own files, opens three pizzerias, lets
customers order through restarts, deployments, failed ones and killed processes, counts, and takes everything away again.
Six to seven minutes on two cores; its report is also in test-results/production.json. Code 1 when anything is not as promised.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import lost_shop
import scenes
from certificates import Authority
from customers import Crowd
from database import Database
from installed import HOME, USER, Site, clean, refuse_a_machine_in_use
from machine import REPOSITORY, Stop, install_packages
from releases import Repository
from ssh import Ssh

Row = tuple[str, float, scenes.Figures]
SCENES: tuple[tuple[str, Callable[[scenes.Stage], scenes.Figures]], ...] = (
    ("trois pizzerias ouvertes", scenes.shops_are_opened),
    ("le site est ce qu’il doit être", scenes.the_site_is_what_it_should_be),
    ("nginx", scenes.nginx_keeps_the_door),
    ("commandes", scenes.orders_flow),
    ("redémarrage pendant les commandes", scenes.the_site_restarts),
    ("arrêt et démarrage", scenes.the_site_stops_and_says_so),
    ("mise en service pendant les commandes", scenes.a_release_is_deployed),
    ("version qui ne démarre pas", scenes.a_release_that_does_not_start),
    ("version dont la vérification échoue", scenes.a_release_whose_check_fails),
    ("mises en service refusées", scenes.strangers_do_not_deploy),
    ("processus tués pendant les commandes", scenes.processes_are_killed),
    ("pizzeria perdue et restaurée", lost_shop.a_shop_is_lost_and_comes_back),
    ("tout est juste", scenes.all_adds_up),
)


LONG = frozenset((
    scenes.a_release_is_deployed, scenes.a_release_that_does_not_start, scenes.a_release_whose_check_fails,
    scenes.strangers_do_not_deploy,
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
        site.first_release(repository.first)
        site.start_nginx()
        site.start()
        made["stage"] = scenes.Stage(site, database, repository, Ssh(folder), Crowd(HOME / "ca.crt"))
        return {"version": site.release()}

    report.play("installation selon le dossier", whole)
    return made["stage"]


def rehearse(report: Report, *, keep: bool, short: bool) -> None:
    refuse_a_machine_in_use()
    with tempfile.TemporaryDirectory(prefix="repetition-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            report.play("paquets de Debian", lambda: {"installés": ", ".join(install_packages()) or "déjà là"})
            stage = install(folder, report)
            for title, scene in SCENES:
                if short and scene in LONG:
                    continue
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
    given = parser.parse_args()
    if given.clean:
        clean()
        return
    report = Report()
    try:
        rehearse(report, keep=given.keep, short=given.short)
    except Stop as stop:
        report.write(failure=str(stop))
        sys.exit(f"ÉCHEC : {stop}")
    report.write()
    print(f"La forme de la production tient, en {time.monotonic() - report.began:.0f} s.")


if __name__ == "__main__":
    main()
