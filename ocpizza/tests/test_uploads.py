"""Nothing takes a file from anybody. Whoever adds an upload re-encodes it, limits it, tests both, and changes this file."""

import re

from django.apps import apps
from django.conf import settings
from django.db import models

SOURCES = [
    path
    for folder in ("ocpizza", "shared_apps", "tenant_apps", "tenants", "templates")
    for path in (settings.BASE_DIR / folder).rglob("*")
    if path.suffix in (".py", ".html", ".js") and "tests" not in path.parts
]
TAKES_A_FILE = re.compile(r"request\.FILES|forms\.(File|Image)Field|multipart/form-data|type=.file.")


def test_no_table_keeps_a_file():
    ours = [
        model for model in apps.get_models() if model.__module__.startswith(("shared_apps", "tenant_apps", "tenants"))
    ]
    assert len(ours) > 30
    assert [field for model in ours for field in model._meta.get_fields() if isinstance(field, models.FileField)] == []


def test_no_view_form_or_page_takes_a_file():
    assert len(SOURCES) > 300
    assert [path for path in SOURCES if TAKES_A_FILE.search(path.read_text(encoding="utf-8"))] == []


def test_the_web_server_lets_no_more_through_than_a_form():
    sizes = re.findall(r"client_max_body_size (\S+);", (settings.BASE_DIR / "deploy/nginx.conf").read_text())
    assert sizes == ["1m"]
