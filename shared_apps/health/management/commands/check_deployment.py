import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shared_apps.health import deployment
from shared_apps.health.deployment import Deployment
from shared_apps.health.queries import Finding
from shared_apps.health.visiting import Visitor


class Command(BaseCommand):
    help = (
        "Vérifie le site déployé, vu de l'extérieur : certificat, groupe, chaque pizzeria, en-têtes, temps réel, "
        "administration, annonces de Stripe, Sentry, e-mail ; dit ce qui ne va pas et comment y remédier."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", nargs="?", default=f"https://{settings.BASE_DOMAIN}")
        parser.add_argument("--connect", help="hôte:port où écoute le site, si son nom n'y mène pas encore")
        parser.add_argument("--http-port", type=int, default=80, help="où http est renvoyé vers https (80)")
        parser.add_argument("--ca", type=Path, help="autorité du certificat, si elle est privée")
        parser.add_argument("--wait", type=int, default=60, help="secondes laissées à ce qui vient de démarrer")
        parser.add_argument(
            "--sentry",
            action="store_true",
            help="demande à Sentry les erreurs de cette version, puis envoie un essai",
        )
        parser.add_argument("--email", help="envoie une lettre d'essai à cette adresse")

    def handle(self, *args: Any, **options: Any) -> None:
        url = urlsplit(options["url"])
        if url.scheme != "https" or not url.hostname:
            raise CommandError(f"{options['url']} : donnez l'adresse en https du site du groupe.")
        site = Deployment(url.hostname, _visitor(options, url.port or 443))
        findings = self._when_settled(site, options["wait"])
        if options["sentry"]:
            findings.append(deployment.found("Sentry, erreurs", deployment.sentry_has_no_error))
            findings.append(deployment.found("Sentry, essai", deployment.sentry_takes_an_event))
        if options["email"]:
            findings.append(deployment.found("e-mail, essai", lambda: deployment.mail_is_taken(options["email"])))
        for finding in findings:
            self.stdout.write(f"{'ok   ' if finding.well else 'ÉCHEC'}  {finding.name} : {finding.words}")
        failures = sum(not finding.well for finding in findings)
        if failures:
            raise CommandError(f"{failures} point(s) à corriger.")

    def _when_settled(self, site: Deployment, seconds: int) -> list[Finding]:
        """Asked again for a while: a worker that was stopped for long needs half a minute to be in time again."""
        until = time.monotonic() + seconds
        while True:
            findings = list(site.findings())
            if all(finding.well for finding in findings) or time.monotonic() > until:
                return findings
            time.sleep(3)


def _visitor(options: dict[str, Any], port: int) -> Visitor:
    connect = None
    if options["connect"]:
        host, _, given = options["connect"].partition(":")
        connect = (host, int(given or port))
    return Visitor(connect=connect, authority=options["ca"], port=port, plain_port=options["http_port"])
