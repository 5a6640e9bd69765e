"""What holds everywhere. Environment variables are read in this folder only; each stands in `.env.example`."""

import tomllib
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from shared_apps.core import reporting, scrubbing

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# Where releases follow each other, `<home>/releases/<release>/`, what outlives them is in their home.
HOME = BASE_DIR.parent.parent if BASE_DIR.parent.name == "releases" else BASE_DIR
RELEASE = BASE_DIR.name

SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_ADMIN_URL = env.str("SECRET_ADMIN_URL", default="admin")
scrubbing.hide(SECRET_ADMIN_URL.strip("/"), "[administration]")

# The group's host; a shop is one label below it (`lille-centre.ocpizza.fr`).
BASE_DOMAIN = env.str("BASE_DOMAIN", default="ocpizza.localhost")
# Set where visitors see another port than 80 or 443 (development).
PUBLIC_PORT = env.str("PUBLIC_PORT", default="")
PUBLIC_SCHEME = "https"
ALLOWED_HOSTS = [BASE_DOMAIN, f".{BASE_DOMAIN}"]

SHARED_APPS = [
    "tenants",  # before django_tenants: its commands replace those of the library
    "django_tenants",
    "shared_apps.core",
    "shared_apps.live",
    "shared_apps.places",
    "shared_apps.accounts",
    "shared_apps.catalogue",
    "shared_apps.customers",
    "shared_apps.baskets",
    "shared_apps.sales",
    "shared_apps.messages",
    "shared_apps.gateway",
    "shared_apps.privacy",
    "shared_apps.legal",
    "shared_apps.website",
    "shared_apps.headoffice",
    "shared_apps.onboarding",
    "shared_apps.health",
    "shared_apps.accounts.apps.SupportConfig",  # Django's admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_cotton.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_q",
    "csp",
]
TENANT_APPS = [
    "tenant_apps.shop",
    "tenant_apps.stock",
    "tenant_apps.payments",
    "tenant_apps.drawer",
    "tenant_apps.promotions",
    "tenant_apps.till",
    "tenant_apps.orders",
    "tenant_apps.delivery",
    "tenant_apps.printing",
    "tenant_apps.devices",
    "tenant_apps.storefront",
    "tenant_apps.counter",
    "tenant_apps.kitchen",
    "tenant_apps.driver",
    "tenant_apps.office",
    "tenant_apps.books",
]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS

TENANT_MODEL = "tenants.Pizzeria"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_LIMIT_SET_CALLS = True
PUBLIC_SCHEMA_URLCONF = "ocpizza.urls.group"
ROOT_URLCONF = "ocpizza.urls.shop"
SHOP_CACHE_SECONDS = 5

MIDDLEWARE = [
    "shared_apps.core.logs.RequestLogMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # early: the page of a suspended or unknown shop has its style too
    "tenants.middleware.PizzeriaMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "tenants.middleware.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenant_apps.devices.middleware.DeviceMiddleware",  # after the check of CSRF: it takes PINs
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "shared_apps.core.middleware.RuleErrorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "shared_apps.core.templatetags.formats",
            ],
        },
    }
]
COTTON_DIR = "components"

WSGI_APPLICATION = "ocpizza.wsgi.application"
ASGI_APPLICATION = "ocpizza.asgi.application"

DATABASES = {
    "default": {
        "ENGINE": "tenants.backend",
        "NAME": env.str("POSTGRES_NAME", default="ocpizza"),
        "USER": env.str("POSTGRES_USER", default="ocpizza"),
        "PASSWORD": env.str("POSTGRES_PASS", default=""),
        "HOST": env.str("POSTGRES_HOST", default=""),
        "PORT": env.str("POSTGRES_PORT", default=""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        # Nobody waits for a lock longer than this: an act fails and may be done again, rather than hang.
        "OPTIONS": {"options": "-c lock_timeout=5000"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:login"

# Signing in, by django-allauth: an e-mail and a password, and a code for those who can do much (ADR 0040).
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "shared_apps.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "shared_apps.accounts.forms.SignupForm",
    "change_password": "shared_apps.accounts.forms.ChangedPasswordForm",
    "reset_password": "shared_apps.accounts.forms.ForgottenForm",
    "login": "shared_apps.accounts.forms.LoginForm",
    "reset_password_from_key": "shared_apps.accounts.forms.NewPasswordForm",
}
ACCOUNT_SIGNUP_FORM_CLASS = "shared_apps.accounts.signup_form.SignupForm"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False  # somebody else may sign in on this tablet
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# By account and by address; counted in PostgreSQL, since processes are several.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/5m/key", "reset_password": "20/m/ip,5/10m/key"}
MFA_ADAPTER = "shared_apps.accounts.adapter.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "OC Pizza"
MFA_TOTP_TOLERANCE = 1
# Proxies that add themselves to X-Forwarded-For: the address before them is the visitor's.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# Managers, head office and support pass a second factor, unless this is a demonstration.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=True)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}

# One login for the whole group: the cookie lives on the parent domain, membership is checked on every page of a shop.
SESSION_COOKIE_DOMAIN = f".{BASE_DOMAIN}"
CSRF_COOKIE_DOMAIN = f".{BASE_DOMAIN}"
# A page of the group may post to a shop (order again), and the other way round.
CSRF_TRUSTED_ORIGINS = [f"https://{BASE_DOMAIN}", f"https://*.{BASE_DOMAIN}"]
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SAMESITE = "Lax"
# A tablet or till that a shop shares: of the shop's own host alone, so never on the parent domain.
DEVICE_COOKIE = "device"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
SECURE_CONTENT_TYPE_NOSNIFF = True
# A page of the group posts to a shop, which must see where from; the path, secret on an order's page, stays here.
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"

# What `manage.py serve` listens to; nginx stands before it in production.
BIND = env.str("BIND", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
LIVE_PORT = env.int("LIVE_PORT", default=PORT + 1)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
RUN_DIR = env.str("RUN_DIR", default=str(HOME / ".data" / "run"))

# Who sends it as a bearer reads the details of /sante/complet/; empty: nobody does.
HEALTH_TOKEN = env.str("HEALTH_TOKEN", default="")
HEALTH_DISK_FREE_MB = env.int("HEALTH_DISK_FREE_MB", default=1024)

# Where browsers open the event stream; `{host}` is the page's own host without its port.
LIVE_URL = env.str("LIVE_URL", default="/live/")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # The order button leads to Stripe: Chromium holds a redirection after a POST to this list too.
        "form-action": [SELF, f"*.{BASE_DOMAIN}", BASE_DOMAIN, "https://checkout.stripe.com"],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# A task that lasts longer is stopped; one whose worker died is taken up again after twice as long.
TASK_TIMEOUT_SECONDS = env.int("TASK_TIMEOUT_SECONDS", default=60)
PRINTERS_MAY_BE_FILES = False
Q_CLUSTER = {
    "name": "ocpizza",
    "orm": "default",
    "workers": 2,
    "timeout": TASK_TIMEOUT_SECONDS,
    "retry": 2 * TASK_TIMEOUT_SECONDS,
    "max_attempts": 5,
    "ack_failures": False,
    "catch_up": False,
    "poll": 0.5,
    "save_limit": 1000,
    "label": "Tâches",
}

# Google Maps: without a key, the data shipped with `places` answers.
MAPS_API_KEY = env.str("MAPS_API_KEY", default="")
MAPS_BASE_URL = env.str("MAPS_BASE_URL", default="https://maps.googleapis.com")
MAPS_ROUTES_URL = env.str("MAPS_ROUTES_URL", default="https://routes.googleapis.com")
MAPS_DAILY_CALLS = env.int("MAPS_DAILY_CALLS", default=2000)

STRIPE_API_KEY = env.str("STRIPE_API_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = "https://api.stripe.com"
STRIPE_RETRIES = 2  # with the same key of idempotency; a client retries nothing by itself
STRIPE_STAND_IN_PORT = 0  # of our own stand-in, in development without a key
# How long an order waits for its online payment before its time and its ingredients are free again.
ONLINE_PAYMENT_MINUTES = env.int("ONLINE_PAYMENT_MINUTES", default=10)
SENTRY_DSN = env.str("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="production")
SENTRY_RELEASE = env.str("SENTRY_RELEASE", default="") or RELEASE
# What `check_deployment --sentry` asks for the errors of this release.
SENTRY_AUTH_TOKEN = env.str("SENTRY_AUTH_TOKEN", default="")
SENTRY_ISSUES_URL = env.str("SENTRY_ISSUES_URL", default="")
SENTRY_TRACES = env.float("SENTRY_TRACES", default=0.0)
if SENTRY_DSN:
    reporting.start(dsn=SENTRY_DSN, environment=SENTRY_ENVIRONMENT, release=SENTRY_RELEASE, traces=SENTRY_TRACES)
# A statement that lasts longer is written in the log, without its values.
SLOW_QUERY_MS = env.int("SLOW_QUERY_MS", default=250)

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST", "")
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT", 25) or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="OC Pizza <commandes@ocpizza.example>")

# Text messages « on its way » and « ready »: none while empty (shared_apps/messages/services.py says what is posted).
SMS_URL = env.str("SMS_URL", default="")
SMS_TOKEN = env.str("SMS_TOKEN", default="")

# The group's legal identity, that of a shop which has none of its own. Empty in production until known: a shop without
# it takes no order (C. com. R123-237).
GROUP_LEGAL_NAME = env.str("GROUP_LEGAL_NAME", default="")
GROUP_SIRET = env.str("GROUP_SIRET", default="")
GROUP_VAT_NUMBER = env.str("GROUP_VAT_NUMBER", default="")
# The consumer mediator whom the group has joined, with the address and the site (C. conso. L616-1): one line, for customers.
GROUP_MEDIATOR = env.str("GROUP_MEDIATOR", default="")

# The keys that sign the till's journal, `name:secret,name:secret`: the first signs, the others only check what they signed.
TILL_SIGNING_KEYS = env.list("TILL_SIGNING_KEYS", default=[])
# What receipts and the attestation name: the version of this software.
SOFTWARE_VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
# Backups of one pizzeria and of the group: where, and for how many days (the newest of each stays in any case).
BACKUP_DIR = Path(env.str("BACKUP_DIR", default=str(HOME / ".data" / "sauvegardes")))
BACKUP_DAYS = env.int("BACKUP_DAYS", default=7)
# They are encrypted for this age key (`age1…`) when it is given; the other half opens them, and the weekly drill needs it.
BACKUP_AGE_RECIPIENT = env.str("BACKUP_AGE_RECIPIENT", default="")
BACKUP_AGE_IDENTITY = env.str("BACKUP_AGE_IDENTITY", default="")

# For how many days personal data are kept: of an order from its end (allergy note; address, access and note; name, phone and
# e-mail), of an account from its last order or sign-in, of a number blocked for ever, of the copy that somebody asked for.
RETENTION_ALLERGY_DAYS = env.int("RETENTION_ALLERGY_DAYS", default=30)
RETENTION_DELIVERY_DAYS = env.int("RETENTION_DELIVERY_DAYS", default=90)
RETENTION_CONTACT_DAYS = env.int("RETENTION_CONTACT_DAYS", default=365)
RETENTION_ACCOUNT_DAYS = env.int("RETENTION_ACCOUNT_DAYS", default=3 * 365)
RETENTION_BLOCKED_DAYS = env.int("RETENTION_BLOCKED_DAYS", default=3 * 365)
EXPORT_DAYS = env.int("EXPORT_DAYS", default=7)

# A business day ends at this hour, Europe/Paris (closing of the till, stock of the day).
BUSINESS_DAY_CUTOFF_HOUR = 4

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"about": {"()": "shared_apps.core.logs.AboutFilter"}},
    "formatters": {
        "line": {
            "()": "shared_apps.core.logs.LineFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
        "json": {
            "()": "shared_apps.core.logs.JsonLineFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(pizzeria)s %(user_id)s",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["about"]}},
    # They write the address of each request, hence the key and what a customer typed, when they debug.
    "loggers": {
        "ocpizza.request": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "googlemaps": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},  # a line per task that went well tells nothing
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
