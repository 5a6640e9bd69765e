"""Production: every variable of the operations dossier (section 4) is mandatory, and start-up says which are missing."""

from django.core.exceptions import ImproperlyConfigured

from ocpizza.settings.base import *  # noqa: F403  settings are one namespace by design
from ocpizza.settings.base import DATABASES, env

MANDATORY = (
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
)
missing = [name for name in MANDATORY if not env.str(name, default="").strip()]
if missing:
    raise ImproperlyConfigured(f"Variables d'environnement manquantes ou vides : {', '.join(missing)}")

DEBUG = False
DEMO = False
DATABASES["default"]["OPTIONS"]["sslmode"] = env.str("POSTGRES_SSLMODE", default="require")

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
