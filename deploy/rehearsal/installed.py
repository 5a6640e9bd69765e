"""The application on the machine, as the operating dossier installs it, with the repository's own files."""

import contextlib
import json
import os
import pwd
import secrets
import shlex
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import database as cluster
from certificates import Authority
from database import LOGIN, NAME, PORT, Database
from machine import REPOSITORY, Stop, processes, put, run, until

DOMAIN = "ocpizza.test"
USER = "ocpizza"
HOME = Path("/srv/ocpizza")
LOGS = Path("/var/log/ocpizza")
SUPERVISOR = Path("/etc/supervisor/conf.d/ocpizza.conf")
NGINX = Path("/etc/nginx/conf.d/ocpizza.conf")
CRON = Path("/etc/cron.d/ocpizza")
TLS = Path("/etc/ssl/ocpizza")
DEFAULT_SITE = Path("/etc/nginx/sites-enabled/default")
DEFAULT_SITE_ASIDE = Path("/etc/nginx/default.rehearsal")
MARK = HOME / ".rehearsal"  # what is here is a rehearsal's, to be taken away
PIDS = {"nginx": Path("/run/nginx.pid"), "supervisord": Path("/run/supervisord.pid")}
SHOPS = ("lambersart", "marcq", "wasquehal")
STAFF = "comptoir@ocpizza.example"  # of the counter of each
NOWHERE = "http://127.0.0.1:9"  # the services outside, of which there is none here: a port that refuses


class Site:
    def __init__(self, authority: Authority, database: Database) -> None:
        self.authority, self.database = authority, database
        self.health_token, self.password = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        self.admin_path = secrets.token_urlsafe(24)
        self.checks = f"--connect 127.0.0.1:443 --ca {HOME / 'ca.crt'}"

    def make_home(self) -> None:
        run("useradd", "--system", "--home-dir", str(HOME), "--shell", "/bin/bash", "--password", "*", USER)
        for folder in (HOME, LOGS):  # the second is the dossier's mkdir /var/log/ocpizza
            folder.mkdir(exist_ok=True)
        shutil.chown(HOME, USER, USER)
        shutil.copy(self.authority.certificate, HOME / "ca.crt")
        (HOME / ".env").write_text(self._environment())
        (HOME / ".env").chmod(0o600)
        shutil.chown(HOME / ".env", USER, USER)

    def _environment(self) -> str:
        """`.env.example`, filled in."""
        values = {
            "DJANGO_SETTINGS_MODULE": "ocpizza.settings.production",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SECRET_ADMIN_URL": self.admin_path,
            "TILL_SIGNING_KEYS": "repetition:" + secrets.token_urlsafe(32),
            "HEALTH_TOKEN": self.health_token,
            "POSTGRES_NAME": NAME,
            "POSTGRES_USER": LOGIN,
            "POSTGRES_PASS": self.database.password,
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(PORT),
            "POSTGRES_SSLMODE": "verify-full",
            "POSTGRES_SSLROOTCERT": str(HOME / "ca.crt"),
            "BASE_DOMAIN": DOMAIN,
            "SENTRY_DSN": f"{NOWHERE.replace('//', '//cle@')}/1",
            "STRIPE_API_KEY": "sk_test_" + secrets.token_urlsafe(16),
            "MAPS_API_KEY": "essai-" + secrets.token_urlsafe(16),
            "MAPS_BASE_URL": NOWHERE,
            "MAPS_ROUTES_URL": NOWHERE,
            "EMAIL_URL": "dummymail://",
            "GROUP_LEGAL_NAME": "OC Pizza SAS (répétition)",
            "GROUP_SIRET": "00000000000000",
            "GROUP_VAT_NUMBER": "FR00000000000",
        }
        lines = []
        for line in (REPOSITORY / ".env.example").read_text().splitlines():
            name = line.partition("=")[0]
            lines.append(f"{name}={values.pop(name)}" if name in values else line)
        if values:
            raise Stop(f"absents de .env.example : {', '.join(values)}")
        return "\n".join(lines) + "\n"

    def as_user(self, *command: str, cwd: Path = HOME, check: bool = True) -> str:
        home = {"HOME": str(HOME), "USER": USER, "LOGNAME": USER}
        return run("runuser", "-u", USER, "--", *command, env=home, cwd=cwd, check=check).stdout

    def manage(self, *arguments: str, check: bool = True) -> str:
        current = HOME / "current"
        return self.as_user(str(current / ".venv/bin/python"), "manage.py", *arguments, cwd=current, check=check)

    def shell(self, script: Path, **words: str) -> str:
        """A script of the rehearsal's, run by `manage.py shell` of the release that serves; `words` replace theirs in it."""
        text = script.read_text()
        for word, value in words.items():
            text = text.replace(word, value)
        return self.manage("shell", "--verbosity", "0", "--command", text)

    def first_release(self) -> None:
        for beginning in (
            "git clone --mirror",
            "git --git-dir repository.git show",
            "python3 release.py",
            "cd current &&",
        ):
            command = dossier(beginning).replace("ADRESSE-DU-DEPOT", str(self.origin))
            self.as_user("env", "PATH=/usr/bin:/bin", "bash", "-euc", command)

    @property
    def origin(self) -> Path:
        return HOME / "origin.git"

    def start(self) -> None:
        """As chapter 5 of the dossier does; supervisord by hand, since there is no systemd to enable it with."""
        as_the_dossier_says("cp /srv/ocpizza/current/ocpizza.conf")
        run("supervisord", "-c", "/etc/supervisor/supervisord.conf")
        for command in ("reread", "update", "status"):
            self.supervisorctl(command)
        self.until_running()

    def supervisorctl(self, *arguments: str) -> str:
        return run("supervisorctl", *arguments, check=False).stdout

    def until_running(self) -> None:
        until(lambda: "RUNNING" in self.supervisorctl("status", "ocpizza"), seconds=60, words="ocpizza RUNNING")
        until(lambda: self.told().get("state") == "serving", seconds=90, words="le site sert")

    def told(self) -> dict[str, str]:
        try:
            return json.loads((HOME / ".data/run/serve.json").read_text())
        except (OSError, ValueError):
            return {}

    def start_nginx(self) -> None:
        TLS.mkdir()
        self.authority.sign(
            f"DNS:{DOMAIN},DNS:*.{DOMAIN}", key=TLS / "privkey.pem", certificate=TLS / "fullchain.pem", owner="root"
        )
        if DEFAULT_SITE.is_symlink():
            DEFAULT_SITE.rename(DEFAULT_SITE_ASIDE)
        as_the_dossier_says("sed 's/ocpizza")
        put(NGINX, NGINX.read_text().replace("listen ", "listen 127.0.0.1:"))
        run("nginx", "-t")
        run("nginx")

    @property
    def user_id(self) -> int:
        return pwd.getpwnam(USER).pw_uid

    def release(self) -> str:
        return (HOME / "current").resolve().name

    def deploy(self, commit: str, *, ssh: "dict[str, str]") -> subprocess.CompletedProcess[str]:
        """As the workflow does: deploy/over_ssh.sh with the five secrets in the environment."""
        with self.deploying(commit, ssh=ssh) as deployment:
            said = deployment.communicate()[0]
        return subprocess.CompletedProcess(deployment.args, deployment.returncode, said)

    @contextlib.contextmanager
    def deploying(self, commit: str, *, ssh: "dict[str, str]") -> Iterator[subprocess.Popen[str]]:
        """The same, going on; it is over when the block is."""
        environment = {**os.environ, **ssh, "DEPLOY_ARGUMENTS": f"--check {shlex.quote(self.checks)}"}
        deployment = subprocess.Popen(
            [str(REPOSITORY / "deploy/over_ssh.sh"), commit], cwd="/", env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            yield deployment
        finally:
            deployment.wait(timeout=600)


def as_the_dossier_says(beginning: str) -> None:
    run("bash", "-euc", dossier(beginning))


def dossier(beginning: str) -> str:
    """The command of the operating dossier that begins so, for our domain. Raises Stop."""
    lines = (REPOSITORY / "docs/exploitation.fr.md").read_text().splitlines()
    commands = {line.strip() for line in lines if line.startswith(f"    {beginning}")}
    if len(commands) != 1:
        raise Stop(f"le dossier d’exploitation dit {len(commands)} fois « {beginning}… » : {commands}")
    return commands.pop().replace("votre-domaine.fr", DOMAIN)


def alive_directly() -> bool:
    """Whether Gunicorn itself answers, behind nginx's back."""
    asked = urllib.request.Request(
        "http://127.0.0.1:8000/sante/", headers={"Host": DOMAIN, "X-Forwarded-Proto": "https"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def refuse_a_machine_in_use() -> None:
    """Nobody's site is touched: what a rehearsal would overwrite must not be there. What an earlier one left goes."""
    if os.geteuid() != 0:
        raise Stop("La répétition installe des paquets et des services : lancez-la en root, sur une machine sans site.")
    clean()
    there = [str(path) for path in (HOME, LOGS, SUPERVISOR, NGINX, CRON, TLS) if path.exists()]
    if there:
        raise Stop(f"Il y a déjà un site : {', '.join(there)}")
    for name, path in PIDS.items():
        if runs(path):
            raise Stop(f"{name} tourne déjà sur cette machine.")
    HOME.mkdir()
    MARK.touch()


def clean() -> None:
    """Takes away everything that a rehearsal put on the machine, but the packages; nothing where there was none."""
    if not MARK.exists():
        return
    if runs(PIDS["supervisord"]):
        run("supervisorctl", "shutdown", check=False)
        until(lambda: not runs(PIDS["supervisord"]), seconds=100, words="fin de supervisord")
    if runs(PIDS["nginx"]):
        run("nginx", "-s", "quit")
    if runs(HOME / "sshd.pid"):
        run("kill", (HOME / "sshd.pid").read_text().strip())
    cluster.drop()
    for path in (SUPERVISOR, NGINX, NGINX.with_name("balancer.conf"), CRON, Path("/var/log/nginx/ocpizza.log")):
        path.unlink(missing_ok=True)
    if DEFAULT_SITE_ASIDE.is_symlink():
        DEFAULT_SITE_ASIDE.rename(DEFAULT_SITE)
    _remove_user()
    for folder in (LOGS, TLS, *(path for path in HOME.iterdir() if path.is_dir())):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(HOME, ignore_errors=True)  # the mark last: one that is cut goes on the next time


def _remove_user() -> None:
    with contextlib.suppress(KeyError):
        uid = pwd.getpwnam(USER).pw_uid
        for pid in processes("", user=uid):  # a deployment that was cut
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: run("userdel", USER, check=False).returncode == 0, seconds=10, words="userdel")


def runs(pid_file: Path) -> bool:
    try:
        state = Path(f"/proc/{int(pid_file.read_text())}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return False
    return state != "Z"
