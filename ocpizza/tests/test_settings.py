import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
MANDATORY = (
    "POSTGRES_NAME", "POSTGRES_USER", "POSTGRES_PASS", "POSTGRES_HOST", "SECRET_KEY", "SECRET_ADMIN_URL", "SENTRY_DSN",
    "STRIPE_API_KEY", "MAPS_API_KEY", "BASE_DOMAIN",
)  # fmt: skip


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "ocpizza.settings.production", **environment}
    command = [sys.executable, "-c", "import django; django.setup()"]
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)


def test_production_names_every_missing_variable_at_once_and_no_value():
    done = start(SECRET_KEY="tres-secret", POSTGRES_NAME=" ")
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert "manquantes" in line
    assert all(name in line for name in MANDATORY if name != "SECRET_KEY")
    assert "tres-secret" not in done.stderr


def test_production_starts_with_all_of_them():
    values = dict.fromkeys(MANDATORY, "x") | {"BASE_DOMAIN": "ocpizza.example"}
    done = start(**values)
    assert done.returncode == 0, done.stderr


def test_every_variable_that_settings_read_stands_in_the_example():
    import re

    read = set()
    for path in (ROOT / "ocpizza" / "settings").glob("*.py"):
        read |= set(re.findall(r'env\.?\w*\("(\w+)"', path.read_text()))
    read -= {"DEBUG", "DEMO"}  # of development
    example = (ROOT / ".env.example").read_text()
    assert {name for name in read if name not in example} == set()


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
    assert "needs: tests" in deploy
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
    import re

    letters = {settings.BASE_DIR / "templates/orders/told.html"}  # an e-mail has no style sheet
    for path in {*(settings.BASE_DIR / "templates").rglob("*.html")} - letters:
        assert not re.search(r'<[^>]+\s(style|on\w+)="', path.read_text()), path
