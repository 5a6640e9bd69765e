"""`make audit` with pip-audit itself, and a directory of faults on loopback that speaks OSV's protocol."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings


class Directory(ThreadingHTTPServer):
    status = 200
    faulty = ""  # the package that has one
    asked: list[str]


class Answer(BaseHTTPRequestHandler):
    server: Directory

    def do_POST(self) -> None:
        package = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
        self.server.asked.append(package["name"])
        fault = {
            "id": "OSV-ESSAI-1",
            "summary": "A fault of the test",
            "affected": [{"package": package, "ranges": []}],
        }
        body = json.dumps({"vulns": [fault]} if package["name"] == self.server.faulty else {}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def directory() -> Iterator[Directory]:
    server = Directory(("127.0.0.1", 0), Answer)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def audit(port: int) -> subprocess.CompletedProcess[str]:
    elsewhere = ("--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{port}/")
    command = [sys.executable, "-m", "ocpizza.audit", *elsewhere]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)


def test_packages_without_a_known_fault_pass(directory):
    done = audit(directory.server_address[1])
    assert (done.returncode, done.stdout) == (0, "aucune faille connue dans les paquets de requirements.txt\n"), done
    locked = (settings.BASE_DIR / "requirements.txt").read_text()
    assert {"django", "psycopg2"} <= set(directory.asked)
    assert len(directory.asked) == sum("==" in line for line in locked.splitlines())


def test_a_known_fault_fails_the_command_and_is_named(directory):
    directory.faulty = "django"
    done = audit(directory.server_address[1])
    assert done.returncode == 1
    assert "OSV-ESSAI-1" in done.stderr


def test_a_directory_that_fails_is_said_loudly_and_accuses_nobody(directory):
    directory.status = 500
    done = audit(directory.server_address[1])
    assert done.returncode == 0
    assert done.stdout.startswith("IGNORÉ")


def test_a_directory_that_is_away_is_said_loudly_and_accuses_nobody():
    done = audit(9)
    assert done.returncode == 0
    assert done.stdout.startswith("IGNORÉ")
