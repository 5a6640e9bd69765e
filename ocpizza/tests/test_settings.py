import json
import os
import re
import secrets
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from ocpizza import environment
from shared_apps.accounts.models import Role
from shared_apps.core.middleware import VisitorAddressMiddleware

ROOT = Path(__file__).resolve().parents[2]
MANDATORY = (
    "POSTGRES_NAME", "POSTGRES_USER", "POSTGRES_PASS", "POSTGRES_HOST", "SECRET_KEY", "SECRET_ADMIN_URL", "SENTRY_DSN",
    "STRIPE_API_KEY", "MAPS_API_KEY", "TILL_SIGNING_KEYS",
)  # fmt: skip

VALUES = dict.fromkeys(MANDATORY, "x") | {
    "SENTRY_DSN": "http://cle@127.0.0.1:9/1",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "SECRET_ADMIN_URL": secrets.token_urlsafe(24),
    "TILL_SIGNING_KEYS": "2026:" + secrets.token_urlsafe(32),
}


EXAMPLE = (ROOT / ".env.example").read_text()
# Below another of the same matter, whose comment speaks of both.
TOGETHER = {
    "POSTGRES_SSLROOTCERT", "GROUP_SIRET", "GROUP_VAT_NUMBER", "MAPS_ROUTES_URL", "PORT", "LIVE_PORT", "WEB_WORKERS",
    "SENTRY_RELEASE", "SENTRY_TRACES", "BACKUP_DAYS", "BACKUP_AGE_IDENTITY",
}  # fmt: skip


def start(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In production, whatever this process has been given."""
    clean = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "ocpizza.settings.production", **environment}
    words = [sys.executable, *(command or ("-c", "import django; django.setup()"))]
    return subprocess.run(words, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """What start-up says; Sentry, which may be told of it too, has its own last words."""
    assert done.returncode == 1
    return next(line for line in done.stderr.splitlines() if "ImproperlyConfigured: " in line)


def test_production_names_every_missing_variable_at_once_and_no_value():
    done = start(SECRET_KEY="tres-secret", POSTGRES_NAME=" ")
    line = refusal(done)
    assert "manquantes" in line
    assert all(name in line for name in MANDATORY if name != "SECRET_KEY")
    assert "tres-secret" not in done.stderr


def test_production_starts_with_all_of_them():
    done = start(**VALUES)
    assert done.returncode == 0, done.stderr


def test_the_domain_has_a_default_in_production():
    code = "import django; django.setup(); from django.conf import settings; print(settings.ALLOWED_HOSTS)"
    for given in ({}, {"BASE_DOMAIN": " "}):
        assert start("-c", code, **VALUES, **given).stdout.strip() == "['ocpizza.fr', '.ocpizza.fr']"


@pytest.mark.parametrize(
    ("name", "value"),
    [("POSTGRES_SSLMODE", "disable"), ("POSTGRES_SSLMODE", "prefer"), ("SECOND_FACTOR_REQUIRED", "false")],
)
def test_production_refuses_what_is_for_a_demonstration(name, value):
    assert name in refusal(start(**VALUES | {name: value}))


def test_the_check_before_a_deployment_finds_nothing():
    done = start("manage.py", "check", "--deploy", "--fail-level", "WARNING", **VALUES)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_ADMIN_URL", "admin"), ("SECRET_ADMIN_URL", "a" * 40), ("SECRET_ADMIN_URL", "administration/du/groupe/entier"),
     ("SECRET_KEY", "secret")],
)  # fmt: skip
def test_a_secret_that_can_be_guessed_is_refused(name, value):
    line = refusal(start(**VALUES | {name: value}))
    assert f"{name} se devine" in line
    assert f" {value} " not in line


@pytest.mark.parametrize(
    "secret", ["court", "a" * 32, "012345678" * 4, settings.TILL_SIGNING_KEYS[0].partition(":")[2]]
)
def test_a_signing_key_that_can_be_guessed_is_refused(secret):
    """The development's own among them: it stands in the sources."""
    good = "2026:" + secrets.token_hex(32)
    assert start(**VALUES | {"TILL_SIGNING_KEYS": good}).returncode == 0
    line = refusal(start(**VALUES | {"TILL_SIGNING_KEYS": f"{good},2027:{secret}"}))
    assert "TILL_SIGNING_KEYS" in line
    assert secret not in line


def read(name: str, **environment: str) -> str:
    """A setting as production has it."""
    code = f"import django; django.setup(); from django.conf import settings; print(settings.{name})"
    done = start("-c", code, **VALUES | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_production_speaks_to_postgresql_over_a_verified_connection():
    options = read('DATABASES["default"]["OPTIONS"]', POSTGRES_SSLROOTCERT="/srv/ca.crt")
    assert "'sslmode': 'verify-full'" in options
    assert "'sslrootcert': '/srv/ca.crt'" in options


def test_cookies_and_hosts_of_production():
    assert (
        read("SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY") == "True True True"
    )
    assert read("ALLOWED_HOSTS") == "['ocpizza.fr', '.ocpizza.fr']"
    assert int(read("SECURE_HSTS_SECONDS")) >= 31_536_000


def test_the_admin_is_at_its_secret_address_on_the_groups_host_alone(shop, visit, make_staff, settings):
    secret = f"/{settings.SECRET_ADMIN_URL.strip('/')}/"
    assert visit().get(secret).status_code == 302  # to its login
    assert visit(shop).get(secret).status_code == 404
    manager = make_staff(Role.MANAGER, shop)
    assert visit(None, manager).get(secret).status_code == 302  # no support staff


def test_the_address_of_a_visitor_is_the_one_that_nginx_saw(rf):
    seen = []
    middleware = VisitorAddressMiddleware(lambda request: seen.append(request.META["REMOTE_ADDR"]))
    middleware(rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.7"))
    middleware(rf.get("/", REMOTE_ADDR="127.0.0.1"))
    assert seen == ["203.0.113.7", "127.0.0.1"]


def test_what_a_parent_took_from_the_file_is_read_again(tmp_path, monkeypatch):
    """A release that takes over has the `.env` of today, not of when the site started."""
    path = tmp_path / ".env"
    path.write_text("OF_THE_FILE=before\nGIVEN=of the file\n")
    monkeypatch.setenv("GIVEN", "of the process")
    for name in ("OF_THE_FILE", environment.FROM_FILE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)  # so that it is gone again after the test
    environment.load(path=path)
    path.write_text("OF_THE_FILE=after\nGIVEN=of the file\n")
    environment.load(path=path)
    assert (os.environ["OF_THE_FILE"], os.environ["GIVEN"]) == ("after", "of the process")


def test_production_refuses_a_short_key_of_the_till():
    done = start(**VALUES | {"TILL_SIGNING_KEYS": "2026:trop-court"})
    assert "TILL_SIGNING_KEYS" in refusal(done)
    assert "trop-court" not in refusal(done)


def test_every_variable_that_settings_read_stands_in_the_example():
    read = set()
    for path in (ROOT / "ocpizza" / "settings").glob("*.py"):
        read |= set(re.findall(r'env\.?\w*\("(\w+)"', path.read_text()))
    read -= {"DEBUG", "DEMO"}  # of development
    assert read - set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE, re.M)) == set()


def test_each_variable_with_a_default_has_its_line_of_comment():
    """The mandatory ones have theirs in the operating dossier. Those that stand together may share one."""
    lines = EXAMPLE.partition("# --- With a safe default ---\n")[2].splitlines()
    named = [re.match(r"(?:# )?([A-Z][A-Z0-9_]*)=", line) for line in lines]
    told = [line.startswith("#") and not name for line, name in zip(lines, named, strict=True)]
    alone = {name[1] for before, name in zip([False, *told], named, strict=False) if name and not before}
    assert alone == TOGETHER


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_the_driver_is_the_clients(db):
    assert connection.Database.__name__ == "psycopg2"


def test_supervisor_has_one_program_named_ocpizza():
    text = (ROOT / "ocpizza.conf").read_text()
    assert text.count("[program:") == 1
    assert "[program:ocpizza]" in text
    assert "/var/log/ocpizza/" in text
    assert "[group:" not in text


def test_red_tests_never_deploy():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    deploy = workflow.partition("  deploy:")[2]
    assert "needs: [tests, production]" in deploy
    assert "refs/heads/main" in deploy
    for name in ("SSH_HOST", "SSH_PORT", "SSH_USER", "SSH_KEY", "SSH_PASS"):
        assert f"secrets.{name}" in deploy


@pytest.mark.parametrize(
    "header", ["Content-Security-Policy", "Permissions-Policy", "X-Frame-Options", "Referrer-Policy"]
)
def test_every_page_has_its_guards(shop, visit, header):
    assert visit(shop).get("/")[header]


def test_the_policy_allows_nothing_inline(shop, visit):
    policy = visit(shop).get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_pages_have_nothing_inline():
    letters = {settings.BASE_DIR / "templates/orders/told.html"}  # an e-mail has no style sheet
    for path in {*(settings.BASE_DIR / "templates").rglob("*.html")} - letters:
        assert not re.search(r'<[^>]+\s(style|on\w+)="', path.read_text()), path


def written_by(*command: str, until: str) -> list[str]:
    """The lines of a process in production, up to one that says so."""
    clean = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "ocpizza.settings.production", **VALUES}
    child = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    guard = threading.Timer(60, child.kill)
    guard.start()
    try:
        for line in child.stdout:
            lines.append(line)
            if until in line:
                break
    finally:
        guard.cancel()
        child.terminate()
        lines += child.communicate(timeout=30)[0].splitlines()
    assert any(until in line for line in lines), "".join(lines)
    return [line for line in lines if line.strip()]


@pytest.mark.parametrize(
    ("command", "until"),
    [
        (["-m", "gunicorn", "ocpizza.wsgi", "--bind", "127.0.0.1:0", "--logger-class", "ocpizza.gunicorn_log.SameLog",
          "--no-control-socket"], "Booting worker"),
        (["-m", "shared_apps.live", "ocpizza.asgi:application"], "could not translate host name"),
        (["-c", "import django; django.setup(); import logging; logging.getLogger('django-q').error('du worker')"],
         "du worker"),
    ],
    ids=["web", "live", "worker"],
)  # fmt: skip
def test_in_production_each_process_writes_one_object_a_line(command, until):
    for line in written_by(*command, until=until):
        assert {"asctime", "levelname", "name", "message", "pizzeria"} <= set(json.loads(line)), line
