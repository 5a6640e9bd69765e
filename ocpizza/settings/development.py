"""A developer's machine and the tests: no `.env` needed, everything runs from the checkout."""

from ocpizza import embedded_postgres
from ocpizza.settings.base import *  # noqa: F403  settings are one namespace by design
from ocpizza.settings.base import (
    BASE_DOMAIN,
    CONTENT_SECURITY_POLICY,
    DATABASES,
    LIVE_PORT,
    PORT,
    SECRET_KEY,
    STRIPE_API_KEY,
    STRIPE_WEBHOOK_SECRET,
    TILL_SIGNING_KEYS,
    env,
)

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = SECRET_KEY or "development-only-not-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz"

if not DATABASES["default"]["HOST"]:
    server = embedded_postgres.ensure_running()
    DATABASES["default"].update(HOST=str(server.socket_dir), PORT=str(server.port), USER="ocpizza")

PUBLIC_SCHEME = "http"
PUBLIC_PORT = str(PORT)
CSRF_TRUSTED_ORIGINS = [f"http://{BASE_DOMAIN}:{PUBLIC_PORT}", f"http://*.{BASE_DOMAIN}:{PUBLIC_PORT}"]
LIVE_URL = env.str("LIVE_URL", default=f"http://{{host}}:{LIVE_PORT}/live/")
CONTENT_SECURITY_POLICY["DIRECTIVES"]["connect-src"] += [
    f"http://*.{BASE_DOMAIN}:{LIVE_PORT}",
    f"http://{BASE_DOMAIN}:{LIVE_PORT}",
]
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += [f"http://*.{BASE_DOMAIN}:*", f"http://{BASE_DOMAIN}:*"]

# Without a key, the stand-in takes the payments (`manage.py serve` starts it); with a test key, Stripe does.
if not STRIPE_API_KEY:
    STRIPE_API_KEY = "sk_test_stand_in"
    STRIPE_STAND_IN_PORT = env.int("STRIPE_STAND_IN_PORT", default=PORT + 2)
    STRIPE_API_BASE = f"http://127.0.0.1:{STRIPE_STAND_IN_PORT}"
    STRIPE_WEBHOOK_SECRET = STRIPE_WEBHOOK_SECRET or "whsec_stand_in"
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += [STRIPE_API_BASE]

GROUP_LEGAL_NAME = "OC Pizza SAS (démonstration)"
GROUP_SIRET = "00000000000000"
GROUP_VAT_NUMBER = "FR00000000000"
GROUP_MEDIATOR = "Médiateur de démonstration, 1 rue de l’Exemple, 59000 Lille, mediateur.example"
TILL_SIGNING_KEYS = TILL_SIGNING_KEYS or ["developpement:development-only-not-a-secret-0123456789"]
PRINTERS_MAY_BE_FILES = True
DEMO = env.bool("DEMO", default=True)
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=False)
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None  # files are served from where they are, nothing is collected
