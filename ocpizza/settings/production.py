"""Production: every variable of the operations dossier (section 4) is mandatory, and start-up says which are missing."""

from django.core.exceptions import ImproperlyConfigured

from ocpizza.settings.base import *  # noqa: F403  settings are one namespace by design
from ocpizza.settings.base import DATABASES, LOGGING, env

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
    "BASE_DOMAIN",
    "TILL_SIGNING_KEYS",
)
if "_live_" in env.str("STRIPE_API_KEY", default=""):
    MANDATORY += ("STRIPE_WEBHOOK_SECRET",)
missing = [name for name in MANDATORY if not env.str(name, default="").strip()]
if missing:
    raise ImproperlyConfigured(f"Variables d'environnement manquantes ou vides : {', '.join(missing)}")
if any(len(pair.partition(":")[2]) < 32 for pair in env.list("TILL_SIGNING_KEYS")):
    raise ImproperlyConfigured("TILL_SIGNING_KEYS s'écrit nom:secret,nom:secret (32 caractères au moins par secret)")

DEBUG = False
DEMO = False
DATABASES["default"]["OPTIONS"]["sslmode"] = env.str("POSTGRES_SSLMODE", default="require")

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
DEVICE_COOKIE = "__Host-device"  # browsers let no other host set or read it
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGGING["handlers"]["console"]["formatter"] = "json"  # type: ignore[index]
LOGGING["loggers"]["ocpizza.request"]["level"] = "INFO"  # type: ignore[index]
