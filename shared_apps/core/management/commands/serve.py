import logging
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from shared_apps.core.parent import Parent
from shared_apps.core.processes import Program


class Command(BaseCommand):
    help = (
        "Sert le site : web, temps réel et tâches, sous un seul parent. Ctrl-C ou TERM arrête tout ; "
        "HUP passe la main à la version que désigne le dossier, sans perdre une requête."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="prépare d'abord la démonstration (create_demo)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Settings are checked by Django before this, once, before anything starts; this process leaves last."""
        if options["demo"]:
            call_command("create_demo")
            self.stdout.write("Ctrl-C arrête tout ; les données restent.\n")
        logging.getLogger("shared_apps.core.parent").setLevel(logging.INFO)
        run_dir = Path(settings.RUN_DIR)
        run_dir.mkdir(parents=True, exist_ok=True)
        parent = Parent(programs(), release=settings.RELEASE, state=run_dir / "serve.json", terminal=sys.stdin.isatty())
        sys.exit(parent.run())


def programs() -> list[Program]:
    """Web, live and worker of this release; in development without a key, the stand-in for Stripe too."""
    scripts = Path(sys.executable).parent
    python, headers = str(scripts / "python"), {"Host": settings.BASE_DOMAIN, "X-Forwarded-Proto": "https"}
    web = f"ocpizza.wsgi --workers {settings.WEB_WORKERS} --threads 4 --graceful-timeout 20 --timeout 30"
    web += " --max-requests 20000 --max-requests-jitter 2000 --no-control-socket"
    web += " --log-level warning --logger-class ocpizza.gunicorn_log.SameLog"
    binds = ["--bind", "fd://{public}", "--bind", "fd://{private}"]
    return [
        Program(
            "web", [str(scripts / "gunicorn"), *web.split(), *binds], (settings.BIND, settings.PORT),
            health="/sante/", health_headers=headers, grace_seconds=25,
        ),
        Program(
            "live", [python, "-m", "shared_apps.live", "ocpizza.asgi:application", "{public}", "{private}"],
            (settings.BIND, settings.LIVE_PORT), health="/live/sante", health_headers=headers, grace_seconds=10,
        ),
        Program(
            "worker", [python, "manage.py", "qcluster"],
            steady_seconds=2, grace_seconds=settings.TASK_TIMEOUT_SECONDS + 10, orphans_work_on=True,
        ),
        *([_stand_in(python)] if settings.STRIPE_STAND_IN_PORT else []),
    ]  # fmt: skip


def _stand_in(python: str) -> Program:
    """Takes the payments and tells us of them as Stripe does; what it knows outlives it."""
    webhook = f"http://{settings.BASE_DOMAIN}:{settings.PORT}/paiement/stripe/"
    command = [python, "-m", "stripe_stand_in", "--port", str(settings.STRIPE_STAND_IN_PORT), "--webhook", webhook]
    command += [
        "--secret",
        settings.STRIPE_WEBHOOK_SECRET,
        "--state",
        str(Path(settings.RUN_DIR).parent / "stripe.json"),
    ]
    return Program("stripe", command, steady_seconds=0.5, grace_seconds=5)
