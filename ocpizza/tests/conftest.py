"""A real site on the test database, for a real browser."""

import functools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django_tenants.utils import schema_context

from conftest import PASSWORD
from ocpizza.checks import BROWSERS
from shared_apps.accounts.models import Membership, Role, User
from shared_apps.legal.tests.written import forget_publications
from stripe_stand_in.testing import SECRET
from tenants.hosts import Shop

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Site:
    """A real web server and live process on the test database, as processes of their own."""

    port: int
    live: "Process"

    def url(self, shop: Shop | None = None, path: str = "/") -> str:
        label = f"{shop.slug}." if shop else ""
        return f"http://{label}ocpizza.localhost:{self.port}{path}"


class Process:
    """A child that can be stopped and started again on the same port."""

    def __init__(self, command: list[str], environment: dict[str, str], health: str) -> None:
        self.command, self.environment, self.health = command, environment, health
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.child = subprocess.Popen(self.command, env=self.environment, cwd=ROOT)
        deadline = time.monotonic() + 30
        while True:
            try:
                ask = urllib.request.Request(self.health, headers={"Host": "ocpizza.localhost"})
                urllib.request.urlopen(ask, timeout=2).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.child.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(20)


def _free_port() -> int:
    """A port followed by another free one, which the live process takes."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@pytest.fixture(scope="session")
def site(django_db_setup, django_db_blocker, stand_in_process) -> Iterator[Site]:
    port, scripts = _free_port(), Path(sys.executable).parent
    with django_db_blocker.unblock():
        database = connection.settings_dict["NAME"]
    environment = {**os.environ, "POSTGRES_NAME": database, "PORT": str(port), "EMAIL_URL": "dummymail://"}
    environment |= {"STRIPE_STAND_IN_PORT": str(stand_in_process), "STRIPE_WEBHOOK_SECRET": SECRET}
    web = [
        str(scripts / "gunicorn"),
        "ocpizza.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--threads",
        "4",
        "--no-control-socket",
    ]
    live = [
        str(scripts / "uvicorn"),
        "ocpizza.asgi:application",
        "--port",
        str(port + 1),
        "--timeout-graceful-shutdown",
        "1",
    ]
    quiet = ["--log-level", "warning"]
    processes = [
        Process([*web, *quiet], environment, f"http://127.0.0.1:{port}/static/css/base.css"),
        Process([*live, *quiet, "--no-access-log"], environment, f"http://127.0.0.1:{port + 1}/live/sante"),
    ]
    try:
        for process in processes:
            process.start()
        yield Site(port, processes[1])
    finally:
        for process in processes:
            process.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, django_db_setup):
    """The database comes first: once Playwright runs its loop in this thread, Django would look for another connection."""
    found = [path for path in BROWSERS if Path(path).exists()]
    executable = {"executable_path": found[0]} if found else {}
    return {
        **browser_type_launch_args,
        **executable,
        "args": ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
    }


@pytest.fixture(autouse=True)
def closed_pages(request: pytest.FixtureRequest) -> Iterator[None]:
    """No page outlives its test: it would go on asking the site, whose connections others need."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture
def publications(own_shop) -> Iterator[None]:
    """What head office publishes is taken away after the test, before its people are."""
    yield
    forget_publications()


@functools.cache
def _hashed() -> str:
    return make_password(PASSWORD, hasher="pbkdf2_sha256")  # the server of the browsers knows no quicker one


@pytest.fixture
def team(own_shop) -> dict[Role, User]:
    """The committed staff of `own_shop`, one of each role, and somebody of head office."""
    members = {}
    with schema_context("public"):  # a shop's role creates nobody
        for role in Role:
            user = User(email=f"{role}@{own_shop.slug}.example", name=f"Alix {role}", password=_hashed())
            user.save()
            pizzeria_id = None if role == Role.HEAD_OFFICE else own_shop.id
            Membership.objects.create(user=user, role=role, pizzeria_id=pizzeria_id)
            members[role] = user
    return members
