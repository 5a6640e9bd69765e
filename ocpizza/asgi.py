"""The live process, for uvicorn: event streams only. Pages are served by `ocpizza.wsgi`."""

from logging.config import dictConfig

from django.conf import settings

from ocpizza import environment
from shared_apps.live.stream import Stream

environment.load()
dictConfig(settings.LOGGING)  # without the rest of Django, which a stream does not need
application = Stream()
