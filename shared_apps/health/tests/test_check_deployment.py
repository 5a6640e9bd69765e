"""`check_deployment` against a local site: well, it says so; with one fault, it names that one and no other."""

import html
import io
import json
import socket
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as real_settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import get_resolver, reverse
from django_tenants.utils import schema_context

from shared_apps.health.deployment import Deployment
from shared_apps.health.queries import Finding
from shared_apps.health.tests.local_site import GUARDS, HOST, Letterbox, Said, Sentry, Site, open_site, serving
from shared_apps.health.visiting import Visitor
from tenants.hosts import Shop
from tenants.models import Pizzeria

DSN = "http://cle@127.0.0.1:9/1"


@pytest.fixture
def site(shop: Shop, tmp_path, settings) -> Iterator[Site]:
    """Everything as it should be."""
    settings.SENTRY_DSN = DSN
    assert get_resolver(settings.PUBLIC_SCHEMA_URLCONF).url_patterns  # read before its secret address is another one
    settings.SECRET_ADMIN_URL = "une-adresse-que-personne-ne-devine"
    with schema_context("public"), open_site(tmp_path) as made:
        webhook = reverse("website:stripe_webhook", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
        made.answers |= {
            (HOST, "/"): Said(headers=GUARDS),
            (HOST, "/sante/complet/"): Said(body='{"state": "ok"}'),
            (HOST, "/live/"): Said(body="event: hello\n\n"),
            (HOST, f"/{settings.SECRET_ADMIN_URL}/"): Said(302),
            (HOST, webhook): Said(400),
        }
        for pizzeria in Pizzeria.objects.exclude(state=Pizzeria.State.CLOSED):
            made.answers[f"{pizzeria.slug}.{HOST}", "/"] = Said(body=html.escape(pizzeria.name))
        yield made


def asked(site: Site, *, trusted: bool = True) -> dict[str, Finding]:
    visitor = Visitor(
        connect=("127.0.0.1", site.port), authority=site.authority if trusted else None, plain_port=site.plain_port
    )
    with schema_context("public"):
        return {finding.name: finding for finding in Deployment(HOST, visitor).findings()}


def wrong(site: Site) -> dict[str, str]:
    return {name: finding.words for name, finding in asked(site).items() if not finding.well}


def test_a_site_that_is_well_has_no_fault(site, shop):
    found = asked(site)
    assert wrong(site) == {}
    assert {"certificat", "http vers https", "site du groupe", "état complet", shop.slug, "temps réel"} <= found.keys()
    assert found["certificat"].words.startswith("TLSv1.3, encore 60 jours")


def says(path: str, said: Said, *, host: str = HOST) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        site.answers[host, path] = said

    return change


SHOP = f"nation.{HOST}"
DETAILS = [
    {"name": "worker", "well": False, "words": "12 minutes de retard"},
    {"name": "disk", "well": True, "words": ""},
]
FAULTS: dict[str, tuple[Callable[[Site], None], str, str]] = {
    "group fails": (says("/", Said(500)), "site du groupe", "répond 500 — /var/log/ocpizza/ocpizza.log"),
    "group away": (says("/", Said(503)), "site du groupe", "répond 503 — supervisorctl status ocpizza"),
    "group unknown": (says("/", Said(404)), "site du groupe", "répond 404 — BASE_DOMAIN, DNS"),
    "one header gone": (
        says("/", Said(headers={name: value for name, value in GUARDS.items() if name != "Referrer-Policy"})),
        "site du groupe", "sans Referrer-Policy —",
    ),
    "a fault without details": (says("/sante/complet/", Said(503, '{"state": "failing"}')), "état complet", "HEALTH_TOKEN"),
    "a fault with details": (
        says("/sante/complet/", Said(503, json.dumps({"state": "failing", "checks": DETAILS}))),
        "état complet", "worker : 12 minutes de retard",
    ),
    "health is no JSON": (says("/sante/complet/", Said(502, "<html>")), "état complet", "répond 502 — supervisorctl"),
    "a shop away": (says("/", Said(404), host=SHOP), "nation", "répond 404 au lieu de 200"),
    "another site's page": (says("/", Said(body="Autre"), host=SHOP), "nation", "pas celle de cette pizzeria"),
    "stream away": (says("/live/", Said(502)), "temps réel", "/live/ répond 502"),
    "stream held back": (says("/live/", Said(body="retry: 1\n")), "temps réel", "deploy/nginx.conf"),
    "admin elsewhere": (
        says("/une-adresse-que-personne-ne-devine/", Said(404)), "administration", "son adresse secrète répond 404",
    ),
    "admin at its usual place": (says("/admin/", Said(302)), "administration", "/admin/ répond"),
    "webhook takes anything": (says("/paiement/stripe/", Said(200)), "annonces de Stripe", "répond 200"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_alone_and_says_where_to_look(site, fault):
    change, name, words = FAULTS[fault]
    change(site)
    found = wrong(site)
    assert list(found) == [name], found
    assert words in found[name]


def test_http_that_is_not_sent_to_https_is_a_fault(site):
    site.plain = Said(200)
    assert wrong(site).keys() == {"http vers https"}
    site.plain = Said(301, headers={"Location": f"http://www.{HOST}/"})
    assert wrong(site).keys() == {"http vers https"}


def test_a_suspended_shop_says_so_and_one_that_answers_all_the_same_is_a_fault(site, shop):
    Pizzeria.objects.filter(pk=shop.id).update(state=Pizzeria.State.SUSPENDED)
    assert "au lieu de 503" in wrong(site)[shop.slug]
    site.answers[SHOP, "/"] = Said(503)
    assert wrong(site) == {}


def test_a_certificate_of_nobody_known_is_a_fault(site):
    found = asked(site, trusted=False)
    assert "certificate verify failed" in found["certificat"].words


@pytest.mark.parametrize(
    ("changes", "words"), [({"days": 5}, "expire dans 5 jours"), ({"names": ("autre.example",)}, "DNS, pare-feu")]
)
def test_a_certificate_that_ends_soon_or_is_anothers_is_a_fault(shop, tmp_path, settings, changes, words):
    settings.SENTRY_DSN = DSN
    with open_site(tmp_path, **changes) as site:
        assert words in wrong(site)["certificat"]


def test_a_site_that_does_not_answer_says_where_to_look(site):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        site.port = site.plain_port = free.getsockname()[1]
    found = wrong(site)
    assert {"certificat", "http vers https", "site du groupe", "temps réel", "nation"} <= found.keys()
    assert all("nginx -t, supervisorctl status ocpizza" in found[name] for name in ("certificat", "site du groupe"))


def test_a_dsn_that_is_none_is_a_fault(site, settings):
    settings.SENTRY_DSN = "pas-un-dsn"
    assert "recopiez celui du projet" in wrong(site)["Sentry"]


def mailed_by(settings, port: int) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", port,
    )  # fmt: skip


def test_a_mail_server_that_is_away_is_a_fault(site, settings):
    mailed_by(settings, 9)
    assert "127.0.0.1:9" in wrong(site)["e-mail"]
    with serving(Letterbox()) as port:
        mailed_by(settings, port)
        assert wrong(site) == {}


def run(site: Site, *arguments: str) -> str:
    """What the command prints, also when it fails."""
    out = io.StringIO()
    connect = ("--connect", f"127.0.0.1:{site.port}", "--http-port", str(site.plain_port), "--ca", str(site.authority))
    with schema_context("public"):
        try:
            call_command("check_deployment", f"https://{HOST}", *connect, "--wait", "0", *arguments, stdout=out)
        except CommandError as error:
            return f"{out.getvalue()}{error}"
    return out.getvalue()


def test_the_command_says_each_point_and_fails_with_one_that_is_wrong(site):
    said = run(site)
    assert "ÉCHEC" not in said
    assert said.count("ok   ") == len(asked(site))
    site.answers[SHOP, "/"] = Said(500)
    said = run(site)
    assert "ÉCHEC  nation : répond 500" in said
    assert said.endswith("1 point(s) à corriger.")


def test_an_address_that_is_not_https_is_refused(db):
    with pytest.raises(CommandError, match="https"):
        call_command("check_deployment", "http://ocpizza.example")


def test_sentry_is_sent_one_event_and_its_word_is_awaited(site, settings):
    sentry = Sentry()
    with serving(sentry) as port:
        settings.SENTRY_DSN = f"http://cle@127.0.0.1:{port}/1"
        said = run(site, "--sentry")
        assert "Sentry, essai : évènement d’essai reçu (fc6d8c0c43fc4630ad850ee518f1b9d0)" in said
        ((_dsn, kind, event),) = sentry.envelopes
        assert (kind["type"], event["release"]) == ("event", real_settings.SENTRY_RELEASE)
        settings.SENTRY_DSN = f"http://une-cle-retiree@127.0.0.1:{port}/1"
        assert "Sentry répond 403 — la clé du projet" in run(site, "--sentry")
    assert "Sentry ne répond pas (ConnectionError)" in run(site, "--sentry")


def test_a_letter_is_sent_and_one_that_is_refused_is_a_fault(site, settings):
    box = Letterbox()
    with serving(box) as port:
        mailed_by(settings, port)
        assert "lettre d’essai partie pour exploitation@ocpizza.example" in run(
            site, "--email", "exploitation@ocpizza.example"
        )
    assert "To: exploitation@ocpizza.example" in box.letters[0]
    with serving(Letterbox(refuses=True)) as port:
        mailed_by(settings, port)
        assert "la lettre d’essai n’est pas partie" in run(site, "--email", "exploitation@ocpizza.example")


def test_sentry_is_asked_for_the_errors_of_this_release(site, settings):
    sentry = Sentry()
    settings.SENTRY_RELEASE = "2026-11-25-1"
    with serving(sentry) as port:
        settings.SENTRY_DSN = f"http://cle@127.0.0.1:{port}/1"
        assert "Sentry, erreurs : NON VÉRIFIÉ" in run(site, "--sentry")
        settings.SENTRY_AUTH_TOKEN = "un-jeton"
        settings.SENTRY_ISSUES_URL = f"http://127.0.0.1:{port}/api/0/organizations/ocpizza/issues/?project=1"
        assert "Sentry, erreurs : aucune erreur de 2026-11-25-1" in run(site, "--sentry")
        assert "project=1&query=is%3Aunresolved+level%3Aerror+release%3A2026-11-25-1" in sentry.asked[-1]
        sentry.issues = [{"title": "KeyError: 'pâte'", "permalink": "https://sentry.example/7/"}]
        assert "1 erreur(s) de cette version, dont « KeyError: 'pâte' » : https://sentry.example/7/" in run(
            site, "--sentry"
        )
        settings.SENTRY_AUTH_TOKEN = "un-autre"
        assert "Sentry répond 401 — SENTRY_AUTH_TOKEN" in run(site, "--sentry")
    settings.SENTRY_AUTH_TOKEN = "un-jeton"
    assert "Sentry ne répond pas (ConnectionError) — SENTRY_ISSUES_URL" in run(site, "--sentry")
