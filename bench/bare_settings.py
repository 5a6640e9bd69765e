"""Settings of the bare page: Django's own PostgreSQL backend in one shop's schema for ever, no middleware of ours."""

import os

from ocpizza.settings.development import *  # noqa: F403  the same templates, languages and static files
from ocpizza.settings.development import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [name for name in INSTALLED_APPS if name != "django_tenants"]
DATABASE_ROUTERS = []
# An installed allauth insists on it.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF = "bench.bare_site"
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": False,
    "OPTIONS": {
        "options": f"-c role={os.environ['BENCH_ROLE']} -c search_path={os.environ['BENCH_SCHEMA']},public",
    },
}
