"""Whether a deployment went well, seen from outside: one finding a check, which says what is wrong and how to mend it."""

import html
import json
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import requests
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from sentry_sdk.consts import EndpointType
from sentry_sdk.utils import BadDsn, Dsn

from shared_apps.health.queries import Finding, Wrong
from shared_apps.health.visiting import Unreachable, Visitor, days_left
from shared_apps.live import tokens
from tenants.models import Pizzeria

DAYS_BEFORE_EXPIRY = 14
GUARDS = (
    "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
    "Referrer-Policy", "Permissions-Policy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deployment:
    """The site whose group answers at `host`, as `visitor` reaches it."""

    host: str
    visitor: Visitor

    def findings(self) -> Iterator[Finding]:
        yield found("certificat", self._certificate)
        yield found("http vers https", self._redirects)
        yield found("site du groupe", self._group)
        yield found("état complet", self._complete)
        for pizzeria in Pizzeria.objects.exclude(state=Pizzeria.State.CLOSED).order_by("slug"):
            yield found(pizzeria.slug, partial(self._shop, pizzeria))
        yield found("temps réel", self._stream)
        yield found("administration", self._admin)
        yield found("annonces de Stripe", self._webhook)
        yield found("Sentry", _sentry_is_named)
        yield found("e-mail", _mail_server_answers)

    def _certificate(self) -> str:
        certificate = self.visitor.certificate(self.host)
        left = days_left(certificate, now=timezone.now())
        if left < DAYS_BEFORE_EXPIRY:
            raise Wrong(f"le certificat expire dans {left} jours — renouvelez-le, puis nginx -s reload")
        return f"{certificate['protocol']}, encore {left} jours"

    def _redirects(self) -> str:
        answer = self.visitor.plainly(self.host)
        if answer.status not in (301, 308) or not answer.headers.get("Location", "").startswith("https://"):
            raise Wrong(f"http répond {answer.status} — deploy/nginx.conf redirige le port 80")
        return "redirigé"

    def _group(self) -> str:
        answer = self.visitor.ask(self.host, "/")
        if answer.status != 200:
            raise Wrong(f"répond {answer.status} — {_where_to_look(answer.status)}")
        missing = [name for name in GUARDS if name not in answer.headers]
        if missing:
            raise Wrong(f"sans {', '.join(missing)} — un serveur mandataire les retire-t-il ?")
        return "répond, avec ses en-têtes de sécurité"

    def _complete(self) -> str:
        token = {"Authorization": f"Bearer {settings.HEALTH_TOKEN}"} if settings.HEALTH_TOKEN else {}
        answer = self.visitor.ask(self.host, "/sante/complet/", **token)
        try:
            told = json.loads(answer.body)
        except ValueError:
            raise Wrong(f"/sante/complet/ répond {answer.status} — {_where_to_look(answer.status)}") from None
        wrong = [f"{row['name']} : {row['words']}" for row in told.get("checks", []) if not row["well"]]
        if wrong or told["state"] != "ok":
            raise Wrong(" ; ".join(wrong) or "un défaut que HEALTH_TOKEN permettrait de nommer")
        return f"version {told['release']}" if "release" in told else "sans défaut (HEALTH_TOKEN donne le détail)"

    def _shop(self, pizzeria: Pizzeria) -> str:
        expected = 200 if pizzeria.state == Pizzeria.State.TRADING else 503
        answer = self.visitor.ask(f"{pizzeria.slug}.{self.host}", "/")
        if answer.status != expected:
            raise Wrong(f"répond {answer.status} au lieu de {expected} — {_where_to_look(answer.status)}")
        if expected == 200 and html.escape(pizzeria.name) not in answer.body:
            raise Wrong("la page n’est pas celle de cette pizzeria — le sous-domaine mène-t-il ici ?")
        return "répond" if expected == 200 else "suspendue, et le dit"

    def _stream(self) -> str:
        token = tokens.issue(scope="public", topics=["group"])
        answer = self.visitor.begins(self.host, f"/live/?token={token}")
        if answer.status != 200 or "event:" not in answer.body:
            raise Wrong(f"/live/ répond {answer.status} — supervisorctl status ocpizza, puis deploy/nginx.conf")
        return "les évènements arrivent au fil de l’eau"

    def _admin(self) -> str:
        secret = self.visitor.ask(self.host, f"/{settings.SECRET_ADMIN_URL.strip('/')}/")
        if secret.status not in (200, 302):
            raise Wrong(f"son adresse secrète répond {secret.status} — SECRET_ADMIN_URL a-t-elle changé sans relance ?")
        if self.visitor.ask(self.host, "/admin/").status != 404:
            raise Wrong("/admin/ répond : l’adresse n’est plus secrète")
        return "à son adresse secrète, et à elle seule"

    def _webhook(self) -> str:
        try:
            path = reverse("website:stripe_webhook", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
        except NoReverseMatch:
            return "sans objet : pas de paiement en ligne dans cette version"
        answer = self.visitor.ask(self.host, path, method="POST", body="{}", **{"Content-Type": "application/json"})
        if answer.status != 400:
            raise Wrong(f"{path} répond {answer.status} à une annonce sans signature, au lieu de 400")
        return f"https://{self.host}{path} écoute, et refuse ce qui n’est pas signé"


def found(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except Wrong as wrong:
        return Finding(name, False, str(wrong))
    except Unreachable as error:
        return Finding(name, False, f"{error} — DNS, pare-feu, nginx -t, supervisorctl status ocpizza")


def _where_to_look(status: int) -> str:
    if status in (502, 503, 504):
        return "supervisorctl status ocpizza, puis /var/log/ocpizza/ocpizza.log"
    return "/var/log/ocpizza/ocpizza.log" if status >= 500 else "BASE_DOMAIN, DNS et deploy/nginx.conf"


def _sentry_is_named() -> str:
    try:
        host = Dsn(settings.SENTRY_DSN).netloc
    except BadDsn as error:
        raise Wrong(f"SENTRY_DSN n’est pas un DSN ({error}) — recopiez celui du projet") from error
    return f"les erreurs vont à {host} (--sentry demande celles de cette version et envoie un essai)"


def sentry_has_no_error() -> str:
    """Asks Sentry for the errors of this release that nobody has resolved. Raises Wrong."""
    if not (settings.SENTRY_AUTH_TOKEN and settings.SENTRY_ISSUES_URL):
        return "NON VÉRIFIÉ : SENTRY_AUTH_TOKEN et SENTRY_ISSUES_URL manquent, regardez sur le site de Sentry"
    try:
        answer = requests.get(
            settings.SENTRY_ISSUES_URL,
            params={"query": f"is:unresolved level:error release:{settings.SENTRY_RELEASE}"},
            headers={"Authorization": f"Bearer {settings.SENTRY_AUTH_TOKEN}"},
            timeout=10,
        )
        issues = answer.json() if answer.status_code == 200 else []
    except (requests.RequestException, ValueError) as error:
        raise Wrong(f"Sentry ne répond pas ({type(error).__name__}) — SENTRY_ISSUES_URL, pare-feu sortant") from error
    if answer.status_code != 200:
        raise Wrong(f"Sentry répond {answer.status_code} — SENTRY_AUTH_TOKEN a-t-il le droit event:read ?")
    if issues:
        raise Wrong(
            f"{len(issues)} erreur(s) de cette version, dont « {issues[0]['title']} » : {issues[0]['permalink']}"
        )
    return f"aucune erreur de {settings.SENTRY_RELEASE}"


def sentry_takes_an_event() -> str:
    """Sends a test event, and waits for Sentry's word that it has it. Raises Wrong."""
    _sentry_is_named()
    dsn = Dsn(settings.SENTRY_DSN)
    authentication = dsn.to_auth("ocpizza")
    event = {"message": "OC Pizza : essai de check_deployment", "level": "info", "release": settings.SENTRY_RELEASE}
    envelope = "\n".join(json.dumps(part) for part in ({"dsn": settings.SENTRY_DSN}, {"type": "event"}, event))
    try:
        answer = requests.post(
            authentication.get_api_url(EndpointType.ENVELOPE),
            data=envelope.encode(),
            headers={"X-Sentry-Auth": authentication.to_header(), "Content-Type": "application/x-sentry-envelope"},
            timeout=10,
        )
    except requests.RequestException as error:
        raise Wrong(f"Sentry ne répond pas ({type(error).__name__}) — SENTRY_DSN, pare-feu sortant") from error
    if answer.status_code != 200:
        raise Wrong(f"Sentry répond {answer.status_code} — la clé du projet est-elle toujours active ?")
    return f"évènement d’essai reçu ({answer.json().get('id', '')})"


def _mail_server_answers() -> str:
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return f"aucun serveur ({settings.EMAIL_BACKEND.rpartition('.')[2]}) : EMAIL_URL en désigne un"
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise Wrong(f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} : {error} — EMAIL_URL") from error
    finally:
        connection.close()
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} répond"


def mail_is_taken(address: str) -> str:
    """Sends a test letter. Raises Wrong."""
    try:
        EmailMessage("OC Pizza : essai", "Cette lettre d’essai vient de check_deployment.", to=[address]).send()
    except (OSError, smtplib.SMTPException) as error:
        raise Wrong(f"la lettre d’essai n’est pas partie : {error} — EMAIL_URL, DEFAULT_FROM_EMAIL") from error
    return f"lettre d’essai partie pour {address}"
