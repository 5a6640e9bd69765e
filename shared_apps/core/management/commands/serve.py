import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Sert le site : web, temps réel et tâches, sous un seul parent (services.conf). Ctrl-C ou TERM arrête tout."

    def handle(self, *args: Any, **options: Any) -> None:
        """Replaces this process by supervisord, which then owns the three. Settings are checked here, once, before."""
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
        os.chdir(settings.BASE_DIR)
        supervisord = bin_dir / "supervisord"
        configuration = str(settings.BASE_DIR / "services.conf")
        os.execve(supervisord, [str(supervisord), "-c", configuration], {**os.environ, **variables})  # noqa: S606
