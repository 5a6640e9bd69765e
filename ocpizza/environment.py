"""Where settings come from: the process's environment, completed by `.env` at the root (operations dossier, section 4)."""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent


def load(*, path: Path = BASE_DIR / ".env") -> None:
    """Completes the environment from `.env` before Django starts, since `.env` names DJANGO_SETTINGS_MODULE itself.

    What the process already has wins over the file. Without either, settings are those of development.
    """
    environ.Env.read_env(path)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocpizza.settings.development")
