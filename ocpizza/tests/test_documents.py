"""What the documents name exists: commands with their options, files, variables, targets of make, addresses."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.db import models
from django.urls import resolve

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "docs/exploitation.fr.md", "docs/caisse.fr.md", "docs/scaling.md")
DOSSIER = (ROOT / "docs/exploitation.fr.md").read_text()
CHAPTERS = (
    "Versions", "Introduction", "Système et prérequis", "Procédure de déploiement", "Procédure de démarrage / arrêt",
    "Procédure de mise à jour", "Supervision / Monitoring", "Procédure de sauvegarde et restauration", "Glossaire",
)  # fmt: skip
# Binding names of the client's dossier.
VARIABLES = {
    "POSTGRES_NAME", "POSTGRES_USER", "POSTGRES_PASS", "POSTGRES_HOST", "DJANGO_SETTINGS_MODULE", "SECRET_KEY",
    "SECRET_ADMIN_URL", "SENTRY_DSN", "STRIPE_API_KEY", "MAPS_API_KEY",
}  # fmt: skip
SECRETS = {"SSH_HOST", "SSH_PORT", "SSH_USER", "SSH_KEY", "SSH_PASS"}
WRITTEN = (
    "mkdir /var/log/ocpizza", "/etc/supervisor/conf.d/ocpizza.conf", "systemctl enable supervisor",
    "supervisorctl reread && supervisorctl update && supervisorctl status", "supervisorctl start ocpizza",
    "supervisorctl stop ocpizza", "supervisorctl restart ocpizza",
)  # fmt: skip
WORDS = {"COMMIT", "FICHIER", "SLUG", "CODE", "CLE", "ADRESSE-DU-DEPOT", "DOSSIER"}  # stand for what one types
FILES = re.compile(
    r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|sh|toml|md|conf|cron|txt|html|js|css|yml|po|example)|\.env\.example)`"
)
MADE = {"release.py", "serve.json"}  # on the server, not in the repository


def text(name: str) -> str:
    return (ROOT / name).read_text()


def commands(name: str) -> set[tuple[str, tuple[str, ...]]]:
    """Each `manage.py …` with the options written behind it."""
    found = re.findall(r"manage\.py ([a-z_]+)((?:[^\n`#&]|\\\n)*)", text(name))
    return {(command, tuple(re.findall(r"(--[a-z][a-z-]*)", rest.split(")")[0]))) for command, rest in found}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_command_is_there_and_takes_these_options(name):
    known = get_commands()
    for command, options in commands(name):
        assert command in known, f"{name}: manage.py {command}"
        parser = load_command_class(known[command], command).create_parser("manage.py", command)
        taken = {option for action in parser._actions for option in action.option_strings}
        assert set(options) <= taken, f"{name}: manage.py {command} {options}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_file_is_there(name):
    for path in set(FILES.findall(text(name))):
        if path in MADE or path.startswith("/"):
            continue
        found = (ROOT / path).exists() or list(ROOT.glob(f"*/**/{path}"))
        assert found, f"{name}: {path}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_target_of_make_is_there(name):
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.M))
    assert set(re.findall(r"`make ([a-z]+)`|^    make ([a-z]+)", text(name), re.M)) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }


def test_each_variable_is_known_and_explained():
    example = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text(".env.example"), re.M))
    named = set(re.findall(r"\b([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)\b", DOSSIER)) - WORDS
    assert named <= example | SECRETS, named - example - SECRETS
    assert named & example >= VARIABLES
    workflow = text(".github/workflows/ci.yml")
    assert set(re.findall(r"secrets\.(\w+)", workflow)) == SECRETS
    assert named >= SECRETS


def test_the_chapters_are_those_of_the_clients_dossier():
    assert re.findall(r"^## (\d+) - (.+)$", DOSSIER, re.M) == [
        (str(number), name) for number, name in enumerate(CHAPTERS, 1)
    ]
    for words in WRITTEN:
        assert words in DOSSIER, words


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_command_on_a_line_of_its_own_is_a_block(name):
    """A line that lost its indentation is run into the words around it."""
    assert not re.findall(
        r"^ {0,3}(?:manage\.py|supervisorctl|git clone|cp|sed|curl|useradd|mkdir) .*$", text(name), re.M
    )


def test_the_dossier_asks_for_every_package_that_the_rehearsal_gives_the_server():
    """What only the rehearsal installs, a server made from the dossier would lack."""
    values = {
        node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]
        for node in ast.parse(text("deploy/rehearsal/machine.py")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
    }
    line = re.search(r"^\| paquets du système \|(.*)$", DOSSIER, re.M)
    assert line
    assert set(re.findall(r"`([a-z0-9-]+)`", line[1])) == set(values["SERVER"])
    assert set(values["REHEARSAL"]) == {"postgresql", "openssh-client", "openssl", "curl"}  # of other machines


@pytest.mark.parametrize("source", ["ocpizza.conf", "deploy/nginx.conf", "deploy/ocpizza.cron"])
def test_a_file_that_is_copied_by_hand_is_said_to_be_copied_again(source):
    """And the deployment says when."""
    update = DOSSIER.partition("## 6 - ")[2].partition("## 7 - ")[0]
    assert f" /srv/ocpizza/current/{source} " in update
    assert f'"{source}"' in text("deploy/release.py").partition("COPIED = ")[2].partition("\n")[0]


@pytest.mark.parametrize("address", sorted(set(re.findall(r"`(/[a-z]+/(?:[a-z]+/)?)`", DOSSIER)) - {"/live/"}))
def test_each_address_is_there(address):
    assert resolve(address, urlconf="ocpizza.urls.group")


def test_no_page_takes_a_file():
    """The day one does, its picture is made again before it is kept; the dossier says so."""
    templates = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    assert "multipart/form-data" not in templates
    assert 'type="file"' not in templates
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    assert not [field for field in fields if isinstance(field, models.FileField)]
