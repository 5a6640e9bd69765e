"""Where settings come from: the process's environment, completed by `.env` at the root (operations dossier, section 4)."""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
# Names that an earlier process of ours took from `.env`: its children read the file again, which may have changed since.
FROM_FILE = "OCPIZZA_FROM_DOTENV"


def load(*, path: Path = BASE_DIR / ".env") -> None:
    """Completes the environment from `.env` before Django starts, since `.env` names DJANGO_SETTINGS_MODULE itself.

    What the process was given wins over the file. Without either, settings are those of development.
    """
    for name in os.environ.pop(FROM_FILE, "").split():
        os.environ.pop(name, None)
    given = set(os.environ)
    environ.Env.read_env(path)
    os.environ[FROM_FILE] = " ".join(sorted(set(os.environ) - given))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocpizza.settings.development")
