"""Production: every variable of the operations dossier (section 4) is mandatory, and start-up says which are missing."""

import logging
import os
import re

from django.core.exceptions import ImproperlyConfigured

if not os.environ.get("BASE_DOMAIN", "").strip():
    os.environ["BASE_DOMAIN"] = "ocpizza.fr"  # before the settings that are made of it

from ocpizza.settings.base import *  # noqa: F403  settings are one namespace by design
from ocpizza.settings.base import (
    DATABASES,
    LOGGING,
    MIDDLEWARE,
    SECOND_FACTOR_REQUIRED,
    SECRET_ADMIN_URL,
    SECRET_KEY,
    env,
)

MANDATORY: tuple[str, ...] = (
    "POSTGRES_NAME",
    "POSTGRES_USER",
    "POSTGRES_PASS",
    "POSTGRES_HOST",
    "DJANGO_SETTINGS_MODULE",
    "SECRET_KEY",
    "SECRET_ADMIN_URL",
    "SENTRY_DSN",
    "STRIPE_API_KEY",
    "MAPS_API_KEY",
    "TILL_SIGNING_KEYS",
)
if "_live_" in env.str("STRIPE_API_KEY", default=""):
    MANDATORY += ("STRIPE_WEBHOOK_SECRET",)
HOW_TO_MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_urlsafe(50))"'


def _can_be_guessed(secret: str, *, length: int) -> bool:
    return len(secret) < length or len(set(secret)) < length // 2


missing = [name for name in MANDATORY if not env.str(name, default="").strip()]
problems = [f"Variables d'environnement manquantes ou vides : {', '.join(missing)}."] if missing else []
if SECRET_KEY and _can_be_guessed(SECRET_KEY, length=50):
    problems.append(f"SECRET_KEY se devine : 50 caractères au moins ({HOW_TO_MAKE_ONE}).")
if SECRET_ADMIN_URL and (
    _can_be_guessed(SECRET_ADMIN_URL, length=16) or not re.fullmatch(r"[\w-]+/?", SECRET_ADMIN_URL, re.ASCII)
):
    problems.append(f"SECRET_ADMIN_URL se devine : 16 lettres, chiffres, - ou _ au moins ({HOW_TO_MAKE_ONE}).")
till_secrets = [pair.partition(":")[2] for pair in env.list("TILL_SIGNING_KEYS", default=[])]
# One in hexadecimal has 16 characters to choose from; that of development stands in the sources.
if any(len(key) < 32 or _can_be_guessed(key, length=20) or "not-a-secret" in key for key in till_secrets):
    problems.append("TILL_SIGNING_KEYS s'écrit nom:secret,nom:secret (32 caractères au moins par secret, au hasard).")
if (sslmode := env.str("POSTGRES_SSLMODE", default="verify-full")) not in {"require", "verify-ca", "verify-full"}:
    problems.append("POSTGRES_SSLMODE : verify-full, verify-ca ou require, la base n'est jointe qu'en TLS.")
if not SECOND_FACTOR_REQUIRED:
    problems.append("SECOND_FACTOR_REQUIRED=false est pour la démonstration seule.")
if problems:
    raise ImproperlyConfigured(" ".join(problems))

DEBUG = False
DEMO = False
# verify-full with POSTGRES_SSLROOTCERT: the server is the one it says it is, and nobody listens.
DATABASES["default"]["OPTIONS"]["sslmode"] = sslmode
if root_certificate := env.str("POSTGRES_SSLROOTCERT", default=""):
    DATABASES["default"]["OPTIONS"]["sslrootcert"] = root_certificate

# nginx alone reaches Gunicorn, and says how and from where the visitor came.
MIDDLEWARE.insert(0, "shared_apps.core.middleware.VisitorAddressMiddleware")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Being preloaded by browsers is for whoever owns the domain to ask for, once, and hard to take back.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
DEVICE_COOKIE = "__Host-device"  # browsers let no other host set or read it
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
logging.captureWarnings(True)  # Python's own warnings are lines as the others
LOGGING["handlers"]["console"]["formatter"] = "json"  # type: ignore[index]
LOGGING["loggers"]["ocpizza.request"]["level"] = "INFO"  # type: ignore[index]
