import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Sert le site : web, temps réel et tâches, sous un seul parent (services.conf). Ctrl-C ou TERM arrête tout."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="prépare d'abord la démonstration (create_demo)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Settings are checked here, once, before anything starts; this process waits, and leaves last."""
        if options["demo"]:
            call_command("create_demo")
            self.stdout.write("Ctrl-C arrête tout ; les données restent.\n")
        children = self._supervisord()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_ignored: children.send_signal(signal.SIGTERM))
        sys.exit(children.wait())

    def _supervisord(self) -> subprocess.Popen[bytes]:
        run_dir, bin_dir = Path(settings.RUN_DIR), Path(sys.executable).parent
        run_dir.mkdir(parents=True, exist_ok=True)
        variables = {
            "RUN_DIR": str(run_dir),
            "BIN_DIR": str(bin_dir),
            "BIND": settings.BIND,
            "PORT": str(settings.PORT),
            "LIVE_PORT": str(settings.LIVE_PORT),
            "WEB_WORKERS": str(settings.WEB_WORKERS),
        }
        command = [str(bin_dir / "supervisord"), "-c", str(settings.BASE_DIR / "services.conf")]
        return subprocess.Popen(command, cwd=settings.BASE_DIR, env={**os.environ, **variables})
