"""Gunicorn's own lines, for `--logger-class`."""

from logging.config import dictConfig
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from ocpizza import environment


class SameLog(Logger):
    """Written as the site's are: in production, one JSON object a line."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        environment.load()
        dictConfig(settings.LOGGING)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
